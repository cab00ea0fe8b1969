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

NET=10.9.0

teardown() {
	despawn_all
	vault down all > /dev/null 2>&1 || :
	host sh -c 'ip link del port0; ip netns del other; ip link del vls-lan' 2> /dev/null || :
}

gateway() { vault up gw conf "$LAB/provider4.conf" segment lan $NET.1/24 gateway "$@"; }
member() { vault up "$1" segment lan "$NET.$2/24" via $NET.1 "${@:3}"; }

# other: a port of another tool, 10.9.0.50, whose router is the gateway
other() {
	host sh -euc 'ip netns add other
		ip link add port0 master vls-lan up type veth peer name eth0 netns other
		ip -n other address add 10.9.0.50/24 dev eth0
		ip -n other link set lo up
		ip -n other link set eth0 up
		ip -n other route add default via 10.9.0.1'
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
	[ "$(inside m1 curl -sS --max-time 9 http://203.0.113.80/)" = 198.51.100.1 ]
	[ "$(inside m2 curl -sS --max-time 9 http://203.0.113.80/)" = 198.51.100.1 ]
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
	run ! grep -q ^nameserver "$(host sh -c 'cat /run/vault/llm/resolv.conf' > "$BATS_TEST_TMPDIR/r"; echo "$BATS_TEST_TMPDIR/r")"
	vault check all
	# The host is on no segment.
	[ -z "$(host ip address show dev vls-lan | grep inet)" ]
	run ! host ping -c 1 -W 1 $NET.9
}
