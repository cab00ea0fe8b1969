#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/check.bats: `check` sees every mutation of a vault, by its id, and cries wolf at none. What it does not know it
# calls unknown; and it sends nothing and changes nothing.

load helper

setup() {
	vault up media conf "$LAB/provider.conf" > "$BATS_TEST_TMPDIR/up"
}

teardown() {
	despawn_all
	srv nft delete table inet dead 2> /dev/null || : # as a test that failed leaves it
	vault down media > "$BATS_TEST_TMPDIR/down" 2>&1 || :
}

sound() {
	run -0 vault -v check "$@" media
	[[ ${lines[-1]} == "media: sound" ]]
}

asked=() # more words that the vault has

# mutation ID COMMAND…: COMMAND breaks the vault, which a check names as ID, exit 1; then UNDO (default: vault up) is run,
# and a check says sound again. Each is printed: that is the table of mutations.
mutation() {
	local id=$1 named
	shift
	"$@" || { echo "cannot mutate: $*"; return 1; }
	run vault -v check media
	named=$(grep -c "^FAIL  *$id  " <<< "$output" || :)
	printf '# %-18s %s\n' "$id" "$*" >&3
	[[ $status == 1 && $named != 0 ]] || { echo "$output"; echo "not seen as $id (exit $status): $*"; return 1; }
	if [[ -n ${UNDO:-} ]]; then
		eval "$UNDO" || { echo "cannot undo: $UNDO"; return 1; }
	else
		vault up media conf "$LAB/provider.conf" "${asked[@]}" > "$BATS_TEST_TMPDIR/again"
	fi
	run vault -v check media
	[[ $status == 0 ]] || { grep -v ^ok <<< "$output"; echo "not sound again after: $*"; return 1; }
}

media() { inside media "$@"; }
media_sysctl() { media sysctl -qw "$@"; }
server() { host cat "$LAB/keys/server.pub"; }
peer() { media wg set wg-media peer "$(server)" "$@"; }

# says VERDICT ID TEXT: among the lines of $output
says() { grep -q "^$1  *$2  .*$3" <<< "$output" || { echo "$output"; echo "not said: $1 $2 $3"; return 1; }; }

# bats test_tags=tunnel
@test "PC-6 MV-4 a fresh vault is sound, used or not, in text and JSON; so is all" {
	sound
	says ok socket 'host'
	vault exec media curl -sfm 20 -o /dev/null http://10.66.0.1/
	sound
	run -0 vault -q check media
	[ -z "$output" ]
	run -0 vault -j check media
	[[ $output == '[{"name":"media","verdict":"sound","checks":['* ]]
	jq -e --arg key "$(server)" '.[0].tunnel.peers[0] | .public_key == $key and .endpoint == "198.51.100.1:51820" and
		.handshake_age < 60 and .rx_bytes > 0 and .tx_bytes > 0' <<< "$output"
	jq -e 'all(.[0].checks[]; .verdict == "ok" or .verdict == "skip")' <<< "$output"
	run ! grep -qF "$(host cat "$LAB/keys/client")" <<< "$output"
	vault up web conf "$LAB/provider2.conf" > "$BATS_TEST_TMPDIR/web"
	run -0 vault -j check all
	jq -e 'map(.name) == ["media", "web"] and all(.verdict == "sound")' <<< "$output"
	media ip link set wg-media down
	run -1 vault -v check
	[[ $output == *"media: broken"*"web: sound"* ]]
	run -0 vault -v check web
	vault down web
	run -3 vault -v check web
	[[ $output == *"not up (vault up web conf FILE)"* ]]
}

# bats test_tags=tunnel
@test "one mutation of each kind, on whatever WireGuard there is" {
	asked=(accessible-from 192.168.77.0/24)
	vault up media conf "$LAB/provider.conf" "${asked[@]}" > "$BATS_TEST_TMPDIR/again"
	mutation seal media nft flush chain inet vault output
	mutation seal media nft chain inet vault output '{ policy accept; }'
	mutation frames media nft delete table netdev vault-link
	mutation guard host nft flush chain inet vault-guard forward
	mutation guard host nft delete element inet vault-guard vaults4 '{ "vlt-media" . 10.200.0.2 }'
	mutation link host ip link del vlt-media
	mutation link host ip address add 192.168.99.1/24 dev vlt-media
	mutation tunnel media ip link del wg-media
	mutation peers peer allowed-ips 10.66.0.0/24
	mutation peers media wg set wg-media fwmark 0x77
	mutation peers media wg set wg-media private-key "$LAB/keys/client2"
	mutation endpoint peer endpoint 198.51.100.2:51820
	mutation address media ip address add 10.9.9.9/32 dev wg-media
	mutation route media ip route del default
	UNDO='media ip rule del priority 77' mutation rule media ip rule add priority 77 table 77
	mutation interface media ip link set wg-media down
	mutation sysctl media_sysctl net.ipv4.conf.all.arp_ignore=0
	UNDO='media ip link del leg9' mutation stranger media ip link add leg9 type veth peer name leg8
	UNDO='media nft delete table ip nat' mutation stranger media nft add table ip nat
	UNDO=detach mutation attached attach xdp 'inside media' wg-media
	UNDO='host sysctl -qw net.ipv4.conf.eth1.forwarding=1' mutation forwarding host sysctl -qw net.ipv4.conf.eth1.forwarding=0
	mutation resolv.conf host sh -c 'echo nameserver 9.9.9.9 > /run/vault/media/resolv.conf'
	mutation netns host sh -c 'umount /run/netns/media; rm /run/netns/media'
	if [[ $LAB_BACKEND == kernel ]]; then
		UNDO='vault down media; vault up media conf "$LAB/provider.conf" "${asked[@]}" > "$BATS_TEST_TMPDIR/again"' mutation socket make_inside
	fi
}

# The tunnel made inside, as it never is: its encrypted socket is the vault's.
make_inside() {
	local index

	index=$(host jq .tunnel.index /run/vault/media/vault.json)
	media sh -c "wg showconf wg-media > /run/inside.conf; ip link del wg-media
		ip link add wg-media index $index mtu 1420 type wireguard
		wg setconf wg-media /run/inside.conf; ip link set wg-media up group 30305"
}

fails() { ! "$@" > "$BATS_TEST_TMPDIR/failed"; }

@test "MV-7 a tunnel that was never used, one that answers, and one that sends and never receives are told apart" {
	host sh -c 'umask 077; sed /^PersistentKeepalive/d "$LAB/provider.conf" > "$LAB/silent.conf"'
	vault up media conf "$LAB/silent.conf"
	vault down media
	vault up media conf "$LAB/silent.conf"
	sound
	says ok handshake 'never used'
	run -1 vault -v check media max-handshake-age 300
	says FAIL handshake 'never used'
	srv nft 'table inet dead { chain input { type filter hook input priority 0; udp dport 51820 drop; }; }'
	# The first message may be answered yet; who has sent a second has waited five seconds.
	inside media wire send udp 203.0.113.9
	sound
	says ok handshake '198.51.100.1:51820: the first handshake was asked for'
	run -1 vault -v check media max-handshake-age 300
	says FAIL handshake 'not answered yet'
	retry 10 fails vault -v check media
	run -1 vault -v check media
	says FAIL handshake '198.51.100.1:51820: [1-9][0-9]* bytes sent and none received: .*(are keys and endpoint right, does UDP get there? then vault up media as-made)'
	srv nft delete table inet dead
	retry 20 vault exec media curl -sfm 2 -o /dev/null http://10.66.0.1/
	sound max-handshake-age 300
	says ok handshake '198.51.100.1:51820 answered [0-9]* s ago; [1-9][0-9]* bytes received, [1-9][0-9]* sent'
	sleep 2
	run -1 vault -v check media max-handshake-age 0
	says FAIL handshake 'has not answered for'
}

@test "MV-3 L28 mutations of the kill switch are seen" {
	mutation seal media nft delete table inet vault
	mutation seal media nft flush ruleset
	mutation seal media nft flush chain inet vault output
	mutation seal media nft flush chain inet vault input
	mutation seal media nft insert rule inet vault output accept
	mutation seal media nft add rule inet vault output counter
	mutation seal media nft add rule inet vault forward accept
	mutation seal media nft chain inet vault output '{ policy accept; }'
	mutation seal media nft chain inet vault input '{ policy accept; }'
	mutation seal media nft chain inet vault forward '{ policy accept; }'
	mutation seal media nft add chain inet vault more
	mutation seal media nft add chain inet vault early '{ type filter hook output priority -300; policy accept; }'
	mutation seal media nft add element inet vault resolvers4 '{ 9.9.9.9 }'
	mutation seal media nft delete element inet vault resolvers4 '{ 10.66.0.1 }'
	mutation seal media nft add set inet vault more '{ type ipv4_addr; }'
	mutation seal media nft add counter inet vault more
	mutation seal media nft add table inet vault '{ flags dormant; }'
	mutation seal media sh -c 'nft delete rule inet vault output handle $(nft -a list chain inet vault output | sed -n "s/.*# handle //p" | tail -n 1)'
	mutation frames media nft delete table netdev vault-link
	mutation frames media nft delete table netdev vault-tunnel
	mutation frames media nft flush table netdev vault-link
	mutation frames media sh -c 'nft chain netdev vault-tunnel $(nft list table netdev vault-tunnel | sed -n "s/.*chain \([^ ]*\) .*/\1/p" | head -n 1) "{ policy accept; }"; nft flush table netdev vault-tunnel'
	UNDO='media nft delete table ip nat' mutation stranger media nft add table ip nat
	UNDO='media nft delete table netdev f' mutation stranger media nft add table netdev f
}

