#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/guard.bats: the guard on the host: that it is known as ours, and what it holds whatever the rules inside.

load helper

teardown() {
	despawn_all
	vault down media > /dev/null 2>&1 || :
	vault down other > /dev/null 2>&1 || :
	host nft flush ruleset
	masquerade
}

# What the lab's host has, and a test may have flushed.
masquerade() {
	host nft 'table inet nat { chain postrouting {
		type nat hook postrouting priority srcnat; policy accept; oifname "eth0" masquerade; }; }'
}

reach_words=(publish 8080 publish 8443:443/tcp accessible-from "192.168.77.0/24,fd00:77::/64" allow-host 631
	allow-to 192.168.77.9:9100/tcp)

# Two vaults, one of them with all that a guard can hold.
up_media() { vault up media conf "$LAB/provider.conf" "${reach_words[@]}" segment lan 10.9.0.2/24 gateway; }
up_other() { vault up other conf "$LAB/provider2.conf" publish 9090; }
up_both() { up_media > /dev/null; up_other > /dev/null; }

# All elements of sets and maps in the host's tables of that name, a line each.
elements() {
	host sh -c "nft -j list table inet $1; nft -j list table bridge $1" | jq -cS '.nftables[] | (.set, .map)? // empty |
		select(.elem) | .name as $n | .elem[] | [$n, .]' | sort
}

# The guard as 49d34d2 made it takes the place of today's, with the marks that the tunnels have in this run.
old_guard() {
	local media other

	read -r media other < <(host nft list set inet vault-guard endpoints4 |
		sed -n 's/.*\(0x76[0-9a-f]*\) .*"vlt-media".*/\1/p; s/.*\(0x76[0-9a-f]*\) .*"vlt-other".*/\1/p' | xargs)
	[[ -n $media && -n $other ]]
	host sh -c 'nft delete table inet vault-guard; nft delete table bridge vault-guard'
	sed "s/0x761a1f03/$media/; s/0x767d0df5/$other/" "$top/test/state/49d34d2.nft" > "$BATS_TEST_TMPDIR/old"
	host nft -f "$BATS_TEST_TMPDIR/old"
}

# bats test_tags=tunnel
@test "HOSTS law 4: the guard carries a mark that nft prints, and survives a list that is loaded again" {
	up_both
	for family in inet bridge; do
		[[ $(host nft list table $family vault-guard) == *$'\n\tcomment "made by vault(8)'* ]]
	done
	host sh -c "nft list ruleset > $LAB/rules; nft flush ruleset; nft -f $LAB/rules"
	# nft writes some rules in another way; but it is ours, and so it is mended
	up_both
	run -0 vault -q check all
	[ -z "$output" ]
}

# bats test_tags=tunnel
@test "HOSTS law 4: a table of the guard's name that is somebody else's is refused, left alone and named" {
	local family
	for family in inet bridge; do
		host nft "table $family vault-guard { chain theirs { counter; }; }"
		theirs=$(host nft list table $family vault-guard)
		run -1 up_media
		[[ $output == *"table $family vault-guard is there and was not made by vault"* ]]
		[[ $output == *"(nft delete table $family vault-guard)"* ]]
		[ "$(host nft list table $family vault-guard)" = "$theirs" ]
		run ! host sh -c 'ip link show vlt-media || ls /run/netns/media'
		run -1 vault down media
		[ "$(host nft list table $family vault-guard)" = "$theirs" ]
		# the printed remedy works as typed
		host nft delete table $family vault-guard
		up_media
		# one that comes while a vault is up
		host nft "delete table $family vault-guard; table $family vault-guard { chain theirs { counter; }; }"
		run -1 vault check media
		[[ $output == *"FAIL "*" guard "*"$family vault-guard is there and was not made by vault"* ]]
		[[ $output == *"(nft delete table $family vault-guard; vault up media as-made)"* ]]
		run -1 up_media
		[[ $output == *"(nft delete table $family vault-guard)"* ]]
		run -0 vault down media
		[ "$(host nft list table $family vault-guard)" = "$theirs" ]
		host nft delete table $family vault-guard
	done
}

