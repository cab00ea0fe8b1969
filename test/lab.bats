#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/lab.bats: the lab itself. What it shows must be true before anything else that is shown in it means something.

load helper
# shellcheck disable=SC2034 # of helper.bash
tests_outside=1
load outside

# members PIDNS: how many processes are in that pid namespace
members() { find /proc/[0-9]*/ns/pid -printf '%l\n' 2> /dev/null | grep -cxF "$1" || :; }

empty() { [ "$(members "$1")" = 0 ]; }

traces() { ls -A /run; cat /proc/self/mounts; ip -o link; }

@test "lab: the host is seen from the internet by its own addresses, the LAN behind it too" {
	[ "$(host curl -sS http://203.0.113.80/)" = 192.0.2.2 ]
	[ "$(host curl -sS 'http://[2001:db8:9::80]/')" = 2001:db8:1::2 ]
	[ "$(lan curl -sS http://203.0.113.80/)" = 192.0.2.2 ]
	[ "$(lan2 curl -sS http://192.168.77.2/)" = 192.168.77.3 ]
}

@test "lab: names resolve in the host by its own resolver, which logs it" {
	host getent hosts vpn.example
	token
	host getent ahostsv4 "$TOKEN.test" | grep -q 203.0.113.80
	host grep -q "query.* $TOKEN.test from 127.0.0.1" "$LAB/host-dns.log"
	run ! host grep -q "$TOKEN" "$LAB/isp-dns.log"
}

@test "lab: a plain client goes out by the tunnel, in IPv4, IPv6 and with its provider's names" {
	plain_tunnel client "$LAB/provider.conf"
	[ "$(inside client curl -sS http://10.66.0.1/)" = 10.66.0.2 ]
	[ "$(inside client curl -sS 'http://[fd66::1]/')" = fd66::2 ]
	[ "$(inside client curl -sS http://203.0.113.80/)" = 198.51.100.1 ]
	[ "$(inside client curl -sS 'http://[2001:db8:9::80]/')" = 2001:db8:2::1 ]
	token
	[ "$(inside client curl -sS -4 "http://$TOKEN.test/")" = 198.51.100.1 ]
	host grep -q "query.* $TOKEN.test from 10.66.0.2" "$LAB/srv-dns.log"
	run ! host grep -q "$TOKEN" "$LAB/host-dns.log"
	[ "$(inside client curl -sS http://10.66.0.1/big | wc -c)" = 20971520 ]
}

@test "lab: every provider file works: one family only, a named endpoint, a second client with a preshared key" {
	plain_tunnel four "$LAB/provider2.conf"
	[ "$(inside four curl -sS http://10.66.0.1/)" = 10.66.0.3 ]
	for conf in provider4 provider6 named; do
		plain_tunnel "$conf" "$LAB/$conf.conf"
		case $conf in
		provider6) [ "$(inside $conf curl -sS 'http://[fd66::1]/')" = fd66::2 ] ;;
		*) [ "$(inside $conf curl -sS http://10.66.0.1/)" = 10.66.0.2 ] ;;
		esac
		[ "$(host stat -c %a "$LAB/$conf.conf")" = 600 ]
		host ip netns delete "$conf" # the server has one client of that key at a time
	done
}

@test "lab: what goes by the tunnel is not readable on the uplink, and is at the provider" {
	plain_tunnel sealed "$LAB/provider.conf"
	token
	must_see srv:wg0 -- inside sealed wire send udp 203.0.113.9 --token "$TOKEN"
	must_not_see isp:to-host -- inside sealed wire send udp 203.0.113.9 --token "$TOKEN"
}

@test "lab: the observer sees a leak of every kind, in IPv4 and IPv6" {
	for to in 203.0.113.9 2001:db8:9::9; do
		for kind in udp tcp icmp raw syn packet; do
			token
			must_see isp:to-host -- host wire send $kind $to --iface eth0 --token "$TOKEN"
			[ "$SENT" = 0 ]
		done
	done
	must_see isp:any -- host wire send udp 203.0.113.9 --token "$TOKEN"
}

@test "lab: an observer sees packet sockets' frames on a tunnel, where there is no Ethernet" {
	plain_tunnel bare "$LAB/provider.conf"
	for to in 203.0.113.9 2001:db8:9::9; do
		token
		must_see srv:wg0 -- inside bare wire send packet $to --iface tun-bare --token "$TOKEN"
	done
}

@test "lab: observers count by source and destination address, also in ARP and without a token" {
	must_see isp:to-host --from 192.0.2.2 --from 2001:db8:1::2 -- host ping -c 1 203.0.113.9
	must_see isp:to-host --to 2001:db8:9::53 -- host wire send tcp 2001:db8:9::53
	must_not_see isp:to-host --from 10.66.0.2 --to 203.0.113.77 -- host ping -c 1 203.0.113.9
	must_see isp:to-host --from 10.66.0.2 -- host wire send packet 203.0.113.9 --iface eth0 --src 10.66.0.2 --token 00
	must_see isp:to-host --from 192.0.2.2 -- host arping -c 1 -w 1 -I eth0 192.0.2.1
}