# bats test_tags=tunnel
@test "DL-1 check without a name is a table, a line a vault, no wider than the terminal; below it what is not fine" {
	local line

	vault up media conf "$LAB/provider.conf" accessible-from 192.168.77.0/24 publish 9091 publish 8080:80
	vault up a-vault-with-a-name-that-is-rather-long-for-a-table isolated
	vault exec media curl -sfm 20 -o /dev/null http://10.66.0.1/
	spawn host "$VAULT" exec media sleep 1000
	retry 10 host sh -c '"$0" check media | grep -q "inside .*sleep"' "$VAULT"
	run -0 vault check
	[ "${#lines[@]}" = 3 ]
	[[ ${lines[0]} == NAME\ *VERDICT\ PEER\ *HANDSHAKE\ *RX\ *TX\ PUBLISHED\ INSIDE\ DROPPED ]]
	[[ ${lines[1]} == "a-vault-with-a-name-that-is-rather-long-for-a-table sound   - "* ]]
	[[ ${lines[2]} =~ ^media\ +sound\ +198\.51\.100\.1\ +[0-9]+\ s\ +[0-9.]+\ (KiB|B)\ +[0-9.]+\ (KiB|B)\ 9091,8080\ +1\ +[0-9]+$ ]]
	[ "$(awk '{ print $1, $2 }' <<< "$output")" = "$(vault check all | awk '{ print $1, $2 }')" ]
	run -0 host env NO_COLOR=1 script -qec "stty cols 80; $VAULT check" /dev/null < /dev/null
	[ "${#lines[@]}" = 3 ]
	for line in "${lines[@]}"; do line=${line%$'\r'} && [ "${#line}" -le 80 ]; done
	[[ ${lines[1]} == "a-vault-"*"~ sound"* && ${lines[2]} == *" 198.51.100.1 "* ]]
	media ip link set wg-media down
	run -1 vault check
	[[ ${lines[2]} == "media "*" broken "* && ${lines[-1]} == "media: broken" ]]
	[[ $output == *$'\n'"FAIL     interface "*"(vault up media as-made)"* && $output != *$'\n'"ok "* ]]
	run -1 vault -q check
	[[ $output != *NAME* && $output == *"media: broken" ]]
	vault down all kill 1
	[ "$(vault check)" = "no vault is up" ]
}

@test "DL-2 an interface that is missing is told once, not with all that hangs on it" {
	vault up media conf "$LAB/provider.conf" > "$BATS_TEST_TMPDIR/up"
	host ip -n media link del wg-media
	run -1 vault check media
	[ "$(grep '^FAIL' <<< "$output" | grep -vc '^FAIL     program ')" = 1 ]
	[[ $output == *"FAIL     tunnel                tunnel wg-media: missing (vault up media as-made)"* ]]
	run -1 vault -v check media
	[[ $output == *$'\n'"skip     route                 route 0.0.0.0/0 by wg-media: gone with tunnel wg-media"* ]]
	[[ $output == *$'\n'"ok       address               address 10.200.0.2/30 on link-media"* ]]
	vault up media as-made
	host ip link del vlt-media
	run -1 vault check media
	[ "$(grep '^FAIL' <<< "$output")" = "FAIL     link                  link vlt-media: missing (vault up media as-made)" ]
	vault up media as-made
	vault -q check media
	# What is of another interface of that name is told.
	host ip -n media route del default
	host ip -n media link set wg-media down
	run -1 vault check media
	[[ $output == *"FAIL     interface"* && $output == *"FAIL     route"* ]]
	vault up media as-made
}

@test "DL-2 check of a vault is a card by the words that asked for it, then what is not fine; -v has all" {
	vault up media conf "$LAB/provider.conf" accessible-from 192.168.77.0/24,fd00:77::/64 publish 9091 publish 127.0.0.1:8080:80 \
		open-port 6881-6889/both allow-host 631 allow-to 203.0.113.9:443
	spawn host "$VAULT" exec media sleep 1000
	retry 10 host sh -c '"$0" check media | grep -q "inside .*sleep"' "$VAULT"
	run -0 vault check media
	[[ $output == "  tunnel          wg-media 10.66.0.2/32, fd66::2/128, "*"mtu 14"* ]]
	[[ $output != *" "$'\n'* ]]
	for want in "  conf            $LAB/provider.conf" '  peer            '*'.. 198.51.100.1:51820' '  dns             10.66.0.1, fd66::1' \
		'  accessible-from 192.168.77.0/24, fd00:77::/64' '  publish         9091/tcp, 127.0.0.1:8080:80/tcp' \
		'  open-port       6881-6889/tcp, 6881-6889/udp' '  allow-host      631/tcp' '  allow-to        203.0.113.9/32:443/tcp' \
		"  inside          sleep ($SPAWNED)" 'media: sound'; do
		# shellcheck disable=SC2053 # a pattern
		for line in "${lines[@]}"; do [[ $line == $want ]] && continue 2; done
		echo "$output"; echo "no line: $want"; return 1
	done
	[[ $(grep "^ok  " <<< "$output") == "ok       hole  "*"allow-to 203.0.113.9/32:443/tcp is open"* ]]
	run -0 vault -v check media
	[[ $output == "  tunnel "*"  publish  "*"ok       state "*"media: sound" ]]
	run -0 vault -j check media
	jq -e --arg conf "$LAB/provider.conf" '.[0] | .conf == $conf and .mtu > 1300 and .published == ["9091:9091/tcp", "127.0.0.1:8080:80/tcp"] and
		.dns == ["10.66.0.1", "fd66::1"] and .accessible_from == ["192.168.77.0/24", "fd00:77::/64"] and .segment == null and
		.open_ports == ["6881-6889/tcp", "6881-6889/udp"] and .link.host_address == "10.200.0.1/30" and (.asked | length) >= 6' <<< "$output"
	media ip link set wg-media down
	run -1 vault check media
	[[ $output == "  tunnel "*"FAIL     interface "*"(vault up media as-made)"$'\n'*"media: broken" ]]
	vault down media kill 1
	run -3 vault -j check media
	jq -e '.[0] | .conf == null and .asked == [] and .published == [] and .link == null' <<< "$output"
}

@test "rules of legacy iptables inside are seen, an empty table is no fault" {
	need iptables-legacy ip6tables-legacy
	media iptables-legacy -L > "$BATS_TEST_TMPDIR/empty" 2>&1 || skip "needs a kernel with legacy iptables"
	sound
	UNDO='media iptables-legacy -F' mutation stranger media iptables-legacy -A OUTPUT -j ACCEPT
	UNDO='media iptables-legacy -t mangle -F' mutation stranger media iptables-legacy -t mangle -A OUTPUT -j MARK --set-mark 1
	UNDO='media ip6tables-legacy -F' mutation stranger media ip6tables-legacy -A OUTPUT -j ACCEPT
}

@test "VC-7 mutations of what may be reached are seen; so is a host that does not forward it" {
	asked=(accessible-from '192.168.77.0/24,fd00:77::/64' allow-to 203.0.113.9 publish 8080:80 allow-host 631)
	vault up media conf "$LAB/provider.conf" "${asked[@]}" > "$BATS_TEST_TMPDIR/again"
	sound
	says ok hole 'allow-to 203.0.113.9'
	says ok forwarding 'found nothing on the host in the way'
	mutation guard host nft delete element inet vault-guard services4 '{ "vlt-media" . 10.200.0.1 . tcp . 631 }'
	mutation guard host nft add element inet vault-guard services4 '{ "vlt-media" . 10.200.0.1 . tcp . 22 }'
	mutation guard host nft flush set inet vault-guard entrants6
	mutation guard host nft add element inet vault-guard entrants4 '{ "vlt-media" . 10.200.0.2 . 192.168.0.0/24 }'
	mutation guard host nft add element inet vault-guard holes4 '{ "vlt-media" . 10.200.0.2 . 9.9.9.9 . tcp . 443 }'
	mutation guard host nft flush map inet vault-guard self4
	mutation guard host nft flush map inet vault-guard published4
	mutation link host sysctl -qw net.ipv4.conf.vlt-media.forwarding=0
	mutation link host sysctl -qw net.ipv4.conf.vlt-media.route_localnet=0
	UNDO='host sysctl -qw net.ipv4.conf.eth1.forwarding=1' mutation forwarding host sysctl -qw net.ipv4.conf.eth1.forwarding=0
	UNDO='host sysctl -qw net.ipv4.conf.eth0.forwarding=1' mutation forwarding host sysctl -qw net.ipv4.conf.eth0.forwarding=0
	UNDO='host sysctl -qw net.ipv6.conf.all.forwarding=1' mutation forwarding host sysctl -qw net.ipv6.conf.all.forwarding=0
	UNDO='host ip route add default via 192.0.2.1' mutation forwarding host ip route del default
	host nft 'table ip other { chain FORWARD { type filter hook forward priority 0; policy drop; }; }'
	sound # whether another's rules let it by cannot be told
	says skip forwarding 'another firewall (table ip other, chain FORWARD).*nft insert rule ip other FORWARD oifname vlt-media accept'
	host nft delete table ip other
	# what is no change since up, which told it, is no fault
	host sysctl -qw net.ipv4.conf.eth1.forwarding=0
	run -0 --separate-stderr vault up media conf "$LAB/provider.conf" "${asked[@]}"
	[[ $stderr == *"the host does not forward what comes by eth1 (sysctl -w net/ipv4/conf/eth1/forwarding=1)"* ]]
	sound
	says skip forwarding 'the host does not forward what comes by eth1 (sysctl -w net/ipv4/conf/eth1/forwarding=1)'
	host sysctl -qw net.ipv4.conf.eth0.forwarding=0
	run -1 vault -v check media
	says FAIL forwarding 'the host does not forward what comes by eth0'
	host sysctl -qw net.ipv4.conf.eth0.forwarding=1 net.ipv4.conf.eth1.forwarding=1
	sound
}