# bats test_tags=tunnel
@test "HOSTS law 4: what a hand added to a constant set of the guard is seen, and gone with up, or with down and up" {
	local added before
	up_both
	elements vault-guard > "$BATS_TEST_TMPDIR/before"
	for added in 'inet vault-guard neighbour { echo-request }' 'inet vault-guard routine { echo-request }' \
		'inet vault-guard name_ports { 443 }' 'bridge vault-guard neighbour { echo-request }' \
		'bridge vault-guard routers { echo-request }' 'bridge vault-guard adverts { echo-request }' \
		'bridge vault-guard solicits { echo-request }' 'bridge vault-guard dhcp_clients { 443 }' \
		'bridge vault-guard errors4 { echo-request }' 'bridge vault-guard errors6 { echo-request }'; do
		host nft add element "$added"
		run -1 vault -q check media
		[[ $output == *"FAIL "*" guard "*"element ${added%% \{*}"*"(vault up media as-made)"* ]]
		up_media > /dev/null
		run -0 vault -q check all
		elements vault-guard | diff "$BATS_TEST_TMPDIR/before" -
	done
	# the table stays with the other vault, and is refreshed by the one that comes
	host nft add element inet vault-guard neighbour '{ echo-request }'
	vault down other
	up_other > /dev/null
	run -0 vault -q check all
	elements vault-guard | diff "$BATS_TEST_TMPDIR/before" -
}

# bats test_tags=tunnel
@test "HOSTS law 4: what a hand added to the guard's tables, or changed, of whatever kind, is gone with the up that check asks for" {
	local added
	all_of_it() { host sh -c 'for f in inet bridge; do nft -s -t list table $f vault-guard; done' | sort; elements vault-guard; }
	up_both
	all_of_it > "$BATS_TEST_TMPDIR/before" # the order of rules is for check to see
	while read -r added; do
		host nft "$added"
		run -1 vault -q check media
		[[ $output == *"FAIL "*" guard "*"(vault up media as-made)"* ]] || { echo "$added: $output"; return 1; }
		run -0 up_media
		run -0 vault -q check all
		all_of_it | diff "$BATS_TEST_TMPDIR/before" - || { echo "$added"; return 1; }
	done << 'EOF'
add chain inet vault-guard mine
add chain inet vault-guard hooked { type filter hook input priority -20; policy drop; }
add chain bridge vault-guard mine; add rule bridge vault-guard mine counter
add chain inet vault-guard a; add chain inet vault-guard b; add rule inet vault-guard a jump b; insert rule inet vault-guard input jump a
add counter inet vault-guard mine; insert rule inet vault-guard input counter name mine
add quota inet vault-guard mine { over 10 mbytes; }
add set inet vault-guard mine { type ipv4_addr; }; insert rule inet vault-guard input ip saddr @mine accept
insert rule inet vault-guard input ip saddr { 192.0.2.1, 192.0.2.9 } accept
add chain inet vault-guard mine; add map inet vault-guard ways { type ipv4_addr : verdict; elements = { 192.0.2.1 : jump mine } }
delete chain inet vault-guard diverted; add chain inet vault-guard diverted { type filter hook postrouting priority 50; }
flush chain inet vault-guard output; flush chain inet vault-guard input; flush chain inet vault-guard forward; delete set inet vault-guard routine; add set inet vault-guard routine { type icmpv6_type; flags timeout; }
add chain inet vault-guard forward { policy drop; }
add table inet vault-guard { flags dormant; }
EOF
}

