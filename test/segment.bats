#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/segment.bats: networks of vaults alone: isolated members, gateways, members that go out by them, and ports of other
# tools on the same bridge.
#
#   host:  vls-lan ---- vlg-gw  (gateway, tunnel)    10.9.0.1    srv and the internet
#             |  |----- vlg-m1  (via)                10.9.0.2
#             |  `----- vlg-m2  (via, or isolated)   10.9.0.3
#             `-------- tap0: a port of another tool 10.9.0.50   namespace `other`

load helper

NET=10.9.0 SIX=fd00:9:

teardown() {
	despawn_all
	vault down all > /dev/null 2>&1 || :
	host sh -c 'ip link del port0; ip netns del other; ip link del vls-lan' 2> /dev/null || :
}

gateway() { vault up gw conf "$LAB/provider4.conf" segment lan $NET.1/24 gateway "$@"; }
member() { vault up "$1" segment lan "$NET.$2/24" via $NET.1 "${@:3}"; }

# other: a port of another tool, 10.9.0.50 and fd00:9::50, whose router is the gateway
other() {
	host sh -euc 'ip netns add other
		ip link add port0 master vls-lan up type veth peer name eth0 netns other
		ip -n other address add 10.9.0.50/24 dev eth0
		ip -n other address add fd00:9::50/64 dev eth0 nodad
		ip -n other link set lo up
		ip -n other link set eth0 up
		ip -n other route add default via 10.9.0.1
		ip -n other route add default via fd00:9::1'
}

web() { # NAME ADDRESS PORT: a web server there that says its name
	inside "$1" sh -c "mkdir -p /run/www-$1 && echo $1 > /run/www-$1/index.html"
	spawn inside "$1" busybox httpd -f -p "$2:$3" -h "/run/www-$1"
	retry 5 answers "$1" "$2" "$3"
}
answers() { inside "$1" curl -sS --max-time 2 "http://$2:$3/" > /dev/null 2>&1; }

# ---- members -------------------------------------------------------------------------------------------------------