@test "mutations of the guard on the host are seen" {
	mutation guard host nft delete table inet vault-guard
	mutation guard host nft flush chain inet vault-guard forward
	mutation guard host nft flush chain inet vault-guard input
	mutation guard host nft insert rule inet vault-guard forward accept
	mutation guard host nft delete element inet vault-guard vaults4 '{ "vlt-media" . 10.200.0.2 }'
	mutation guard host nft delete element inet vault-guard vaults6 '{ "vlt-media" . fd76:6175:6c74::2 }'
	mutation guard host nft add element inet vault-guard vaults4 '{ "vlt-media" . 10.200.0.77 }'
	mutation guard host nft add table inet vault-guard '{ flags dormant; }'
	mutation guard host nft chain inet vault-guard forward '{ policy drop; }'
	UNDO='host nft delete chain inet vault-guard more' mutation guard host nft add chain inet vault-guard more
}

@test "MV-1 mutations of interfaces are seen" {
	mutation link host ip link del vlt-media
	mutation link host ip link set vlt-media down
	mutation link host sh -c 'ip link add br9 type bridge; ip link set vlt-media master br9'
	mutation link host ip address del 10.200.0.1/30 dev vlt-media
	mutation link host ip address add 192.168.99.1/24 dev vlt-media
	mutation link host ip link set vlt-media down name other
	mutation link media ip link set link-media group 0
	mutation link media sh -c 'ip link set link-media down; ip link set link-media name eth0'
	mutation interface media ip link set link-media down
	mutation interface media ip link set lo down
	mutation interface media ip link set wg-media down
	mutation interface media ip link set wg-media mtu 1300
	mutation tunnel media ip link del wg-media
	mutation tunnel media sh -c 'ip link del wg-media; ip link add wg-media type bridge'
	mutation tunnel media ip link set wg-media group 0
	UNDO='media ip link del br9' mutation stranger media ip link add br9 type bridge
	UNDO='host ip link del leg9' mutation stranger host ip link add leg9 type veth peer name leg8 netns media
	UNDO='media ip link set tunl0 down || media ip link del tunl0' mutation stranger media sh -c 'ip link show tunl0 > /dev/null 2>&1 || ip link add tunl0 type bridge; ip link set tunl0 up'
}

@test "L14 mutations of addresses, routes and policy rules are seen" {
	local r=32000
	mutation address media ip address del 10.66.0.2/32 dev wg-media
	mutation address media ip address add 10.9.9.9/32 dev wg-media
	mutation address media ip address add 192.168.9.9/24 dev link-media
	mutation address media ip address del 10.200.0.2/30 dev link-media
	mutation address media ip -6 address del fd66::2/128 dev wg-media
	mutation address media ip -6 address add 2001:db8:5::5/64 dev link-media
	UNDO='media ip address del 203.0.113.80/32 dev lo' mutation address media ip address add 203.0.113.80/32 dev lo
	mutation route media ip route del default
	mutation route media ip route del unreachable default metric 4294967295
	mutation route media ip -6 route del unreachable default metric 4294967295
	mutation route media ip route add 1.2.3.0/24 via 10.200.0.1
	mutation route media ip route add default via 10.200.0.1 metric 5
	mutation route media ip route add blackhole 9.9.9.9
	mutation route media ip route change default dev wg-media src 10.200.0.2
	mutation route media ip route change default dev wg-media mtu 1000
	mutation route media ip route change default dev wg-media encap ip id 7 dst 10.200.0.1
	mutation route media ip -6 route add 2001:db8:7::/48 dev link-media
	UNDO='media ip route del 1.2.3.0/24 proto kernel' mutation route media ip route add 1.2.3.0/24 dev link-media proto kernel
	UNDO='media ip route flush table 77' mutation route media ip route add default via 10.200.0.1 table 77
	UNDO='media ip route del local 0.0.0.0/0 dev lo table local' mutation route media ip route add local 0.0.0.0/0 dev lo table local
	UNDO="media ip rule del priority $r" mutation rule media ip rule add priority $r table 77
	UNDO="media ip rule del priority $r" mutation rule media ip rule add priority $r fwmark 1 table main
	UNDO="media ip -6 rule del priority $r" mutation rule media ip -6 rule add priority $r from all prohibit
	UNDO='media ip rule add priority 32766 table main' mutation rule media ip rule del priority 32766
	UNDO='media ip -6 rule add priority 0 table local' mutation rule media ip -6 rule del priority 0
}

# attach xdp|tcx host|"inside media" INTERFACE: a program there, in $SPAWNED
attach() {
	# shellcheck disable=SC2086 # words
	spawn $2 "$WIRE" attach "$1" "$3"
	retry 5 grep -q ready "$SPAWNED_OUT" || { cat "$SPAWNED_OUT"; return 1; }
}

detach() { despawn "$SPAWNED" && retry 5 vault -q check media; }
has_tcx() { host ip link add tcx type veth peer name tcx2 && attach tcx host tcx && despawn "$SPAWNED"; host ip link del tcx; }

@test "L23 HO-17 what sits on interfaces beside the rules is seen: XDP, tc, interfaces on top" {
	local end

	for end in lo link-media wg-media; do
		UNDO=detach mutation attached attach xdp 'inside media' $end
		UNDO="media tc qdisc del dev $end clsact" mutation attached media tc qdisc add dev $end clsact
	done
	UNDO=detach mutation attached attach xdp host vlt-media
	UNDO='media tc qdisc del dev wg-media ingress' mutation attached media tc qdisc add dev wg-media ingress
	UNDO='media tc qdisc del dev wg-media root' mutation attached media tc qdisc add dev wg-media root handle 1: htb
	if media tc qdisc add dev link-media root handle 1: fq_codel 2> /dev/null; then
		sound # what queues alone do is nobody's fault
		UNDO='media tc qdisc del dev link-media root' mutation attached media tc filter add dev link-media parent 1: \
			protocol all u32 match u32 0 0 flowid 1:1
	fi
	UNDO='host tc qdisc del dev vlt-media root' mutation attached host tc qdisc add dev vlt-media root handle 1: htb
	# The second wall is a filter there, too.
	for end in ingress egress; do
		UNDO="host tc filter del dev vlt-media $end prio 7" mutation attached host tc filter add dev vlt-media $end prio 7 \
			protocol all u32 match u32 0 0 flowid 1:1
	done
	UNDO='host ip link del over' mutation attached host ip link add link vlt-media name over type macvlan
	for end in 'netdev admin c { type filter hook ingress' 'netdev admin c { type filter hook egress' 'inet admin c { type filter hook ingress'; do
		host nft add table "${end%% c *}"
		UNDO="host nft delete chain ${end%% \{*}" mutation attached host nft "add chain $end device vlt-media priority 0; }"
		host nft delete table "${end%% c *}"
	done
	if has_tcx > "$BATS_TEST_TMPDIR/tcx" 2>&1; then
		UNDO=detach mutation attached attach tcx 'inside media' wg-media
		UNDO=detach mutation attached attach tcx host vlt-media
		attach tcx host vlt-media
		run -1 vault -v check media
		says FAIL attached 'a BPF program (tcx) (end what holds it: bpftool net, bpftool link)'
		detach
	else
		echo "# no tcx: this kernel is older than 6.6" >&3
	fi
	media tc qdisc add dev wg-media root pfifo
	sound
	media tc qdisc del dev wg-media root
}

# newer WORDS…: what a newer nft would ask for; on the host, but for ${in[@]}
newer() { "${in[@]:-host}" "$BATS_TEST_DIRNAME/newer.py" "$@"; }

@test "HO-15 HO-10 what a newer kernel has and libraries here cannot read: others' is left alone, on the link or in the vault it is seen" {
	local in=()

	host nft 'table inet other { chain forward { type filter hook forward priority 0; }; }'
	newer rule inet other forward || skip "this kernel looks into no tunnels"
	newer chain netdev others c eth || skip "this kernel binds chains to no names that only begin so"
	newer chain inet others c eth
	sound
	run -0 vault up media conf "$LAB/provider.conf" "${asked[@]}"
	[[ $output == 'media: up, sealed, as described' ]]
	run -0 vault up media conf "$LAB/provider.conf" "${asked[@]}" publish 9091
	UNDO='host nft delete table netdev ours' mutation attached newer chain netdev ours c vlt-
	UNDO='host nft delete table inet ours' mutation attached newer chain inet ours c vlt-media
	in=(media)
	mutation seal newer rule inet vault output
	mutation frames newer chain netdev vault-link odd link-
	UNDO='media nft delete table netdev odd' mutation stranger newer chain netdev odd c wg-
	in=()
	newer rule inet vault-guard forward
	run -1 vault -v check media
	says FAIL guard
	vault up media as-made
	sound
	host nft list chain inet other forward
	host nft list table netdev others
}

@test "L9 L20 mutations of settings are seen" {
	mutation sysctl media_sysctl net.ipv4.ip_forward=1
	mutation sysctl media_sysctl net.ipv4.conf.all.arp_ignore=0
	mutation sysctl media_sysctl net.ipv4.conf.link-media.arp_ignore=0
	mutation sysctl media_sysctl net.ipv4.conf.default.arp_ignore=0
	mutation sysctl media_sysctl net.ipv4.conf.all.accept_redirects=1
	mutation sysctl media_sysctl net.ipv4.conf.link-media.accept_redirects=1
	mutation sysctl media_sysctl net.ipv6.conf.all.forwarding=1
	mutation sysctl media_sysctl net.ipv6.conf.default.accept_ra=2
	mutation sysctl media_sysctl net.ipv6.conf.link-media.accept_ra=2
	mutation sysctl media_sysctl net.ipv6.conf.wg-media.disable_ipv6=1
}