# bats test_tags=tunnel
@test "HOSTS law 4: what a hand added to the guard without a vault's name is the vault's that it leads to, or is about" {
	local added mark
	up_both
	spawn inside media busybox httpd -f -p 22 -h "$LAB/www"
	answers() { host curl -sfm 3 -o /dev/null http://192.168.77.1:9999/; }
	elements vault-guard > "$BATS_TEST_TMPDIR/before"
	mark=$(host nft list set inet vault-guard endpoints4 | sed -n 's/.*\(0x76[0-9a-f]*\) .*"vlt-media".*/\1/p')
	host nft add element inet vault-guard self4 '{ tcp . 9999 . 0.0.0.0/0 : 10.200.0.2 . 22 }'
	retry 5 answers # the control: it opens a port of the host's
	host nft delete element inet vault-guard self4 '{ tcp . 9999 . 0.0.0.0/0 }'
	for added in 'self4 { tcp . 9999 . 0.0.0.0/0 : 10.200.0.2 . 22 }' \
		'self4 { tcp . 9999 . 0.0.0.0/0 comment "vlt-other" : 10.200.0.2 . 22 }' \
		'published4 { tcp . 9999 . 0.0.0.0/0 . 192.168.77.0/24 : 10.200.0.2 . 22 }' \
		'self6 { tcp . 9999 . ::/0 : fd76:6175:6c74::2 . 22 }' "endpoints4 { $mark . 203.0.113.9 . 51820 }"; do
		host nft add element inet vault-guard "$added"
		run -1 vault -q check media
		[[ $output == *"FAIL "*" guard "*"(vault up media as-made)"* ]]
		up_media > /dev/null
		run -0 vault -q check media
		elements vault-guard | diff "$BATS_TEST_TMPDIR/before" -
		run ! answers
	done
	# one of the vault's own that lost its name does what it shall, and is in nobody's way
	for added in 'inet vault-guard addresses4 { 10.200.0.2 }' 'bridge vault-guard addresses4 { 10.9.0.2 }'; do
		host nft "delete element $added; add element $added"
		run -0 vault -q check media
	done
	host nft add element bridge vault-guard neighbour '{ echo-request }'
	up_media > /dev/null
	run -0 vault -q check media
	# nor does the vault's own port wait for it to go
	host nft add element inet vault-guard self4 '{ tcp . 9999 . 0.0.0.0/0 : 10.200.0.2 . 22 }'
	vault up media conf "$LAB/provider.conf" publish 9999:22 > /dev/null
	retry 5 answers
	run -0 vault -q check media
	host nft add element inet vault-guard self4 '{ tcp . 9998 . 0.0.0.0/0 : 10.200.0.2 . 22 }'
	vault down media
	vault down other
	run -0 host nft list ruleset
	[[ $output != *vault* ]]
}

# bats test_tags=tunnel
@test "HOSTS law 4: a table inet vault of another product is left alone by up, check and down" {
	host nft 'table inet vault { comment "HashiCorp Vault"; set peers { type ipv4_addr; elements = { 192.168.77.2 }; }
		counter dropped_endpoint { }
		chain input { type filter hook input priority 0; tcp dport { 8200, 8201 } ip saddr != @peers counter drop; }; }'
	theirs=$(host nft -s list table inet vault)
	vault up media conf "$LAB/provider.conf" publish 8080
	run -0 vault -q check media
	[ -z "$output" ]
	run -0 vault up media conf "$LAB/provider.conf" publish 8080
	[ "$output" = "media: up, sealed, as described" ]
	vault down media
	[ "$(host nft -s list table inet vault)" = "$theirs" ]
	run ! host nft list table inet vault-guard
}

# bats test_tags=tunnel
@test "HOSTS law 6: an older version's guard is taken over, all vaults' elements with it, in one transaction" {
	up_both
	elements vault-guard > "$BATS_TEST_TMPDIR/before"
	old_guard
	elements vault > "$BATS_TEST_TMPDIR/old-elements"
	(($(wc -l < "$BATS_TEST_TMPDIR/old-elements") > 20))
	for name in media other; do
		run -1 vault check $name
		[[ $output == *"FAIL "*" guard "*"it is as an older version of vault made it (vault up $name as-made)"* ]]
	done
	spawn host nft monitor tables # of elements in concatenated ranges nft 1.0.6 dies
	monitor=$SPAWNED_OUT
	begun() { host nft 'add table inet begun; delete table inet begun' && grep -q begun "$monitor"; } # until it listens
	retry 5 begun
	run -0 up_other
	[[ $output == *"~ guard on the host"* ]]
	elements vault-guard > "$BATS_TEST_TMPDIR/after"
	grep -v '"bridge"' "$BATS_TEST_TMPDIR/before" | diff <(grep vlt- "$BATS_TEST_TMPDIR/before") <(grep vlt- "$BATS_TEST_TMPDIR/after")
	run ! host nft list table inet vault
	# no generation of the rules was without one of the two
	host nft add table inet ended
	retry 5 grep -q ended "$monitor" || cat "$monitor" >&2
	awk '/add table inet vault-guard/ { made = 1 } /delete table inet vault$/ { exit !made } /^# new generation/ { made = 0 }' \
		"$monitor"
	grep -q 'delete table inet vault$' "$monitor"
	host nft delete table inet ended
	# the segments' too, by the vault that has a leg
	host nft list table bridge vault > /dev/null
	run -0 up_media
	run ! host nft list table bridge vault
	elements vault-guard | diff "$BATS_TEST_TMPDIR/before" -
	run vault -q check all
	[ -z "$output" ]
	vault down media
	vault down other
	run -0 host nft list ruleset
	[[ $output != *vault* ]]
}