@test "lab: what leaves outside the tunnel is counted, the host's own reports of its groups, its neighbours and a closed tunnel's port are not" {
	local before

	count_outside isp
	before=$(went_outside isp)
	must_see isp:to-host --to 224.0.0.22 -- host ip address add 239.1.2.3/32 dev eth0 autojoin
	must_see isp:to-host --to ff02::16 -- host ip address add ff15::77/128 dev eth0 autojoin
	must_see isp:to-host --from 2001:db8:1::2 -- host sh -c 'ip neigh flush dev eth0; ip -6 route get 2001:db8:9::9 > /dev/null; wire send udp 2001:db8:1::77 || :'
	must_see isp:to-host --to 203.0.113.9 -- isp socat -u - UDP4-SENDTO:192.0.2.2:7,bind=203.0.113.9:51820 <<< "to a port that nobody has"
	[ "$(went_outside isp)" = "$before" ]
	# the same, that came from elsewhere or is of another kind
	host wire send udp 203.0.113.9 --port 10
	[ "$(went_outside isp)" = $((before + 1)) ]
	host wire send udp 2001:db8:9::9 --port 10
	[ "$(went_outside isp)" = $((before + 2)) ]
	lan ping -c 1 -t 9 -W 5 203.0.113.9
	[ "$(went_outside isp)" = $((before + 3)) ]
	must_see isp:to-host --to 203.0.113.9 -- host socat -u - UDP4-DATAGRAM:203.0.113.9:10,ttl=1 <<< x # not by its hop limit alone
	[ "$(went_outside isp)" = $((before + 4)) ]
	must_see isp:to-host --to 203.0.113.9 -- isp socat -u - UDP4-SENDTO:192.0.2.2:7,bind=203.0.113.9:51821 <<< "the same, by another's"
	[ "$(went_outside isp)" = $((before + 5)) ]
}

@test "lab: an observer that may have missed frames says so, never that there were none" {
	token
	observe isp:to-host
	host kill -STOP "$SPAWNED" # and with it the nsenter that waits for it: both must go on after
	for _ in {1..12}; do host curl -sS -o /dev/null http://203.0.113.80/big; done
	host kill -CONT "$SPAWNED"
	kill -CONT $(pgrep -f "nsenter.*$SPAWNED_OUT")
	seen
	[ "$SEEN" = unknown ]
}

@test "lab: who is refused is told why" {
	host ip netns add empty
	for kind in udp tcp icmp raw; do
		run -1 inside empty wire send $kind 203.0.113.9 --token 00
		[[ $output == *unreachable* ]]
	done
	run -2 host wire send carrier-pigeon 203.0.113.9
}

@test "lab: a flood enters a namespace as soon as its name appears" {
	token
	spawn host wire flood /run/netns/late 203.0.113.9 --token "$TOKEN" --seconds 3
	observe host:any
	host ip netns add late
	host ip link add leaky type veth peer name out netns late
	host sh -c 'ip -n late link set out up; ip link set leaky up'
	must_see
	retry 5 grep -q '^entered 1 ' "$SPAWNED_OUT" || grep -h entered "$BATS_TEST_TMPDIR"/spawn.*
}

# told ADDRESS COMMAND…: that is what COMMAND is answered
told() { [ "$("${@:2}" <<< x)" = "$1" ]; }

@test "lab: services of the internet tell the address they saw; from the one that was asked" {
	retry 5 told 192.0.2.2 host socat -t1 - UDP:203.0.113.9:9
	retry 5 told 192.0.2.2 host socat -t1 - TCP:203.0.113.9:9
	retry 5 told 2001:db8:1::2 lan socat -t1 - 'UDP:[2001:db8:9::9]:9'
}

@test "lab: two labs at once don't disturb each other; files of one are not in the other" {
	"${top:?}/test/lab/lab" run sh -c "test ! -e /run/netns/client && ip netns add other && curl -sS http://203.0.113.80/ && sleep 1" > "$BATS_TEST_TMPDIR/other" &
	[ "$(host curl -sS http://203.0.113.80/)" = 192.0.2.2 ]
	wait $!
	[ "$(< "$BATS_TEST_TMPDIR/other")" = 192.0.2.2 ]
	run ! host test -e /run/netns/other
}

@test "lab: run returns the command's status and leaves nothing, nor does a lab that is killed" {
	run -7 "$top/test/lab/lab" run sh -c 'exit 7'
	for signal in TERM KILL; do
		before=$(traces)
		setpriv --pdeathsig KILL "$top/test/lab/lab" hold > "$BATS_TEST_TMPDIR/$signal" 2> /dev/null 3>&- 4>&- &
		job=$!
		retry 10 test -s "$BATS_TEST_TMPDIR/$signal"
		read -r pid _ < "$BATS_TEST_TMPDIR/$signal"
		pidns=$(readlink "/proc/$pid/ns/pid")
		[ "$(members "$pidns")" -gt 8 ]
		kill -$signal $job
		retry 5 empty "$pidns"
		[ "$before" = "$(traces)" ]
	done
}