@test "MV-4 MV-7 L18 mutations of the tunnel are seen" {
	mutation peers peer remove
	mutation peers peer allowed-ips 10.66.0.0/24
	mutation peers media wg set wg-media peer "$(host cat "$LAB/keys/client2.pub")" allowed-ips 1.1.1.1/32
	mutation peers media wg set wg-media private-key "$LAB/keys/client2"
	mutation peers peer preshared-key "$LAB/keys/client2"
	mutation peers peer persistent-keepalive 7
	mutation peers media wg set wg-media fwmark 0x77
	mutation endpoint peer endpoint 198.51.100.2:51820
	mutation endpoint peer endpoint 198.51.100.1:51821
	mutation endpoint peer endpoint '[2001:db8:2::1]:51820'
	if [[ $LAB_BACKEND == userspace ]]; then
		mutation program kill_program
		mutation tunnel kill_program
		mutation program host rm /run/wireguard/wg-media.sock
	fi
}

program_pid() { host sh -c 'for p in /proc/[0-9]*; do tr "\0" "\n" < $p/environ 2> /dev/null | grep -qx VAULT_INTERFACE=wg-media && echo ${p#/proc/}; done | head -n 1'; }

kill_program() {
	local pid

	pid=$(program_pid)
	host kill -KILL "$pid"
	retry 5 gone "$pid"
}

@test "VC-2 L5 mutations of files, name and description are seen" {
	mutation resolv.conf host sh -c 'echo nameserver 9.9.9.9 > /run/vault/media/resolv.conf'
	mutation resolv.conf host rm /run/vault/media/resolv.conf
	mutation nsswitch.conf host sh -c 'echo hosts: resolve > /run/vault/media/nsswitch.conf'
	# Held open, as the kernel gives the number of a namespace that is gone to the next one: then it is all else that is wrong.
	spawn host sh -c 'exec sleep 1000 9< /run/netns/media'
	UNDO='vault down media; host ip netns del media; vault up media conf $LAB/provider.conf > $BATS_TEST_TMPDIR/again' \
		mutation netns host sh -c 'umount -l /run/netns/media; rm /run/netns/media; ip netns add media'
	mutation netns host sh -c 'umount /run/netns/media; rm /run/netns/media'
	mutation netns host umount /run/netns/media
}

# words: those of a vault made up at random; preshared keys, names as endpoints, single families, no link, …
words() {
	local confs=(provider provider4 provider6 named provider2) w=()

	w=(conf "$LAB/${confs[RANDOM % 5]}.conf")
	((RANDOM % 3)) || w+=(mtu $((1280 + RANDOM % 140)))
	((RANDOM % 3)) || w+=(dns "9.9.9.$((RANDOM % 250 + 1)),1.1.1.1")
	case $((RANDOM % 4)) in
	0) w+=(no-link) ;;
	1) w+=(host-address "172.20.$1.1/24" vault-address "172.20.$1.2/24") ;;
	esac
	echo "${w[@]}"
}

@test "no false alarm on fresh vaults of random words (CHECK_FRESH of them)" {
	local i name w n=${CHECK_FRESH:-20}

	for ((i = 0; i < n; i++)); do
		name=$(head -c 6 /dev/urandom | od -An -tx1 | tr -d ' \n')-$i-$(printf "%0$((RANDOM % 40))d" 0)
		w=$(words $((i % 250)))
		# shellcheck disable=SC2086 # words
		vault up "$name" $w > "$BATS_TEST_TMPDIR/fresh" 2>&1 || { cat "$BATS_TEST_TMPDIR/fresh"; echo "$w"; return 1; }
		run vault -v check "$name"
		[[ $status == 0 ]] || { grep -v ^ok <<< "$output"; echo "exit $status: $w"; return 1; }
		((i % 2)) || vault down "$name" > "$BATS_TEST_TMPDIR/fresh"
	done
	run vault -q check all
	[[ $status == 0 && -z $output ]] || { echo "$output"; return 1; }
	echo "# $n vaults, no false alarm" >&3
	host sh -c 'for v in /run/vault/*-*/; do "$0" down $(basename $v); done' "$VAULT" > "$BATS_TEST_TMPDIR/fresh"
}

# unknown TEXT COMMAND…: exit 3, the verdict, and why
unknown() {
	run -3 "${@:2}"
	[[ $output == *"$1"* && $output != *sound* ]] || { echo "$output"; echo "no $1: ${*:2}"; return 1; }
}

@test "what it does not know it calls unknown, exit 3: no privilege, no state, /proc hidden" {
	local state=/run/vault/media/vault.json

	unknown 'run it as root' host setpriv --reuid 65534 --regid 65534 --clear-groups "$VAULT" -v check media
	unknown 'run it as root' host setpriv --reuid 65534 --regid 65534 --clear-groups "$VAULT" -v check
	unknown 'run it as root' host setpriv --bounding-set -net_admin --inh-caps -net_admin "$VAULT" -v check media
	unknown 'run it as root' host setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$VAULT" -v check media
	unknown 'run it on the host' inside media "$VAULT" -v check media
	unknown '/proc' host unshare --mount sh -c 'mount -t tmpfs none /proc; "$0" check media' "$VAULT"
	unknown 'does not show all processes' host unshare --mount sh -c 'mount -t proc -o hidepid=2,gid=12345 none /proc
		setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace "$0" check media' "$VAULT"
	unknown 'cannot be told' host unshare --mount sh -c 'mount -t tmpfs none /proc/sys/net; "$0" check media' "$VAULT"
	unknown 'not up' vault -v check nobody
	host cp $state /run/kept
	host sh -c "echo '{' > $state"
	unknown 'ip netns del media; vault up media' vault -v check media
	host sh -c "rm $state; mkdir $state"
	unknown 'cannot parse' vault -v check media
	host sh -c "rmdir $state; cp /run/kept $state; chmod 600 $state"
	unknown 'Permission denied' host sh -c 'chmod 000 /run/vault && setpriv --reuid 65534 --clear-groups "$0" check; s=$?; chmod 755 /run/vault; exit $s' "$VAULT"
	sound
}

# A description that is lost takes nothing of the vault with it: whoever is inside goes on sending.
@test "a vault whose description is lost is unknown, in every form, by its link; the mend shown mends it" {
	local lost="vlt-media: a link of a vault that is not described, as is /run/netns/media (vault down media; ip netns del media; vault up media conf FILE)"
	local long=a-name-that-is-cut-to-fit-its-link words

	vault up web conf "$LAB/provider2.conf" > "$BATS_TEST_TMPDIR/web"
	host mv /run/vault/media /run/vault-media
	for words in '' all; do
		run -3 vault -v check $words
		says unknown state "$lost"
		[[ ${lines[-1]} == "web: sound" ]]
	done
	unknown "$lost" vault -v check media
	run -3 vault -j check
	jq -e 'map([.name, .verdict]) == [["media", "unknown"], ["web", "sound"]]' <<< "$output"
	run -3 vault -v check prometheus
	[[ $(sample vault_verdict ',verdict="unknown"') == 1 && $(grep -c '^vault_up{' <<< "$output") == 2 ]]
	unknown 'another command is changing' host sh -c 'mkdir /run/vault/media; flock /run/vault/media "$0" check media' "$VAULT"
	unknown "$lost" vault -v check media # a folder, and nothing in it
	spawn inside media sleep 1000
	unknown "as is /run/netns/media, with process $SPAWNED inside (" vault -v check media
	despawn_all
	host sh -c 'rm -r /run/vault/media; mv /run/vault /run/vaults'
	unknown "$lost" vault -v check
	[[ $output == *"vlt-web: a link of a vault that is not described"* ]]
	host sh -c 'mv /run/vaults /run/vault; mv /run/vault-media /run/vault/media'
	run -0 vault -v check
	vault down web > "$BATS_TEST_TMPDIR/web"
	host sh -c 'rm -r /run/vault/media; ip link add vlg-media type bridge'
	unknown 'vlt-media: a link of a vault' vault -v check
	run ! grep vlg-media <<< "$output" # somebody's, whatever it is called
	run -3 vault -v check
	[[ $(grep -c '^media: ' <<< "$output") == 1 ]]
	host sh -c '"$0" down media; ip netns del media; "$0" up media conf "$LAB/provider.conf"' "$VAULT" > "$BATS_TEST_TMPDIR/mend" 2>&1
	sound
	host ip link del vlg-media
	vault up $long conf "$LAB/provider2.conf" > "$BATS_TEST_TMPDIR/long"
	host mv /run/vault/$long /run/vault-long
	run -3 vault -v check
	says unknown state "(vault down $long; ip netns del $long; vault up $long conf FILE)"
	host sh -c "mv /run/vault-long /run/vault/$long; ip link add vlt-media+twin type bridge" # as of a leak test
	run -0 vault -v check
	host ip link del vlt-media+twin
	vault down $long > "$BATS_TEST_TMPDIR/long"
	spawn host "$VAULT" exec media sleep 1000 # or its namespace, which has no name any more, would go
	retry 5 host grep -q sleep "/proc/$SPAWNED/comm"
	host sh -c 'rm -r /run/vault/media; umount /run/netns/media; rm /run/netns/media'
	unknown 'not described (vault down media; vault up media conf FILE)' vault -v check
	host sh -c '"$0" down media; "$0" up media conf "$LAB/provider.conf"' "$VAULT" > "$BATS_TEST_TMPDIR/mend" 2>&1
	sound
}