# bats test_tags=tunnel
@test "HOSTS law 6: with an older version's guard a vault is taken down, and others keep their elements" {
	up_both
	old_guard
	host nft flush chain inet vault forward # also one that a hand has changed
	run -0 vault down media
	elements vault-guard > "$BATS_TEST_TMPDIR/after"
	grep -q vlt-other "$BATS_TEST_TMPDIR/after"
	run ! grep -q vlt-media "$BATS_TEST_TMPDIR/after"
	run -0 vault -q check other
	[ -z "$output" ]
	vault down other
	run -0 host nft list ruleset
	[[ $output != *vault* ]]
}

counted() { host nft -j list counter inet vault-guard "$1" | jq '.nftables[] | .counter? // empty | .packets'; }
mac() { host cat "/sys/class/net/$1/address"; }

# bats test_tags=tunnel
@test "L35 root inside forges an answer in a flow of the host's by the uplink: it is dropped, with any rp_filter" {
	need python3
	local before answers
	up_media > /dev/null
	inside media nft flush ruleset
	host sh -c 'for f in all default vlt-media eth0; do sysctl -qw net.ipv4.conf.$f.rp_filter=0; done'
	# The host asks somebody beyond the uplink, who is mute; then root inside answers in that one's name.
	ask='import socket, sys
f = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(f, socket.SOCK_DGRAM)
s.connect((sys.argv[1], 4444))
s.send(b"who?")
print(s.getsockname()[1], flush=True)
s.settimeout(float(sys.argv[2]))
try:
    print(s.recv(99), flush=True)
except OSError as e:
    print("nothing", flush=True)'
	forged() { # DST OWN-OF-THE-HOST SECONDS
		spawn host python3 -c "$ask" "$1" "$3"
		answers=$SPAWNED_OUT
		retry 5 test -s "$answers"
		read -r port < "$answers"
		inside media python3 "$top/test/forge.py" udp link-media "$(mac vlt-media)" "$1" 4444 "$2" "$port" forged-answer
		retry 20 sh -c "test \$(wc -l < $answers) = 2"
		tail -n 1 "$answers"
	}
	spawn isp wire sink 4444
	retry 5 isp sh -c 'ss -lun | grep -q :4444'
	host tc qdisc del dev vlt-media clsact # the second wall, which would not let it come so far
	before=$(counted dropped_forged)
	[ "$(forged 203.0.113.9 192.0.2.2 2)" = nothing ]
	[ "$(forged 2001:db8:9::9 2001:db8:1::2 2)" = nothing ]
	(($(counted dropped_forged) >= before + 2))
	# The control: without that rule the host believes it.
	for handle in $(host nft -a list chain inet vault-guard prerouting | sed -n 's/.*L35.*# handle //p'); do
		host nft delete rule inet vault-guard prerouting handle "$handle"
	done
	[ "$(forged 203.0.113.9 192.0.2.2 20)" = "b'forged-answer'" ]
	[ "$(forged 2001:db8:9::9 2001:db8:1::2 20)" = "b'forged-answer'" ]
}

# bats test_tags=tunnel
@test "L35 nobody on the LAN or the uplink answers in a vault's name" {
	up_media > /dev/null
	before=$(counted dropped_forged)
	isp wire send packet 192.0.2.2 --iface to-host --src 10.200.0.2 --mac "$(mac eth0)" --port 9
	isp wire send packet 2001:db8:1::2 --iface to-host --src fd76:6175:6c74::2 --mac "$(mac eth0)" --port 9
	retry 5 eval '(($(counted dropped_forged) >= before + 2))'
	# and the vault itself is heard
	spawn inside media busybox httpd -f -p 80 -h "$LAB/www"
	retry 5 host curl -sfm 5 -o /dev/null http://10.200.0.2/
	[ "$(counted dropped_forged)" = $((before + 2)) ]
}