# bats test_tags=tunnel
@test "PC-1 PC-2 segment: members go out by the gateway's tunnel, under its address, and by nothing else" {
	gateway
	member m1 2
	member m2 3 no-link
	token
	must_see srv:wg0 -- inside m1 wire send udp 203.0.113.9 --token "$TOKEN"
	token
	must_not_see isp:to-host lan:eth0 -- inside m1 wire send udp 203.0.113.9 --token "$TOKEN"
	[ "$(inside m1 curl -sS --max-time 60 http://203.0.113.80/)" = 198.51.100.1 ]
	[ "$(inside m2 curl -sS --max-time 60 http://203.0.113.80/)" = 198.51.100.1 ]
	vault exec m1 getent hosts web.test
	vault check all
	# Loopback, link and leg: no interface of the host's, no second way out.
	[ "$(inside m2 ls /sys/class/net | wc -l)" -le 3 ]
	[ "$(host ip -n m2 route show default)" = "default via $NET.1 dev seg-lan proto static 
unreachable default proto static metric 4294967295 " ]
}

@test "DN-1 DN-2 segment: an isolated member has no internet and no resolver, and is reached by its segment" {
	vault up llm isolated segment lan $NET.9/24
	vault up web segment lan $NET.5/24 conf "$LAB/provider4.conf"
	web llm $NET.9 8080
	[ "$(inside web curl -sS http://$NET.9:8080/)" = llm ]
	run -7 inside llm curl -sS --max-time 5 http://203.0.113.80/
	run ! inside llm ping -c 1 -W 1 203.0.113.9
	[[ $output == *"Network is unreachable"* ]]
	run ! vault exec llm getent hosts web.test
	run ! host grep -q ^nameserver /run/vault/llm/resolv.conf
	vault check all
	run -1 vault down llm keep-ns
	[[ $output == *"no tunnel"* ]]
	# The host is on no segment.
	[ -z "$(host ip -o address show dev vls-lan)" ]
	run ! host ping -c 1 -W 1 $NET.9
}

@test "PC-2 L15 segment: the gateway's tunnel gone, or the gateway: members are dark, those of the segment are not" {
	gateway
	member m1 2
	member m2 3
	token
	must_see srv:wg0 -- inside m1 wire send udp 203.0.113.9 --token "$TOKEN" # the control
	[[ $(vault -v check m1) == *"gw is up"* ]]
	host ip -n gw link delete wg-gw
	run -1 vault check m1
	[[ $output == *"gw has no tunnel (vault up gw as-made)"* ]]
	[ "$(vault check remedy | grep -cx 'vault up gw as-made')" = 1 ] # of the gateway and of both its members
	token
	observe isp:to-host lan:eth0 host:vlt-gw host:vlt-m1
	for kind in udp tcp icmp; do
		inside m1 timeout 5 wire send $kind 203.0.113.9 --token "$TOKEN" || :
		inside m1 timeout 5 wire send $kind 192.168.77.2 --token "$TOKEN" || :
	done
	inside m1 wire send packet 203.0.113.9 --iface seg-lan --mac 02:76:0a:09:00:01 --token "$TOKEN" || :
	must_not_see
	run ! inside m1 curl -sS --max-time 2 http://203.0.113.80/
	inside m1 ping -c 1 -W 30 $NET.3
	vault down gw
	run -1 vault check m1
	[[ $output == *"no vault of this host is the gateway $NET.1 of segment lan"* ]]
	[ "$(vault check m1 m2 | grep -c '^FAIL')" = 2 ]
	for word in no-link dry-run; do # that is said, and no more
		run -1 vault up m3 segment lan $NET.4/24 via $NET.1 $word
		[[ ${#lines[@]} = 1 && $output == "vault: m3: segment lan: no gateway $NET.1 is up"* ]]
	done
	token
	must_not_see isp:to-host lan:eth0 -- inside m1 wire send udp 203.0.113.9 --token "$TOKEN"
	inside m1 ping -c 1 -W 30 $NET.3
	vault up gw segment lan $NET.1/24 isolated # another, which leads nowhere
	run -1 vault check m1
	vault down gw
	gateway # and it is back
	vault check m1 m2
	host umount /run/netns/gw
	run -1 vault check m1
	[[ $output == *"gw is not up (vault up gw as-made)"* ]]
	gateway
	retry 5 inside m1 curl -sS --max-time 2 -o /dev/null http://203.0.113.80/
}

@test "PC-4 L7 segment: members ask the tunnel's resolvers by the gateway, and nobody else" {
	gateway
	member m1 2
	vault exec m1 getent hosts web.test
	token
	observe srv:wg0 isp:to-host
	for port in 53 853 5353 5355 8853; do
		inside m1 wire send udp 203.0.113.53 --port $port --token "$TOKEN" || :
		inside m1 wire send udp $NET.1 --port $port --token "$TOKEN" || :
		# also by frames that no rule of the member's own sees: the gateway's know better
		inside m1 nft delete table inet vault 2> /dev/null || :
		inside m1 nft delete table netdev vault-leg 2> /dev/null || :
		inside m1 wire send packet 203.0.113.53 --port $port --iface seg-lan --mac 02:76:0a:09:00:01 --token "$TOKEN" || :
	done
	must_not_see
	token
	must_see srv:wg0 -- inside m1 wire send packet 203.0.113.53 --port 54 --iface seg-lan --mac 02:76:0a:09:00:01 \
		--token "$TOKEN"
}

@test "PC-5 segment: members know each other by name, also one that comes later; nobody else reaches them" {
	vault up a isolated segment lan $NET.2/24
	vault up b isolated segment lan $NET.3/24
	web b $NET.3 8080
	[ "$(vault exec a curl -sS http://b:8080/)" = b ]
	# One that runs already: the file is written in place (and what the host renames over its own changes nothing, L5).
	spawn host sh -c "exec $VAULT exec a sh -c 'until getent hosts c; do sleep 0.1; done; getent hosts late.test || :'"
	late=$SPAWNED out=$SPAWNED_OUT
	host sh -c 'cp /etc/hosts /etc/hosts.new; echo "10.6.6.6 late.test" >> /etc/hosts.new; mv /etc/hosts.new /etc/hosts'
	vault up c isolated segment lan $NET.4/24
	retry 10 gone "$late"
	cat "$out"
	[ "$(awk '$2 == "c" { print $1 }' "$out")" = $NET.4 ]
	grep -q 10.6.6.6 "$out" # the host's own, as they were when c came
	vault down c
	run ! vault exec a getent hosts c
	# A vault's name is none that the host has already.
	vault up localhost isolated no-link segment lan $NET.5/24
	vault up VPN.example isolated no-link segment lan $NET.6/24
	vault check
	[ "$(vault exec a getent ahosts localhost vpn.example | grep -c "$NET")" = 0 ]
	vault exec a getent ahosts vpn.example
	vault down localhost VPN.example
	[ "$(vault exec a grep -c "$NET" /etc/hosts)" = 2 ]
	# The proxy on the host reaches each by its link; a neighbour of the host's none.
	web a "$(host ip -n a -o -4 address show dev link-a | grep -o '10\.200\.[0-9.]*' | head -1)" 8081
	[ "$(host curl -sS "http://$(host ip -n a -o -4 address show dev link-a | grep -o '10\.200\.[0-9.]*' | head -1):8081/")" = a ]
	run ! lan curl -sS --max-time 1 http://$NET.3:8080/
	run ! host curl -sS --max-time 1 http://$NET.3:8080/
	host sed -i '/10\.6\.6\.6/d' /etc/hosts
}

@test "DN-3 L20 segment: a vault with a tunnel and a leg forwards nothing from one to the other" {
	vault up llm isolated segment lan $NET.9/24
	vault up dual conf "$LAB/provider4.conf" segment lan $NET.5/24
	[ "$(inside dual curl -sS --max-time 60 http://203.0.113.80/)" = 198.51.100.1 ]
	inside dual ping -c 1 -W 30 $NET.9
	# From the segment: root inside the isolated one takes it for a router, its own rules gone.
	inside llm nft flush ruleset
	inside llm ip route add default via $NET.5
	token
	observe srv:wg0 isp:to-host
	inside llm wire send udp 203.0.113.9 --token "$TOKEN"
	inside llm wire send packet 203.0.113.9 --iface seg-lan --mac 02:76:0a:09:00:05 --token "$TOKEN"
	must_not_see
	# From the tunnel: the provider routes the segment there.
	key=$(srv wg show wg0 allowed-ips | awk '/10\.66\.0\.2\// { print $1 }')
	srv wg set wg0 peer "$key" allowed-ips 10.66.0.2/32,fd66::2/128,$NET.0/24
	srv ip route add $NET.0/24 dev wg0
	token
	must_see dual:wg-dual -- srv wire send udp $NET.9 --token "$TOKEN"
	token
	must_not_see llm:seg-lan dual:seg-lan -- srv wire send udp $NET.9 --token "$TOKEN"
	srv ip route del $NET.0/24 dev wg0
	srv wg set wg0 peer "$key" allowed-ips 10.66.0.2/32,fd66::2/128
}

# ---- forgery -------------------------------------------------------------------------------------------------------

@test "BX-1 DN-2 segment: root inside a leg forges MAC and IP addresses, ARP and VLAN tags: nobody sees them" {
	gateway
	vault up m1 isolated segment lan $NET.2/24
	vault up m2 isolated segment lan $NET.3/24
	token
	must_see m2:seg-lan -- inside m1 wire send packet $NET.3 --iface seg-lan --token "$TOKEN"
	inside m1 nft flush ruleset
	token
	must_see m2:seg-lan -- inside m1 wire send packet $NET.3 --iface seg-lan --token "$TOKEN"
	token
	observe m2:seg-lan gw:seg-lan srv:wg0 isp:to-host
	inside m1 wire send packet $NET.3 --iface seg-lan --src $NET.1 --token "$TOKEN"
	inside m1 wire send packet $NET.3 --iface seg-lan --src 203.0.113.9 --token "$TOKEN"
	inside m1 wire send packet 203.0.113.9 --iface seg-lan --token "$TOKEN" # isolated: not beyond
	inside m1 wire send packet 203.0.113.9 --iface seg-lan --mac 02:76:0a:09:00:01 --token "$TOKEN"
	inside m1 wire send packet 255.255.255.255 --iface seg-lan --token "$TOKEN"
	inside m1 ip link set seg-lan address 02:76:0a:09:00:01
	inside m1 wire send packet $NET.3 --iface seg-lan --mac 02:76:0a:09:00:03 --token "$TOKEN"
	inside m1 ip link set seg-lan address 02:aa:bb:cc:dd:ee
	inside m1 wire send packet $NET.3 --iface seg-lan --mac 02:76:0a:09:00:03 --token "$TOKEN"
	must_not_see
	inside m1 ip link set seg-lan address 02:76:0a:09:00:02
	# ARP for another's address: nobody believes it.
	inside m2 ping -c 1 -W 30 $NET.1
	inside m1 ip address add $NET.1/24 dev seg-lan
	inside m1 arping -c 1 -w 1 -A -I seg-lan $NET.1 || :
	inside m1 arping -c 1 -w 1 -U -I seg-lan $NET.1 || :
	[ "$(inside m2 ip neigh show $NET.1 | grep -o '02:76:[0-9a-f:]*')" = 02:76:0a:09:00:01 ]
	inside m2 ping -c 1 -W 30 $NET.1
	run vault check m1
	[ "$status" = 1 ]
}

# mac NAME: of its leg, or of the other tool's end
mac() { inside "$1" cat "/sys/class/net/$([ "$1" = other ] && echo eth0 || echo seg-lan)/address"; }
local_of() { inside "$1" ip -o -6 address show dev seg-lan scope link | sed 's/.*inet6 \([^/]*\).*/\1/'; }
# lies NAME KIND TARGET: NAME tells m2, from its own address, that it has TARGET's
lies() {
	local own=$SIX:2 link=seg-lan

	[ "$1" != other ] || own=$SIX:50 link=eth0
	inside "$1" wire send "$2" $SIX:3 --iface $link --mac "$(mac m2)" --src $own --to "$3"
}
believes() { [[ $(inside m2 ip -6 neigh show "$1") == *"lladdr $2 "* ]]; }

@test "BX-1 DN-5 L9 segment of IPv6: nobody takes another's place by an advertisement, and all goes where it is meant to" {
	vault up gw conf "$LAB/provider.conf" segment lan $SIX:1/64 gateway
	for m in 1 2; do vault up m$m segment lan $SIX:$((m + 1))/64 via $SIX:1; done
	vault up m3 isolated no-link segment lan $SIX:4/64
	other
	inside m2 ping -c 1 -W 30 $SIX:4
	inside m2 ping -c 1 -W 30 $SIX:50
	[ "$(inside m2 curl -sS --max-time 60 'http://[2001:db8:9::80]/')" = 2001:db8:2::1 ]
	[ "$(inside other curl -sS --max-time 60 'http://[2001:db8:9::80]/')" = 2001:db8:2::1 ]
	vault exec m2 getent hosts web.test
	# Whom they knew is looked for again, by packets of others too: from the link-local address.
	inside gw ip -6 neigh flush dev seg-lan
	[ "$(inside m2 curl -sS --max-time 60 'http://[2001:db8:9::80]/')" = 2001:db8:2::1 ]
	inside m2 ip -6 neigh replace $SIX:1 lladdr "$(mac gw)" dev seg-lan nud failed
	retry 5 inside m2 curl -sS --max-time 60 -o /dev/null 'http://[2001:db8:9::80]/'
	run ! inside m3 ping -c 1 -W 1 2001:db8:9::80
	inside m1 nft flush ruleset
	inside m2 ip -6 neigh flush dev seg-lan
	inside m2 ping -c 1 -W 30 $SIX:4
	inside m2 ping -c 1 -W 30 $SIX:1
	observe m2:seg-lan --from $SIX:2 --from $SIX:50
	for target in $SIX:4 $SIX:1 $SIX:50 "$(local_of m3)"; do
		for kind in advert advert-hops; do
			lies m1 $kind "$target"
			[[ $target = $SIX:50 ]] || lies other $kind "$target"
		done
	done
	must_not_see
	believes $SIX:4 "$(mac m3)"
	believes $SIX:1 "$(mac gw)"
	inside m2 ping -c 1 -W 30 $SIX:4
	vault check gw m2 m3
	# One tells of itself; and by the very same frames the other's place is taken, where the guard has no eye for them.
	must_see m2:seg-lan --from $SIX:2 -- lies m1 advert $SIX:2
	must_see m2:seg-lan --from $SIX:50 -- lies other advert $SIX:50
	host nft delete element bridge vault-guard adverts '{ 136 }'
	for who in other m1; do
		for kind in advert advert-hops; do
			inside m2 ping -c 1 -W 30 $SIX:4
			lies $who $kind $SIX:4
			retry 5 believes $SIX:4 "$(mac $who)"
			inside m2 ip -6 neigh flush dev seg-lan
		done
	done
	run -1 vault check m2
	[[ $output == *"adverts"* ]]
	# Its gateway gone, it is dark.
	token
	must_see gw:seg-lan -- inside m2 wire send udp 2001:db8:9::9 --token "$TOKEN"
	vault down gw
	token
	must_not_see isp:to-host lan:eth0 -- inside m2 wire send udp 2001:db8:9::9 --token "$TOKEN"
	run ! inside m2 curl -sS --max-time 2 'http://[2001:db8:9::80]/'
	inside m2 ping -c 1 -W 30 $SIX:4
}

@test "DN-1 L20 segment: the host is on no segment and forwards none, whatever ip_forward and br_netfilter say" {
	gateway
	member m1 2
	member m2 3
	host sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	bridge_filter 1
	token
	must_see m2:seg-lan -- inside m1 wire send udp $NET.3 --token "$TOKEN"
	[ "$(inside m1 curl -sS --max-time 60 http://203.0.113.80/)" = 198.51.100.1 ]
	# Root inside sends to the host's MAC addresses, for the internet, the LAN and the host itself.
	inside m1 nft flush ruleset
	host ip route add $NET.0/24 dev vls-lan
	token
	observe isp:to-host lan:eth0
	for name in vls-lan vlg-m1 vlg-gw eth0; do
		mac=$(host cat /sys/class/net/$name/address)
		for to in 203.0.113.9 192.168.77.2 192.0.2.2 192.168.77.1; do
			inside m1 wire send packet $to --iface seg-lan --mac "$mac" --token "$TOKEN"
		done
	done
	must_not_see
	run ! host ping -c 1 -W 1 $NET.2
	lan ip route add $NET.0/24 via 192.168.77.1
	token
	must_see host:eth1 -- lan wire send udp $NET.2 --token "$TOKEN"
	token
	must_not_see m1:seg-lan host:vls-lan -- lan wire send udp $NET.2 --token "$TOKEN"
	lan ip route del $NET.0/24 via 192.168.77.1
	bridge_filter 0
}

# bridge_filter 0|1: br_netfilter, where there is one
bridge_filter() {
	if host test -e /proc/sys/net/bridge/bridge-nf-call-iptables; then
		host sysctl -qw net.bridge.bridge-nf-call-iptables="$1" net.bridge.bridge-nf-call-ip6tables="$1"
	else
		echo "# no br_netfilter here: that part is left out" >&3
	fi
}

@test "DN-5 segment: a port of another tool reaches members, goes out by the gateway, and forges nothing" {
	gateway
	vault up m1 isolated segment lan $NET.2/24
	vault up m2 isolated segment lan $NET.3/24
	other
	web m1 $NET.2 8080
	[ "$(inside other curl -sS http://$NET.2:8080/)" = m1 ]
	[ "$(inside other curl -sS --max-time 60 http://203.0.113.80/)" = 198.51.100.1 ]
	inside m1 ping -c 1 -W 30 $NET.50
	token
	must_see m1:seg-lan -- inside other wire send packet $NET.2 --iface eth0 --mac 02:76:0a:09:00:02 --token "$TOKEN"
	token
	observe m1:seg-lan gw:seg-lan srv:wg0 isp:to-host
	for from in $NET.3 $NET.1 10.8.0.1 203.0.113.9; do # a member's, the gateway's, others'
		inside other wire send packet $NET.2 --iface eth0 --mac 02:76:0a:09:00:02 --src "$from" --token "$TOKEN"
	done
	inside other wire send packet 203.0.113.9 --iface eth0 --mac 02:76:0a:09:00:02 --token "$TOKEN" # no gateway
	inside other wire send udp 255.255.255.255 --port 68 --iface eth0 --token "$TOKEN" || :
	inside other wire send packet $NET.2 --port 68 --iface eth0 --mac 02:76:0a:09:00:02 --token "$TOKEN"
	inside other ip link set eth0 address 02:76:0a:09:00:03
	inside other wire send packet $NET.2 --iface eth0 --mac 02:76:0a:09:00:02 --token "$TOKEN"
	must_not_see
	vault check all
	[[ $(vault check m1) == *"port0, no vault's, is a port of vls-lan too"* ]]
	vault down all
	host ip link show vls-lan # a port is still there
	host nft list table bridge vault-guard
	host ip link del port0
	vault up m1 isolated segment lan $NET.2/24
	vault down m1
	run ! host ip link show vls-lan
}

@test "L19 segment: a member cannot take the port of another, or of the gateway" {
	gateway open-port 40001-65000/both
	member m1 2
	member m2 3
	# What comes in for the gateway's port goes to the gateway, not to who sent from that number.
	spawn inside gw socat -u UDP4-RECV:51413 STDOUT
	got=$SPAWNED_OUT
	inside m2 sh -c 'for i in 1 2 3; do printf x | socat -t 0.1 - UDP4:10.66.0.1:7,sourceport=51413; done' > /dev/null 2>&1 || :
	token
	must_not_see m2:seg-lan -- srv wire send udp 10.66.0.2 --port 51413 --token "$TOKEN"
	srv sh -c 'printf hello | socat - UDP4:10.66.0.2:51413,sourceport=7'
	retry 5 grep -q hello "$got"
	token
	must_not_see m2:seg-lan -- srv sh -c "printf hello | socat - UDP4:10.66.0.2:51413,sourceport=7"
}

# big BYTES DST: a datagram, packet headers included, that nobody may cut; it begins with the token
big() {
	local head=28 whole=UDP4:$2:9,setsockopt-int=0:10:2

	[[ $2 != *:* ]] || head=48 whole=UDP6:[$2]:9,setsockopt-int=41:23:2
	{
		printf '%b' "$(fold -w 2 <<< "$TOKEN" | sed 's/^/\\x/' | tr -d '\n')"
		head -c $(($1 - head - ${#TOKEN} / 2)) /dev/zero
	} | host sh -c 'cat > /run/big'
	inside m1 socat -t 0.3 OPEN:/run/big "$whole"
}
# learns MTU BYTES DST: that is what m1 knows after it has sent one
learns() {
	big "$2" "$3" || :
	[[ $(inside m1 ip route get "$3") == *"mtu $1"* ]]
}
# too_big DST ROUTER: DST is beyond the tunnel; ROUTER is the provider's to it
too_big() {
	token
	observe srv:wg0 isp:to-host lan:eth0
	retry 5 learns 1420 1500 "$1"
	must_not_see
	run ! big 1500 "$1"
	[[ $output == *"Message too long"* ]]
	token
	must_see srv:wg0 -- big 1420 "$1"
	srv ip route add "$1" via "$2" mtu lock 1300 # a narrow way behind the tunnel
	retry 5 learns 1300 1420 "$1"
	srv ip route del "$1"
}

@test "L22 segment: large packets: what is too big is told, by the gateway and from beyond, and gets nowhere" {
	gateway
	member m1 2
	run inside m1 ping -M "do" -c 1 -W 2 -s 1450 203.0.113.80
	echo "$output"
	[[ $output == *"$NET.1"* && $output == *"mtu = 1420"* || $output == *"mtu=1420"* ]]
	run -0 inside m1 sh -c 'curl -sS --max-time 60 -o /dev/null -w "%{size_download}" http://203.0.113.80/big'
	[ "$output" -ge 20000000 ]
	too_big 203.0.113.9 198.51.100.254
	vault down all
	vault up gw conf "$LAB/provider.conf" segment lan $SIX:1/64 gateway mtu 1420
	vault up m1 segment lan $SIX:2/64 via $SIX:1
	too_big 2001:db8:9::9 2001:db8:2::fe
	run -0 inside m1 sh -c 'curl -sS --max-time 60 -o /dev/null -w "%{size_download}" "http://[2001:db8:9::80]/big"'
	[ "$output" -ge 20000000 ]
}

@test "L20 segment: what was a gateway forwards nothing any more, by no interface" {
	gateway
	[ "$(inside gw sysctl -n net.ipv4.conf.seg-lan.forwarding net.ipv4.conf.wg-gw.forwarding | sort -u)" = 1 ]
	vault up gw conf "$LAB/provider4.conf" segment lan $NET.1/24
	[ "$(inside gw sh -c 'cat /proc/sys/net/ipv4/conf/*/forwarding' | sort -u)" = 0 ]
	gateway
	vault up gw conf "$LAB/provider4.conf"
	[ "$(inside gw sh -c 'cat /proc/sys/net/ipv4/conf/*/forwarding' | sort -u)" = 0 ]
	inside gw sysctl -qw net.ipv4.conf.wg-gw.forwarding=1
	run -1 vault check gw
	[[ $output == *"conf/wg-gw/forwarding is 1, not 0"* ]]
	vault up gw conf "$LAB/provider.conf" segment lan $SIX:1/64 gateway
	vault check gw
	vault up gw conf "$LAB/provider.conf" segment lan $SIX:1/64
	[ "$(inside gw sh -c 'cat /proc/sys/net/ipv[46]/conf/*/forwarding' | sort -u)" = 0 ]
}

# ---- life ----------------------------------------------------------------------------------------------------------

@test "segment: two vaults come up on one at the same time; the bridge goes with the last; nothing is left" {
	before=$(host sh -c 'ip -o link | cut -d: -f2; nft list ruleset; ls -A /run/vault')
	spawn host "$VAULT" up a isolated segment lan $NET.2/24
	a=$SPAWNED
	spawn host "$VAULT" up b isolated segment lan $NET.3/24
	retry 15 gone "$a"
	retry 15 gone "$SPAWNED"
	cat "$BATS_TEST_TMPDIR"/spawn.*
	inside a ping -c 1 -W 30 $NET.3
	vault check a b
	vault down a
	host ip link show vls-lan
	[ "$(vault exec b sh -c 'grep -c "^10\.9" /etc/hosts')" = 1 ]
	vault down b
	run ! host ip link show vls-lan
	[ "$before" = "$(host sh -c 'ip -o link | cut -d: -f2; nft list ruleset; ls -A /run/vault')" ]
}

@test "BX-3 L30 segment: up again mends a leg, its port, its bridge and the guard, and changes what words change" {
	vault up b isolated segment lan $NET.3/24
	up=(vault up a isolated segment lan "$NET.2/24")
	"${up[@]}"
	[[ $("${up[@]}") == "a: up, sealed, as described" ]]
	# A fault of the bridge costs the leg nothing: it is not made anew.
	for break in 'ip link set vls-lan down' 'ip link set vls-lan arp on' 'ip address add 10.9.0.99/24 dev vls-lan' \
		'ip link set vls-lan type bridge no_linklocal_learn 0' 'ip link set vls-lan type bridge stp_state 1' \
		'ip link set vls-lan type bridge mcast_snooping 1' 'ip link set vlg-a type bridge_slave learning on' \
		'ip link set vlg-a type bridge_slave flood on' 'bridge fdb del 02:76:0a:09:00:02 dev vlg-a master' \
		'bridge fdb replace 02:76:0a:09:00:02 dev vlg-a master static' \
		'bridge fdb replace 02:76:0a:09:00:02 dev vlg-b master static sticky' \
		'ip link add other type vrf table 77 || exit 9; ip link set vls-lan master other'; do
		host ip -n a link set seg-lan alias kept
		host sh -c "$break" || { echo "# no vrf in this kernel" >&3; continue; }
		run -1 vault check a
		what='leg on segment lan'
		[[ $break != *vls-lan* ]] || what='bridge of segment lan'
		[[ $output == *FAIL*"$what: "*"(vault up a as-made)"* ]]
		run -0 "${up[@]}"
		[[ $output == *"~ $what"* ]]
		[[ $("${up[@]}") == "a: up, sealed, as described" ]]
		run -0 vault check a b
		inside a ping -c 1 -W 30 $NET.3
		[[ $(host ip -n a link show seg-lan) == *"alias kept"* ]]
	done
	host ip link del other 2> /dev/null || :
	# Somebody else's bridge of that name gets no leg, and is left alone.
	host sh -c 'ip link del vls-lan; ip link add vls-lan type bridge; ip link set vls-lan up; ip link set vlg-a master vls-lan'
	run -1 vault check a
	[[ $output == *"leg on segment lan: its host end is no port of its bridge"* ]]
	run -1 "${up[@]}"
	[[ $output == *"vls-lan is there and is not this segment's"* ]]
	[ -z "$(host ip -o link show master vls-lan)" ]
	host ip link del vls-lan
	run -0 "${up[@]}"
	vault up b isolated segment lan $NET.3/24
	vault check a b
	for break in 'ip link set vlg-a nomaster' 'ip link set vlg-a down' 'ip link del vlg-a' 'nft delete table bridge vault-guard' \
		'nft flush chain bridge vault-guard prerouting' 'nft delete element bridge vault-guard legs4 { "vlg-a" . 10.9.0.2 }' \
		'ip -n a link set seg-lan address 02:00:00:00:00:09' 'ip -n a address del 10.9.0.2/24 dev seg-lan' \
		'ip netns exec a nft delete table netdev vault-leg' 'sed -i /10.9.0.2/d /run/vault/.segment-lan/hosts'; do
		host sh -c "$break"
		run -1 vault check a
		run -0 "${up[@]}"
		[[ $output == *"a: "[+~-]* ]] || { echo "nothing mended: $break: $output"; return 1; }
		run -0 vault check a
		vault up b isolated segment lan $NET.3/24 > /dev/null # its own part of the guard
		inside a ping -c 1 -W 30 $NET.3
	done
	vault up a isolated segment other 10.8.0.2/24
	vault check a b
	run ! inside a ping -c 1 -W 1 $NET.3
	vault up a isolated
	vault check a b
	run ! host ip link show vls-other
	run -1 vault up c isolated segment lan $NET.3/24
	[[ $output == *"another vault's leg has the address"* ]]
	run ! host ip link show vlg-c
}