@test "exec and leaktest say the mend, as check does: a description that is none, a name that is gone" {
	local cmd state=/run/vault/media/vault.json

	host cp $state /run/kept
	for cmd in 'exec media true' 'leaktest media'; do
		host sh -c "echo garbage > $state"
		# shellcheck disable=SC2086 # words
		run ! vault $cmd
		[[ $output == *'media: cannot parse /run/vault/media/vault.json'*'(vault down media; ip netns del media; vault up media conf FILE)'* ]]
		host cp /run/kept $state
	done
	host sh -c 'umount /run/netns/media; rm /run/netns/media'
	for cmd in 'exec media true' 'leaktest media'; do
		# shellcheck disable=SC2086 # words
		run ! vault $cmd
		[[ $output == *'(vault up media as-made)'* ]] || { echo "$output"; return 1; }
	done
}

@test "a vault that another command is changing is not called broken" {
	media ip route del default
	run -1 vault -v check media
	unknown 'another command is changing this vault (check again when it is done)' host flock /run/vault/media "$VAULT" -v check media
	vault up media conf "$LAB/provider.conf" > "$BATS_TEST_TMPDIR/again"
	run -0 host flock /run/vault/media "$VAULT" -v check media # as from a hook: sound is sound
}

@test "PC-6 by the exit status whoever depends on a vault is stopped when it is broken, as cron or a timer does" {
	spawn host sleep 1000
	host sh -c '"$0" -q check media || kill "$1"' "$VAULT" "$SPAWNED"
	run ! gone "$SPAWNED"
	media ip route del default
	host sh -c '"$0" -q check media > /run/mail || kill "$1"' "$VAULT" "$SPAWNED"
	retry 5 gone "$SPAWNED"
	host grep -q 'FAIL *route' /run/mail
}

# heals: would vault-heal@media.service have the vault reloaded?
heals() {
	local heal asks

	heal=$(sed -n 's/.*heal="\(.*\)";.*/\1/p' "$top/vault/systemd/vault-heal@.service")
	asks=$(sed -n 's/^\t\(.*grep -qx .*\) || exit 0; \\$/\1/p' "$top/vault/systemd/vault-heal@.service" |
		sed 's/\$\$/$/g; s/%%/%/g; s/\\\\/\\/g') # as systemd reads it
	[[ $heal && $asks ]] || { echo "how does vault-heal ask?"; exit 1; }
	host dash -c "heal='${heal//%i/media}'; remedies=\$(\"\$0\" check media remedy 2> /dev/null); $asks" "$VAULT"
}

@test "PC-9 a reload is asked for when it mends what was found, and not when it cannot" {
	media ip route del default
	heals
	vault up media conf "$LAB/provider.conf" > "$BATS_TEST_TMPDIR/again"
	media ip link add br9 type bridge
	run ! heals
	run -1 vault -v check media
	media ip link del br9
	media ip link add 'x\c' type bridge # dash's echo would end there
	media nft flush ruleset
	heals
	media ip link del 'x\c'
	vault up media conf "$LAB/provider.conf" > "$BATS_TEST_TMPDIR/again"
	srv nft 'table inet dead { chain input { type filter hook input priority 0; udp dport 51820 drop; }; }'
	vault down media
	vault up media conf "$LAB/provider.conf"
	retry 10 fails vault -v check media
	run ! heals
	run -1 vault -v check media
	says FAIL handshake 'none received'
	srv nft delete table inet dead
	host sh -c 'umount /run/netns/media; rm /run/netns/media'
	heals
}

# on_terminal WORDS…: the binary with a terminal for its output, exit status and all
on_terminal() { host env -u NO_COLOR "${set[@]}" TERM=xterm script -qec "$VAULT $*" /dev/null < /dev/null; }

@test "check and leaktest colour verdicts on a terminal only, and not with NO_COLOR" {
	need script
	local words set=() colour=$'\e['

	media ip link add br9 type bridge # so that not all is fine: green, and red
	for words in 'check media' '-q check media' 'leaktest media probe udp-public'; do
		set=()
		run on_terminal "$words"
		[[ $output == *"$colour"* ]] || { echo "$output"; echo "no colour: $words"; return 1; }
		[[ $words == leak* || $output == *"$colour"*FAIL*"$colour"* ]]
		set=(NO_COLOR=) # empty is as not set
		run on_terminal "$words"
		[[ $output == *"$colour"* ]]
		set=(NO_COLOR=1)
		run on_terminal "$words"
		[[ $output == *media:* && $output != *"$colour"* ]] || { echo "$output"; echo "NO_COLOR: $words"; return 1; }
		# shellcheck disable=SC2086 # words
		run host env -u NO_COLOR TERM=xterm "$VAULT" $words
		[[ $output == *media:* && $output != *"$colour"* ]] || { echo "$output"; echo "no terminal: $words"; return 1; }
	done
	set=()
	run on_terminal -j check media
	[[ $output == *'"verdict"'* && $output != *"$colour"* ]]
	run on_terminal check media prometheus
	[[ $output == *vault_up* && $output != *"$colour"* ]]
}

@test "HO-11 a process that may not be looked at is a skip with its reason; unknown only where pid asked for it" {
	# shellcheck disable=SC2016 # the inner shell's words
	local hidden='mount -t proc -o hidepid=1 none /proc
		exec setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace "$0" -v check apart'

	vault up apart isolated no-link # where no program of root's has to be looked at
	spawn host setpriv --reuid 65534 --regid 65534 --clear-groups sleep 1000
	run -0 host unshare --mount sh -c "$hidden" "$VAULT"
	says skip processes 'may not be, so whether'
	unknown "$SPAWNED" host unshare --mount sh -c "$hidden pid $SPAWNED" "$VAULT"
	run -0 vault -v check apart
	says ok processes '0 inside'
	vault down apart
}

# ---- processes -----------------------------------------------------------------------------------------------------

@test "PC-11 pid: a command of vault exec is confined; of ip netns exec it sees and may too much; outside is outside" {
	spawn host "$VAULT" exec media sleep 1000
	local confined=$SPAWNED lax stray

	retry 5 host sh -c "grep -q sleep /proc/$confined/comm"
	run -0 vault -v check media pid "$confined"
	says ok process-netns "$confined (sleep): all 1 threads"
	says ok process-resolv.conf "$confined"
	says ok process-resolvers "$confined"
	says ok process-caps "$confined"
	says ok process-sockets "$confined"
	run -0 vault -j check media pid "$confined"
	jq -e --argjson pid "$confined" '.[0].processes == [{pid: $pid, name: "sleep"}]' <<< "$output"
	spawn inside media sleep 1000
	lax=$SPAWNED
	spawn host sleep 1000
	stray=$SPAWNED
	retry 5 host sh -c "grep -q sleep /proc/$lax/comm && grep -q sleep /proc/$stray/comm"
	run -1 vault -v check media pid "$confined" "$lax"
	says ok process-netns "$lax"
	says FAIL process-resolv.conf "$lax (sleep).*(start it by vault exec media)"
	says FAIL process-caps "$lax (sleep).*(vault exec, or CapabilityBoundingSet= in its unit)"
	run ! grep -q "FAIL.*$confined" <<< "$output"
	run -1 vault -v check media pid "$stray"
	says FAIL process-netns "$stray (sleep): 1 of 1 threads.*(vault exec media, or NetworkNamespacePath=/run/netns/media; restart it)"
	run -1 vault -v check media pid "$confined" "$stray"
	sound
	unknown 'no such process' vault -v check media pid 4000000
}

@test "PC-11 who is inside with another thread than the first is listed, also when that one has ended" {
	need python3
	local thread='
import ctypes, os, threading, time
libc = ctypes.CDLL(None)
def go():
	if libc.setns(os.open("/run/netns/media", os.O_RDONLY), 0x40000000): os._exit(1)
	print("inside", flush=True)
	time.sleep(1000)
threading.Thread(target=go).start()
' first gone_first

	spawn host python3 -c "$thread"
	first=$SPAWNED
	retry 5 grep -q inside "$SPAWNED_OUT"
	spawn host python3 -c "$thread"'libc.syscall(60, 0)' # exit(2): this thread alone
	gone_first=$SPAWNED
	retry 5 grep -q inside "$SPAWNED_OUT"
	retry 5 host grep -q '^State:.*Z' "/proc/$gone_first/status"
	run -0 vault -v check media
	says ok processes '2 inside'
	[[ $output == *"$first python3"*"$gone_first python3"* ]]
	run vault down media # and who still runs there is told by all threads, too
	[[ $output == *"$first"* && $output == *"$gone_first"* ]] || { echo "$output"; return 1; }
}

@test "PC-11 pid: capabilities are each thread's own: those of another than the first are found" {
	need python3
	spawn host "$VAULT" exec media keep-caps python3 -c '
import ctypes, threading, time
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0) # PR_SET_NO_NEW_PRIVS
threading.Thread(target=time.sleep, args=(1000,)).start()
libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
time.sleep(1000)'
	retry 5 host grep -q '^CapEff:.*0000000000000000' "/proc/$SPAWNED/status"
	run -1 vault -v check media pid "$SPAWNED"
	says FAIL process-caps "$SPAWNED (python3): it has capabilities that open the vault"
}

@test "PC-11 L24 pid: a socket of the host that a process holds inside is found, and who sees a resolver's socket" {
	# shellcheck disable=SC2016 # the inner shells' words
	spawn host bash -c 'exec 5<> /dev/udp/192.0.2.1/9; exec nsenter --net=/run/netns/media sleep 1000'
	retry 5 host sh -c "grep -q sleep /proc/$SPAWNED/comm"
	run -1 vault -v check media pid "$SPAWNED"
	says ok process-netns "$SPAWNED"
	says FAIL process-sockets "$SPAWNED (sleep): 1 of its sockets, such as descriptor 5.*(restart it inside, and let nobody pass it sockets)"
	run ! grep nscd <<< "$output"
	local pid=$SPAWNED
	host mkdir -p /run/nscd
	spawn host socat UNIX-LISTEN:/run/nscd/socket,fork -
	retry 5 host test -S /run/nscd/socket
	run -1 vault -v check media pid "$pid"
	says FAIL process-resolvers 'it sees /run/nscd/socket.*(vault exec hides it; in a unit: InaccessiblePaths=-/run/nscd/socket)'
	host rm -rf /run/nscd
}