# A host as DHCP option 121 makes it: the vault's own address, by the uplink.
divert() { host ip route add 10.200.0.2/32 via 192.0.2.1 dev eth0; host ip -6 route add fd76:6175:6c74::2/128 via 2001:db8:1::1 dev eth0; }

# bats test_tags=tunnel
@test "L34 a route of the uplink's for the vault's address: no request leaves there, by itself or by a published port" {
	local before
	up_media > /dev/null
	spawn inside media busybox httpd -f -p 8080 -h "$LAB/www"
	retry 5 host curl -sfm 5 -o /dev/null http://10.200.0.2:8080/
	divert
	ask() {
		host sh -c "printf 'GET /$TOKEN HTTP/1.0\r\nCookie: $TOKEN\r\n\r\n' > $LAB/request"
		host wire send udp 10.200.0.2 --port 9 --token "$TOKEN" || :
		host wire send udp fd76:6175:6c74::2 --port 9 --token "$TOKEN" || :
		for at in 10.200.0.2:8080 127.0.0.1:8080 192.168.77.1:8080 '[fd76:6175:6c74::2]:8080'; do
			host curl -sm 2 -H "Cookie: $TOKEN" "http://$at/" > /dev/null || :
		done
		lan curl -sm 2 -H "Cookie: $TOKEN" http://192.168.77.1:8080/ > /dev/null || :
	}
	token
	before=$(counted dropped_diverted)
	must_not_see isp:to-host --token "$TOKEN" --to 10.200.0.2 --to fd76:6175:6c74::2 -- ask
	(($(counted dropped_diverted) >= before + 5))

	# said by check and by up, each with a remedy that works as typed
	run -1 vault -q check media
	[[ $output == *"FAIL     way"*"10.200.0.2 is by eth0"*"(ip route del 10.200.0.2/32 via 192.0.2.1 dev eth0)"* ]]
	[[ $output == *"(ip -6 route del fd76:6175:6c74::2/128 via 2001:db8:1::1 dev eth0)"* ]]
	run -0 up_media
	[[ $output == *"warning: the host's way to 10.200.0.2 is by eth0"* ]]
	# the control: without that rule it leaves
	for handle in $(host nft -a list chain inet vault-guard diverted | sed -n 's/.*L34.*# handle //p'); do
		host nft delete rule inet vault-guard diverted handle "$handle"
	done
	token
	must_see isp:to-host --token "$TOKEN" -- ask
	up_media > /dev/null 2>&1
	host ip route del 10.200.0.2/32 via 192.0.2.1 dev eth0
	host ip -6 route del fd76:6175:6c74::2/128 via 2001:db8:1::1 dev eth0
	run -0 vault -q check media
	host curl -sfm 60 -o /dev/null http://10.200.0.2:8080/

	# a rule to another table, as mesh VPNs lay it; and the link's own route gone
	host sh -c 'ip route add 10.0.0.0/8 via 192.0.2.1 dev eth0 table 52; ip rule add priority 5270 lookup 52'
	run -1 vault -q check media
	[[ $output == *"(ip rule add priority 1 to 10.200.0.2 lookup main)"* ]]
	host ip rule add priority 1 to 10.200.0.2 lookup main
	run -0 vault -q check media
	host sh -c 'ip rule del priority 1; ip rule del priority 5270; ip route flush table 52'
	host ip route del 10.200.0.0/30 dev vlt-media
	run -1 vault -q check media
	[[ $output == *"(ip route add 10.200.0.0/30 dev vlt-media)"* ]]
	host ip route add 10.200.0.0/30 dev vlt-media
	run -0 vault -q check media
}

# What enters the host's stacks from the link is counted, before any rule.
witness() {
	host nft 'table inet witness { chain entered { type filter hook prerouting priority -450; iifname "vlt-media" counter; }; }
		table arp witness { chain entered { type filter hook input priority -450; iifname "vlt-media" counter; }; }'
}
witnessed() { host sh -c 'nft -j list table inet witness; nft -j list table arp witness' | jq -s '[.. | .counter? // empty | .packets] | add'; }

# bats test_tags=tunnel
@test "HO-14 L39 the host's rules flushed and those inside: no frame that root inside can make is let out" {
	need python3
	up_media > /dev/null
	host nft flush ruleset # as a firewall does that is loaded again
	masquerade
	inside media nft flush ruleset
	host sh -c 'for f in all default vlt-media eth0 eth1; do sysctl -qw net.ipv4.conf.$f.rp_filter=0; done
		sysctl -qw net.ipv4.conf.vlt-media.forwarding=1'
	witness
	forge() {
		inside media python3 "$top/test/forge.py" all link-media "$(mac vlt-media)" 10.200.0.2 fd76:6175:6c74::2 "$TOKEN" \
			10.200.0.1 127.0.0.1 192.0.2.1 203.0.113.9 192.168.77.2 192.168.77.9 \
			fd76:6175:6c74::1 2001:db8:1::1 2001:db8:9::9 fd00:77::2 > "$BATS_TEST_TMPDIR/sent"
	}
	token
	observe isp:to-host lan2:to-host --token "$TOKEN"
	forge
	must_not_see
	(($(< "$BATS_TEST_TMPDIR/sent") > 200))
	[ "$(witnessed)" = 0 ]
	# A port of the vault's own that may be asked is answered still: the wall is no cut wire.
	spawn inside media busybox httpd -f -p 8080 -h "$LAB/www"
	retry 5 host curl -sfm 5 -o /dev/null http://10.200.0.2:8080/
	lan ip route add 10.200.0.0/30 via 192.168.77.1
	lan curl -sfm 60 -o /dev/null http://10.200.0.2:8080/
	lan ip route del 10.200.0.0/30
	# The control: without it they come out by each way.
	before=$(witnessed)
	host tc qdisc del dev vlt-media clsact
	token
	must_see isp:to-host --token "$TOKEN" -- forge
	token
	must_see lan2:to-host --token "$TOKEN" -- forge
	(($(witnessed) > before + 200))
}

# bats test_tags=tunnel
@test "HO-14 what is left to root inside without any rules: answers, by their shape, to who may enter" {
	need python3
	up_media > /dev/null
	host nft flush ruleset
	inside media nft flush ruleset
	send() { inside media python3 "$top/test/forge.py" udp link-media "$(mac vlt-media)" 10.200.0.2 9 "$1" "$2" "$TOKEN-as-text"; }
	host nft 'table inet witness { chain entered { type filter hook prerouting priority -450
		iifname "vlt-media" meta l4proto udp counter; }; }; table arp witness { }'
	TOKEN=x
	send 10.200.0.1 4000 # stated in vault(8): a datagram cannot be told from an answer
	[ "$(witnessed)" = 1 ]
	send 192.168.77.2 4000
	[ "$(witnessed)" = 2 ]
	send 192.168.77.2 53
	send 10.200.0.1 5353
	send 192.0.2.1 4000
	[ "$(witnessed)" = 2 ]
}

# bats test_tags=tunnel
@test "HO-14 the wall is seen by check and mended by up, whatever was done to it; another's filter is told apart" {
	local break
	up_media > /dev/null
	run -0 vault -v check media
	[[ $output == *"ok       wall "* ]]
	host tc filter show dev vlt-media ingress > "$BATS_TEST_TMPDIR/as-made"
	for break in 'tc qdisc del dev vlt-media clsact' 'tc filter del dev vlt-media ingress' \
		'tc filter replace dev vlt-media ingress protocol all prio 1 handle 1 bpf da bytecode "1,6 0 0 0"'; do
		host sh -c "$break"
		run -1 vault -q check media
		[[ $output == *"FAIL     wall "*"(vault up media as-made)"* ]]
		run -0 up_media
		[[ $output == *"second wall on vlt-media"* ]]
		host tc filter show dev vlt-media ingress | diff "$BATS_TEST_TMPDIR/as-made" -
		run -0 vault -q check media
	done
	# one that stands in its place, which `up` cannot take
	host tc filter del dev vlt-media ingress
	host tc filter add dev vlt-media ingress protocol ip prio 1 handle 1 bpf da bytecode "1,6 0 0 2"
	run -1 vault -q check media
	[[ $output == *"FAIL     wall "*"(tc qdisc del dev vlt-media clsact; vault up media as-made)"* ]]
	run -1 up_media
	[[ $output == *"(tc qdisc del dev vlt-media clsact)"* ]]
	host tc qdisc del dev vlt-media clsact
	up_media > /dev/null
	run -0 vault -q check media
	host tc filter add dev vlt-media ingress protocol all prio 7 bpf da bytecode "1,6 0 0 0"
	run -1 vault -q check media
	[[ $output == *"FAIL     attached "*"(tc qdisc del dev vlt-media clsact; vault up media as-made)"* ]]
	host tc qdisc del dev vlt-media clsact
	up_media > /dev/null
	run -0 vault -q check media
}