@test "PC-11 L4 L36 pid: resolv.conf is read as the process sees it, links below its own root; the host's is a fault, one of its own none" {
	# A root of its own, whose resolv.conf is an absolute link: to the vault's there, to the host's here.
	host sh -c 'mkdir -p /run/root/etc /run/root/run/vault/media /run/root/bin /run/root/proc
		cp /run/vault/media/resolv.conf /run/root/run/vault/media/resolv.conf
		ln -sf /run/vault/media/resolv.conf /run/root/etc/resolv.conf
		cp "$(command -v busybox)" /run/root/bin/busybox'
	spawn host nsenter --net=/run/netns/media chroot /run/root /bin/busybox sleep 1000
	retry 5 host sh -c "[ \$(readlink /proc/$SPAWNED/root) = /run/root ]"
	run vault -v check media pid "$SPAWNED"
	says ok process-resolv.conf "$SPAWNED (busybox): its /etc/resolv.conf is the vault's"
	host sh -c 'echo nameserver 9.9.9.9 > /run/root/run/vault/media/resolv.conf'
	run vault -v check media pid "$SPAWNED"
	says ok process-resolv.conf "$SPAWNED (busybox): its /etc/resolv.conf is one of its own"
	host mount --bind /etc/resolv.conf /run/root/run/vault/media/resolv.conf
	run vault -v check media pid "$SPAWNED"
	says FAIL process-resolv.conf "$SPAWNED (busybox): its /etc/resolv.conf is not the vault's but the host's"
	host umount /run/root/run/vault/media/resolv.conf
	host sh -c 'rm /run/root/etc/resolv.conf'
	run vault -v check media pid "$SPAWNED"
	says ok process-resolv.conf "$SPAWNED (busybox): it has no /etc/resolv.conf"
}

@test "L36 pid: who puts something over its files and sockets in mounts of its own is confined; the twin that has the host's is not" {
	# shellcheck disable=SC2016 # the inner shell's words
	local own='mount -t tmpfs t /run && mkdir /run/nscd /run/dbus && echo "hosts: resolve" > /run/n && echo nameserver 9.9.9.9 > /run/r &&
		mount --bind /run/r /etc/resolv.conf && mount --bind /run/n /etc/nsswitch.conf && echo begun &&
		exec socat -u UNIX-LISTEN:/run/nscd/socket,fork SYSTEM:true'

	spawn host socat -u UNIX-LISTEN:/run/sssd.sock,fork SYSTEM:true
	retry 5 host test -S /run/sssd.sock
	# By exec, as any program inside can; then by who may mount anyway.
	spawn host "$VAULT" exec media unshare -Urm sh -c "$own"
	retry 5 host sh -c "[ \$(cat /proc/$SPAWNED/comm) = socat ] && [ -S /proc/$SPAWNED/root/run/nscd/socket ]"
	run -0 vault -v check media pid "$SPAWNED"
	says ok process-resolvers "$SPAWNED (socat): its mounts are of a user namespace of its own"
	spawn inside media unshare -m sh -c "$own"
	retry 5 host sh -c "[ \$(cat /proc/$SPAWNED/comm) = socat ] && [ -S /proc/$SPAWNED/root/run/nscd/socket ]"
	run vault -v check media pid "$SPAWNED" # by ip-netns(8) a process has the host's calls and capabilities
	says ok process-resolv.conf "$SPAWNED (socat): its /etc/resolv.conf is one of its own"
	says ok process-nsswitch.conf "$SPAWNED (socat): its /etc/nsswitch.conf is one of its own"
	says ok process-resolvers "$SPAWNED (socat)"
	# The twin: the same look, but the socket is the host's, and at another's place.
	spawn inside media unshare -m sh -c 'touch /run/lab/s && mount --bind /run/sssd.sock /run/lab/s && mount -t tmpfs t /mnt &&
		mkdir /mnt/nscd && touch /mnt/nscd/socket && mount --bind /run/lab/s /mnt/nscd/socket && mount --rbind /mnt /run && echo begun &&
		exec sleep 1000'
	retry 5 host sh -c "[ \$(cat /proc/$SPAWNED/comm) = sleep ]"
	run -1 vault -v check media pid "$SPAWNED"
	says FAIL process-resolvers "$SPAWNED (sleep): it sees /run/nscd/socket: who listens there looks names up"
	host rm -f /run/sssd.sock /run/lab/s
}

@test "L36 a program that makes whoever looks at its files wait for ever holds neither check nor leaktest up" {
	need python3
	host test -e /dev/fuse || skip "no file systems in user space"
	local pid told

	spawn host "$VAULT" exec media user nobody unshare -Urm python3 -c "$(< "$top/test/mute.py")"
	pid=$SPAWNED
	told=$SPAWNED_OUT
	retry 10 grep -q ready "$told" || cat "$told"
	run -0 host timeout -s KILL 60 "$VAULT" -v check media pid "$pid"
	says ok process-resolv.conf "$pid (python3): its mounts are of a user namespace of its own, and not looked at"
	says ok process-helpers "$pid (python3): its mounts are of a user namespace of its own, and not looked at"
	run -0 host timeout -s KILL 100 "$VAULT" -j leaktest media probe processes
	[ "$(jq -r '.probes[] | select(.id == "processes").verdict' <<< "$output")" = sealed ]
	run ! grep asked "$told"
	# The control: whoever does look waits, and cannot be killed, until that program ends.
	spawn host nsenter -t "$pid" -m cat /etc/resolv.conf
	retry 5 grep asked "$told"
	host kill -KILL "$SPAWNED"
	sleep 0.5
	host test -e "/proc/$SPAWNED"
	host pkill -KILL -P "$pid"
	retry 5 gone "$SPAWNED"
	despawn "$pid"
	# The twin: mounts of its own by who may have any see what the host has.
	spawn inside media unshare -m sh -c 'echo ready && exec sleep 1000'
	retry 5 grep -q ready "$SPAWNED_OUT"
	run -1 vault -v check media pid "$SPAWNED"
	says FAIL process-resolv.conf "the host's"
}

@test "a process that calls itself by line feeds and escapes is named in one plain line, everywhere" {
	need python3
	local name='?evil?[2J'

	spawn inside media python3 -c 'import ctypes, time
ctypes.CDLL(None).prctl(15, b"\nevil\033[2J", 0, 0, 0)
print("begun", flush=True)
time.sleep(1000)'
	retry 10 grep -q begun "$SPAWNED_OUT"
	run vault -v check media pid "$SPAWNED"
	[[ $output == *"$SPAWNED ($name): all 1 threads are in the vault"* ]]
	[[ $output == *"$SPAWNED ($name) could open the vault"* ]]
	run vault -j check media
	[ "$(jq -r --argjson pid "$SPAWNED" '.[0].processes[] | select(.pid == $pid).name' <<< "$output")" = "$name" ]
	run -0 vault down media
	[[ $output == *"process $SPAWNED ($name) goes on inside"* ]]
}

@test "L3 pid: each socket that exec hides is looked for: one that is seen is a fault, and none by a command of exec" {
	local path paths=(/run/nslcd/socket /run/containerd/containerd.sock /run/libvirt/libvirt-sock /run/tor/socks /run/snapd.socket
		/run/systemd/private /run/systemd/resolve/io.systemd.Resolve /run/user/0/systemd/private /run/user/0/bus /run/incus/unix.socket)

	for path in "${paths[@]}" /run/user/0/wayland-0 /run/systemd/notify /run/some.sock; do
		host mkdir -p "${path%/*}"
		spawn host socat -u "UNIX-LISTEN:$path,fork" SYSTEM:true
		retry 5 host test -S "$path"
	done
	spawn inside media sleep 1000
	local lax=$SPAWNED
	spawn host "$VAULT" exec media sleep 1000
	retry 5 host sh -c "[ \$(cat /proc/$SPAWNED/comm) = sleep ]"
	run -0 vault -v check media pid "$SPAWNED"
	says ok process-resolvers "$SPAWNED (sleep)"
	says ok process-helpers "$SPAWNED (sleep)"
	run -1 vault -v check media pid "$lax"
	[ "$(grep -c 'FAIL *process-helpers.*it sees /' <<< "$output")" = 8 ]
	says FAIL process-helpers "$lax (sleep): it sees [0-9]* more" # and how many
	says FAIL process-resolvers "$lax (sleep): it sees /run/nslcd/socket"
	run ! grep -E 'wayland|notify|some.sock' <<< "$output"
	for path in "${paths[@]:0:7}"; do host rm -r "$path"; done
	run -1 vault -v check media pid "$lax"
	for path in "${paths[@]:7}"; do says FAIL process-helpers "it sees $path"; done
	run vault -v check system
	says ok system-helpers '/run/incus'
	host rm -rf "${paths[@]}" /run/user/0/wayland-0 /run/systemd/notify /run/some.sock
}

@test "L36 L24 pid: a socket born in an empty namespace of a program's own is no way out, its twin born on the host is" {
	need python3
	host setpriv --reuid 65534 --clear-groups unshare -Urn true || skip "no user namespaces for ordinary users"
	spawn host "$VAULT" exec media user nobody python3 -c '
import array, ctypes, os, socket, time
ours, theirs = socket.socketpair()
if os.fork() == 0:
    if ctypes.CDLL(None).unshare(0x10000000 | 0x40000000): # CLONE_NEWUSER, CLONE_NEWNET
        os._exit(1)
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    theirs.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [own.fileno()]))])
    os._exit(0)