# bats test_tags=tunnel
@test "L39 the host's end without guard and wall: no route is learned from inside, 127.0.0.1 only while published there" {
	local conf=/proc/sys/net/ipv6/conf/vlt-media
	vault up media conf "$LAB/provider.conf" publish 192.168.77.1:8080 > /dev/null
	for s in accept_ra autoconf accept_redirects; do [ "$(host cat $conf/$s)" = 0 ]; done
	[ "$(host cat /proc/sys/net/ipv4/conf/vlt-media/route_localnet)" = 0 ]
	host nft flush ruleset
	inside media nft flush ruleset
	host tc qdisc del dev vlt-media clsact
	host sysctl -qw net.ipv4.conf.vlt-media.rp_filter=0
	mac=$(mac vlt-media)
	offer() {
		inside media wire send ra ff02::1 --iface link-media --src fe80::2
		inside media wire send packet 127.0.0.1 --iface link-media --src 10.200.0.2 --port 9 --mac "$mac"
	}
	learned() { host ip -6 route show dev vlt-media | grep -q 'proto ra'; }
	local_packets() { host nft -j list table inet local | jq '[.. | .counter? // empty | .packets] | add'; }
	host nft 'table inet local { chain in { type filter hook input priority 0; iifname "vlt-media" ip daddr 127.0.0.1 counter; }; }'
	offer
	# the controls: as a host has it that sets neither
	host sh -c "echo 2 > $conf/accept_ra"
	run ! learned
	[ "$(local_packets)" = 0 ]
	run -1 vault -q check media
	[[ $output == *"net/ipv6/conf/vlt-media/accept_ra is 2, not 0"* ]] || [[ $output == *"FAIL     guard"* ]]
	host sysctl -qw net.ipv4.conf.vlt-media.route_localnet=1
	offer
	retry 5 learned
	[ "$(local_packets)" = 1 ]
	vault up media conf "$LAB/provider.conf" publish 192.168.77.1:8080 > /dev/null
	[ "$(host cat $conf/accept_ra)$(host cat /proc/sys/net/ipv4/conf/vlt-media/route_localnet)" = 00 ]

	# Published to localhost: a flush opens it not, the wall stands apart.
	vault up media conf "$LAB/provider.conf" publish 8080 > /dev/null
	[ "$(host cat /proc/sys/net/ipv4/conf/vlt-media/route_localnet)" = 1 ]
	host nft flush ruleset
	inside media nft flush ruleset 2> /dev/null || :
	host nft 'table inet local { chain in { type filter hook input priority 0; iifname "vlt-media" ip daddr 127.0.0.1 counter; }; }'
	offer
	[ "$(local_packets)" = 0 ]
	host tc qdisc del dev vlt-media clsact
	offer
	[ "$(local_packets)" = 1 ]
}

@test "HO-2 two peers with one endpoint: sound, and nothing to do" {
	host sh -c 'umask 077; { cat $LAB/provider.conf; printf "\n[Peer]\nPublicKey = %s\nEndpoint = 198.51.100.1:51820\nAllowedIPs = 10.99.0.0/24\n" \
		"$(cat $LAB/keys/client2.pub)"; } > $LAB/two.conf'
	vault up two conf "$LAB/two.conf" > "$BATS_TEST_TMPDIR/up"
	run -0 vault -q check two
	run -0 vault up two conf "$LAB/two.conf"
	[ "$output" = "two: up, sealed, as described" ]
	[ "$(host nft list set inet vault-guard endpoints4 | grep -c '198.51.100.1 . 51820')" = 1 ]
	vault down two
}