ours.recvmsg(1, socket.CMSG_SPACE(4))
os.wait()
print("holds", flush=True)
time.sleep(1000)'
	retry 10 grep -q holds "$SPAWNED_OUT"
	run -0 vault -v check media pid "$SPAWNED"
	says ok process-sockets "$SPAWNED"
	run -0 vault -j leaktest media probe processes on-leak down
	[ "$(jq -r '.probes[] | select(.id == "processes").verdict' <<< "$output")" = sealed ]
	vault -v check media > "$BATS_TEST_TMPDIR/still"
	# The twin: born on the host, it leads out.
	spawn host bash -c "exec 9<> /dev/udp/192.0.2.1/9 && exec ip netns exec media sleep 1000"
	retry 5 host grep -q sleep "/proc/$SPAWNED/comm"
	run -1 vault -v check media pid "$SPAWNED"
	says FAIL process-sockets "$SPAWNED"
}

@test "L31 pid: who can have the host look names up, by a call that nobody filters, is a fault where the host does so" {
	spawn inside media setpriv --bounding-set -all --inh-caps -all --no-new-privs sleep 1000
	local lax=$SPAWNED
	spawn host "$VAULT" exec media sleep 1000
	retry 5 host sh -c "[ \$(cat /proc/$SPAWNED/comm) = sleep ]"
	run vault -v check media pid "$lax" "$SPAWNED"
	says ok process-calls "$SPAWNED (sleep): its system calls are filtered"
	says ok process-calls "$lax (sleep): its system calls are not filtered; the host has no"
	host sh -c 'mkdir -p /run/lab/upcall && cp /bin/true /run/lab/upcall/request-key'
	# shellcheck disable=SC2016 # the inner shell's words
	run -1 host unshare -m sh -c 'mount -t overlay -o lowerdir=/run/lab/upcall:/usr/sbin overlay /usr/sbin &&
		exec "$0" -v check media pid "$@"' "$VAULT" "$lax" "$SPAWNED"
	says FAIL process-calls "$lax (sleep): by request_key(2).*(vault exec, or the present confine.conf)"
	says ok process-calls "$SPAWNED (sleep): its system calls are filtered"
}

@test "L38 who inside has a capability that opens the vault is named; the vault is no worse for it" {
	run -0 vault -v check media
	says ok capabilities 'nobody inside'
	spawn inside media setpriv --bounding-set -all,+net_admin --inh-caps -all sleep 1000
	retry 5 host sh -c "[ \$(cat /proc/$SPAWNED/comm) = sleep ]"
	spawn host "$VAULT" exec media unshare -Ur sleep 1000
	retry 5 host sh -c "[ \$(cat /proc/$SPAWNED/comm) = sleep ]"
	run -0 vault -v check media
	[ "$(grep -c 'skip *capabilities' <<< "$output")" = 1 ]
	says skip capabilities '(sleep) could open the vault, by CAP_NET_ADMIN (start'
}

@test "PC-11 L4 pid: files are looked at as each thread sees them: one with other mounts or another root is found" {
	need python3
	local how

	for how in unshared chrooted; do
		spawn host "$VAULT" exec media keep-caps python3 -c '
import ctypes, os, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def go():
	bad = libc.unshare(0x200) # CLONE_FS
	if sys.argv[1] == "unshared":
		bad = bad or libc.setns(os.open("/proc/1/ns/mnt", os.O_RDONLY), 0)
	else:
		os.chroot("/proc/1/root")
	if bad: print(os.strerror(ctypes.get_errno()), flush=True); os._exit(1)
	print("begun", threading.get_native_id(), flush=True)
	time.sleep(1000)
threading.Thread(target=go).start()' $how
		retry 5 grep -q begun "$SPAWNED_OUT"
		run -1 vault -v check media pid "$SPAWNED"
		says ok process-resolv.conf "$SPAWNED (python3): its"
		says FAIL process-resolv.conf "$SPAWNED (python3), thread $(sed -n 's/begun //p' "$SPAWNED_OUT"): its /etc/resolv.conf is not"
	done
}

@test "PC-11 L25 pid: who has locked itself in where there is no network is confined, one with an interface of its own is not" {
	spawn host "$VAULT" exec media unshare --user --map-root-user --net chroot --skip-chdir / sleep 1000
	retry 5 host sh -c "[ \$(cat /proc/$SPAWNED/comm) = sleep ]"
	run -0 vault -v check media pid "$SPAWNED"
	says ok process-netns "$SPAWNED (sleep): 1 of 1 threads are in a network namespace that leads nowhere"
	host ip link add out0 type veth peer name in0 netns "$SPAWNED"
	run -1 vault -v check media pid "$SPAWNED"
	says FAIL process-netns "$SPAWNED (sleep)"
	host ip link delete out0
	# As browsers do it, too: its root is the folder of a process that has ended.
	spawn host "$VAULT" exec media unshare --user --map-root-user --net perl -e '
		$| = 1; my $child = fork // die; sleep 1000 if !$child;
		chroot "/proc/$child/fdinfo" or die $!; kill 9, $child; wait; print "begun\n"; sleep 1000'
	retry 5 grep -q begun "$SPAWNED_OUT"
	run -0 vault -v check media pid "$SPAWNED"
	says ok process-resolvers "$SPAWNED (perl)"
}

@test "MV-5 PC-11 L36 unit: every process of its control group, in systemd's own hierarchy, in slices; others may be called so" {
	local root=/run/cg other=/run/cg2 slice=vault-test-$$.slice group made

	# Which is systemd's, and one that is not.
	if host grep -q ':name=systemd:' /proc/self/cgroup; then
		host sh -c 'mkdir -p /run/cg /run/cg2 && mount -t cgroup -o none,name=systemd none /run/cg && mount -t cgroup2 none /run/cg2' ||
			skip "needs cgroups"
	else
		host sh -c 'mkdir -p /run/cg && mount -t cgroup2 none /run/cg' || skip "needs cgroup2"
		other=$root
	fi
	made=("$root/$slice/vault-test.service/sub" "$root/$slice/vault-test.service" "$root/$slice/user@1.service/vault-test.service"
		"$root/$slice/user@1.service" "$other/$slice/vault-test.service" "$root/$slice" "$other/$slice")
	host mkdir -p "${made[@]}" || skip "needs a cgroup to put processes in"
	group=$root/$slice/vault-test.service
	unknown 'runs no process' vault -v check media unit vault-test
	spawn host sleep 1000 # who is called so and is not: one given a part to rule, and another hierarchy
	host sh -c "echo $SPAWNED > '$root/$slice/user@1.service/vault-test.service/cgroup.procs'" || skip "needs a cgroup to put processes in"
	[ $other = $root ] || host sh -c "echo $SPAWNED > $other/$slice/vault-test.service/cgroup.procs"
	unknown 'runs no process' vault -v check media unit vault-test
	spawn host "$VAULT" exec media sleep 1000
	host sh -c "echo $SPAWNED > $group/cgroup.procs"
	retry 5 host sh -c "grep -q sleep /proc/$SPAWNED/comm"
	run -0 vault -v check media unit vault-test
	says ok process-netns "$SPAWNED (sleep)"
	spawn host sleep 1000 # the twin: of the unit, and outside
	host sh -c "echo $SPAWNED > $group/sub/cgroup.procs"
	run -1 vault -v check media unit vault-test.service
	says FAIL process-netns "$SPAWNED"
	unknown 'runs no process' vault -v check media unit test.service
	despawn_all
	retry 5 host rmdir "${made[@]}" || :
}

# sample METRIC LABELS: its value
sample() { sed -n "s|^$1{name=\"media\"$2} ||p" <<< "$output"; }

@test "PC-10 prometheus: metrics of every vault, each once, with the verdict, handshakes and drops" {
	vault exec media curl -sfm 20 -o /dev/null http://10.66.0.1/
	run ! inside media curl -sm 1 telnet://10.200.0.1:22
	vault up web conf "$LAB/provider2.conf" > "$BATS_TEST_TMPDIR/web"
	run -0 vault -v check all prometheus
	[[ $(sample vault_up) == 1 && $(sample vault_verdict ',verdict="sound"') == 1 && $(sample vault_verdict ',verdict="broken"') == 0 ]]
	[[ $(sample vault_check ',id="route"') == 1 ]]
	(($(sample vault_handshake_age_seconds ",public_key=\"$(server)\"") < 60))
	(($(sample vault_received_bytes_total ",public_key=\"$(server)\"") > 0))
	(($(sample vault_dropped_packets_total ',table="vault",reason="link"') > 0))
	(($(date +%s) - $(sample vault_latest_handshake_timestamp_seconds ",public_key=\"$(server)\"") < 90))
	[[ $(grep -c '^# HELP vault_up ' <<< "$output") == 1 && $(grep -c '^vault_up{' <<< "$output") == 2 ]]
	[[ $(grep -c '^# HELP' <<< "$output") == "$(grep -c '^# TYPE' <<< "$output")" ]]
	run ! grep -qvE '^(# (HELP|TYPE) vault_[a-z_]+ .+|vault_[a-z_]+\{([a-z_]+="[^"\\]*",?)+\} [0-9]+)$' <<< "$output"
	media ip route del default
	run -1 vault -v check media media prometheus
	[[ $(grep -c '^vault_up{' <<< "$output") == 1 ]]
	[[ $(sample vault_check ',id="route"') == 0 && $(sample vault_verdict ',verdict="broken"') == 1 ]]
	run -3 vault -v check nobody prometheus
	[[ $output == *'vault_up{name="nobody"} 0'* ]]
	vault down web > "$BATS_TEST_TMPDIR/web"
}

@test "PC-10 prometheus: promtool finds nothing to say of any metric, and does of a bad one" {
	need promtool
	inside media "$WIRE" send udp 10.200.0.1 --port 22 --token 00 || : # so that something is dropped
	vault exec media curl -sfm 20 -o /dev/null http://10.66.0.1/
	vault leaktest media > "$BATS_TEST_TMPDIR/test" # so that all have a sample
	vault -v check media prometheus > "$BATS_TEST_TMPDIR/metrics"
	# Of each there is a sample.
	diff <(sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$BATS_TEST_TMPDIR/metrics") <(sed -n 's/^\([a-z_]*\){.*/\1/p' "$BATS_TEST_TMPDIR/metrics" | uniq)
	run -0 promtool check metrics < "$BATS_TEST_TMPDIR/metrics"
	[ -z "$output" ] || { echo "$output"; return 1; }
	sed -i 's/_total/_totals/' "$BATS_TEST_TMPDIR/metrics"
	run ! promtool check metrics < "$BATS_TEST_TMPDIR/metrics"
}

@test "check all -j and prometheus of many vaults (CHECK_MANY of them) are one valid document each" {
	local i n=${CHECK_MANY:-100}

	# Programs that are not wireguard-go, of which a user cannot have so many.
	host sh -ec 'for i in $(seq "$1"); do "$0" up many$i conf "$LAB/provider.conf" userspace "$WIRE"; done' "$VAULT" $((n - 1)) \
		> "$BATS_TEST_TMPDIR/many"
	host ip -n many7 route del default
	run -1 vault -j check all
	[[ $(jq -s length <<< "$output") == 1 ]]
	jq -e --argjson n "$n" 'length == $n and (map(.name) | unique | length) == $n and
		map(select(.verdict != "sound") | .name) == ["many7"]' <<< "$output" || { jq '.[] | select(.verdict != "sound")' <<< "$output"; return 1; }
	run -1 vault -v check all prometheus
	[[ $(grep -c '^vault_up{.*} 1$' <<< "$output") == "$n" && $(grep -c '^vault_verdict{.*sound"} 1$' <<< "$output") == $((n - 1)) ]]
	host sh -ec 'for i in $(seq "$1"); do "$0" down many$i; done' "$VAULT" $((n - 1)) > "$BATS_TEST_TMPDIR/many"
}

@test "check system: what there is, and the mend for what is not" {
	run -0 vault -v check system
	says ok system-wireguard ''
	says ok system-nftables ''
	[[ ${lines[-1]} == "system: sound" ]]
	run -0 vault -j check system
	jq -e 'length == 1 and .[0].name == "system" and all(.[0].checks[]; .detail != "")' <<< "$output"
	run -3 host setpriv --reuid 65534 --clear-groups "$VAULT" -v check system
	says unknown system-nftables 'run it as root'
	if [[ $LAB_BACKEND == userspace ]]; then
		run -1 host env PATH=/nowhere "$VAULT" -v check system
		says FAIL system-wireguard 'modprobe wireguard, or install wireguard-go'
	fi
	host sh -c 'echo "flush ruleset" > /etc/nftables.conf; nft add table ip others'
	run -0 vault -v check system
	says ok system-firewall 'others.*/etc/nftables.conf flushes the guard'
	host sh -c 'rm /etc/nftables.conf; nft delete table ip others'
}

# left_out ANSWER FIRST: of the kernel's answers every third from the FIRST goes wrong; by FAULT=rest, the others
left_out() { if [[ ${FAULT-} == rest ]]; then (($1 % 3 == $2 % 3)); else (($1 % 3 != $2 % 3)); fi; }

# faults FIRST MODE [ERROR]: the kernel's answers go wrong (left_out), one a run: not one run says sound, or broken
faults() {
	local first=$1 how=("${@:2}") i n status odd=0 tried=0

	n=$(host env "$top/$(realpath --relative-to="$top" "${VAULT%/*}")/test/inject" list "$VAULT" -q check media | grep -c '^p [0-9]* recvmsg ')
	((n > 20))
	for ((i = 1; i <= n; i++)); do
		! left_out $i "$first" || continue
		tried=$((tried + 1))
		run host env CALL=recvmsg "${VAULT%/*}/test/inject" "${how[0]}" p $i "${how[@]:1}" "$VAULT" -q check media
		[[ $status == 3 && $output == *"media: unknown" ]] || { odd=$((odd + 1)); echo "recvmsg $i ${how[*]}: exit $status: $output"; }
	done
	echo "# ${how[*]}: $tried of $n answers, each unknown but $odd" >&3
	((odd == 0))
}

# Told that what it dumped has changed meanwhile, the kernel's answer is asked for again; when that goes on, nothing is known.
# bats test_tags=walk
@test "L28 dumps that are interrupted, one by one: asked for again; interrupted for ever: unknown, exit 3" {
	local inject=${VAULT%/*}/test/inject n call status once=0 always=0

	[[ -x $inject ]] || skip "needs the fault injector"
	n=$(host "$inject" list "$VAULT" -q check media | grep -c '^p [0-9]* recvmsg ')
	for ((call = 1; call <= n; call++)); do
		! left_out $call 1 || continue
		status=0
		host env CALL=recvmsg "$inject" interrupt p $call "$VAULT" -q check media > "$BATS_TEST_TMPDIR/said" 2>&1 || status=$?
		((status != 125)) || continue # no part of a dump
		once=$((once + 1))
		[ "$status" = 0 ] || { cat "$BATS_TEST_TMPDIR/said"; echo "call $call: exit $status"; return 1; }
		((once % 4 == 1)) || continue
		status=0
		host env CALL=recvmsg "$inject" interrupt+ p $call "$VAULT" -q check media > "$BATS_TEST_TMPDIR/said" 2>&1 || status=$?
		always=$((always + 1))
		[ "$status" = 3 ] || { cat "$BATS_TEST_TMPDIR/said"; echo "call $call and after: exit $status"; return 1; }
	done
	echo "# interrupted once: $once of $n answers; for ever: $always" >&3
	((once > 20))
}

# bats test_tags=walk
@test "L28 the kernel's answers lost, cut or failing, one by one: unknown, exit 3" {
	[[ -x ${VAULT%/*}/test/inject ]] || skip "needs the fault injector"
	faults 1 fail ENOBUFS
	faults 2 short
	faults 3 empty
}

# Everything there is, byte for byte: also how many frames every interface has passed.
everything() {
	local ns

	for ns in host "inside media"; do
		$ns sh -c 'nft list ruleset; ip -d address; ip route show table all; ip -6 route show table all; ip rule; ip -6 rule
			ip neigh; cat /proc/self/net/dev /proc/self/net/udp /proc/self/net/tcp; wg show all dump
			grep -r . /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf 2> /dev/null || :'
	done
	host sh -c 'find /run/vault /run/netns /run/wireguard -printf "%p %i %m %s %T@\n"; find /run/vault/media -type f -exec cat {} +; cat /proc/self/mounts'
}

# Neighbours ask for each other again by themselves when an entry has aged.
keep_neighbours() {
	local ns

	for ns in host isp "inside media"; do
		$ns sh -c 'ip neigh | while read -r address dev name lladdr mac state; do
			[ "$lladdr" != lladdr ] || ip neigh replace "$address" dev "$name" lladdr "$mac" nud permanent
		done'
	done
}

@test "it sends nothing and changes nothing" {
	# The server forgets sessions of earlier tests, whose packets the host would answer: nobody is there.
	srv sh -c 'for k in client client2; do wg set wg0 peer "$(cat "$LAB/keys/$k.pub")" remove; done
		wg set wg0 peer "$(cat "$LAB/keys/client.pub")" allowed-ips 10.66.0.2/32,fd66::2/128 \
			preshared-key "$LAB/keys/shared" peer "$(cat "$LAB/keys/client2.pub")" \
			allowed-ips 10.66.0.3/32,fd66::3/128 preshared-key "$LAB/keys/shared"'
	# Nor does the tunnel keep itself alive meanwhile.
	host sh -c 'umask 077; sed /^PersistentKeepalive/d "$LAB/provider.conf" > "$LAB/silent.conf"'
	vault up media conf "$LAB/silent.conf"
	sleep 2 # what was asked before has come
	keep_neighbours
	everything > "$BATS_TEST_TMPDIR/before"
	observe isp:to-host host:any media:any --to 198.51.100.1 --to 10.200.0.2 --to 10.200.0.1 --to 10.66.0.1 --to 192.0.2.1
	host sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do "$0" -q check media || exit 1; done' "$VAULT"
	must_not_see
	everything > "$BATS_TEST_TMPDIR/after"
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	# the controls
	must_see host:vlt-media --to 10.200.0.2 -- host curl -sm 1 -o /dev/null http://10.200.0.2/
	everything > "$BATS_TEST_TMPDIR/after"
	run ! diff -q "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "its system calls only read" {
	need strace
	host timeout 60 strace -f -qq -e trace='%file,%network,ioctl,mount,unshare,kill,write' -o "$BATS_TEST_TMPDIR/trace" "$VAULT" -v check media
	host grep -c 'RTM_GETLINK\|openat' "$BATS_TEST_TMPDIR/trace"
	run -1 host grep -E 'O_(WRONLY|RDWR|CREAT)|(mkdir|rename|unlink|chmod|mount|unshare|symlink)(at)?\(' "$BATS_TEST_TMPDIR/trace"
	run -1 host grep -E 'RTM_(NEW|DEL|SET)[A-Z]*, nlmsg_flags=NLM_F_REQUEST|NFT_MSG_(NEW|DEL)[A-Z]*, nlmsg_flags=NLM_F_REQUEST|set=1' "$BATS_TEST_TMPDIR/trace"
	run -1 host grep -E '^[0-9]+ +kill\([0-9]+, [^0]' "$BATS_TEST_TMPDIR/trace"
}
