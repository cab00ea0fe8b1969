#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/mend.bats: what `check` finds wrong in a vault, `up` puts right or names; a mend that cannot be whole makes nothing
# worse. Each drift is shown to `check` first: the control.

load helper

setup_file() {
	lab_start
	vault up media conf "$LAB/provider.conf"
}

setup() {
	conf=$LAB/provider.conf
	vault up media conf "$conf" > "$BATS_TEST_TMPDIR/up"
	quiet_check
}

# A test that failed leaves a vault that no other begins with.
teardown() {
	despawn_all
	[[ ${BATS_TEST_COMPLETED-} ]] || vault down media > /dev/null 2>&1 || :
	host sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
}

quiet_check() { vault -q check media > "$BATS_TEST_TMPDIR/check"; }

# unknown_kind TEXT: this kernel has no such thing, as it says itself
unknown_kind() { [[ $1 == *"not supported"* || $1 == *"Unknown device type"* || $1 == *"kind is unknown"* ]]; }

# Each line is a drift, in the words of ip(8) in the vault's namespace. `check` says FAIL, one `up` says what it changed
# and 0, then `check` is sound, and the next `up` has nothing to do.
mends() {
	local line said done=0

	while read -r line; do
		[[ $line ]] || continue
		if ! said=$(inside media sh -ec "$line" 2>&1); then
			unknown_kind "$said" || { echo "not done: $line: $said"; return 1; }
			echo "# not on this kernel: $line" >&3
			continue
		fi
		run vault -q check media
		[[ $status == 1 && $output == *FAIL* ]] || { echo "check saw nothing of: $line: $status $output"; return 1; }
		run vault up media conf "$conf"
		[[ $status == 0 && $output == *"media: "[-+~]* ]] || { echo "not mended: $line: $status $output"; return 1; }
		quiet_check || { echo "after up, check: $line: $(< "$BATS_TEST_TMPDIR/check")"; return 1; }
		run vault up media conf "$conf"
		[ "$output" = "media: up, sealed, as described" ] || { echo "not settled: $line: $output"; return 1; }
		done=$((done + 1))
	done
	echo "# $done drifts, each found and mended" >&3
	((done))
}

@test "BX-3 routes that take more than their destination to name: by TOS, source, next hops, nexthop object, metric, table" {
	mends <<- 'END'
		ip route add 1.2.3.0/24 tos 0x10 dev wg-media
		ip route add default tos 0x10 via 10.200.0.1 dev link-media
		ip nexthop add id 7 dev wg-media; ip route add 1.2.3.0/24 nhid 7
		ip nexthop replace id 7 dev wg-media; ip route replace default nhid 7
		ip nexthop replace id 8 via 10.200.0.1 dev link-media; ip nexthop replace id 9 group 7/8; ip route add 1.2.3.0/24 nhid 9
		ip -6 route add 2001:db8:5::/48 from fd66::/64 dev wg-media
		ip -6 route add default from fd66::2/128 dev wg-media
		ip route add 1.2.3.0/24 nexthop dev wg-media nexthop via 10.200.0.1 dev link-media
		ip route replace default nexthop dev wg-media nexthop via 10.200.0.1 dev link-media
		ip route replace default nexthop dev wg-media weight 1 nexthop dev wg-media weight 2
		ip -6 route add 2001:db8:5::/48 nexthop via fd76:6175:6c74::1 dev link-media nexthop via fd76:6175:6c74::3 dev link-media
		ip route add default dev wg-media metric 50
		ip route append default dev wg-media mtu 1200
		ip route add 1.2.3.0/24 dev wg-media mtu 1200 advmss 1000 initcwnd 20
		ip route change default dev wg-media mtu 1200
		ip route add 1.2.3.0/24 dev wg-media proto kernel
		ip route add 1.2.3.0/24 dev wg-media proto bgp
		ip route add 1.2.3.0/24 dev wg-media scope host
		ip route add 1.2.3.0/24 dev wg-media realm 5
		ip route add 1.2.3.0/24 dev wg-media src 10.66.0.2
		ip route add 1.2.3.0/24 via 9.9.9.9 dev link-media onlink
		ip route add 1.2.3.0/24 via inet6 fd76:6175:6c74::1 dev link-media
		ip route add blackhole 1.2.3.0/24
		ip route add throw 1.2.3.0/24 metric 9
		ip -6 route add prohibit 2001:db8:5::/48
		ip -6 route add 2001:db8:5::/48 dev wg-media expires 600
		ip route add 1.2.3.0/24 dev wg-media table 77
		ip route add 1.2.3.0/24 dev wg-media table 7777
		ip -6 route add 2001:db8:5::/48 dev wg-media table 77
		ip route add local 1.2.3.4 dev lo table local
		ip route add multicast 224.9.9.0/24 dev wg-media
		ip -6 route add multicast ff05::/16 dev wg-media table local
		ip route add 1.2.3.0/24 encap ip id 5 dst 10.200.0.1 dev wg-media
		ip -6 route add 2001:db8:5::/48 encap seg6 mode encap segs fd66::1 dev wg-media
		ip route add 1.2.3.0/24 encap mpls 100 dev wg-media
	END
}

@test "BX-3 routes of the kernel's own that somebody removed" {
	mends <<- 'END'
		ip route del local 10.66.0.2 table local
		ip route del 10.200.0.0/30 dev link-media
		ip -6 route del fd76:6175:6c74::/126 dev link-media
	END
}

@test "BX-3 addresses with a peer, a label, a broadcast, a lifetime, another scope, on the loopback interface" {
	mends <<- 'END'
		ip addr add 10.9.9.9 peer 10.8.8.8/32 dev wg-media
		ip addr add 10.66.0.2 peer 10.8.8.8/32 dev wg-media
		ip addr del 10.66.0.2/32 dev wg-media; ip addr add 10.66.0.2 peer 10.8.8.8/32 dev wg-media
		ip addr add fd66::9 peer fd66::8/128 dev wg-media
		ip addr change fd66::2 peer fd66::8/128 dev wg-media
		ip addr add 10.9.9.9/24 brd + dev wg-media label wg-media:1
		ip addr del 10.66.0.2/32 dev wg-media; ip addr add 10.66.0.2/32 brd 10.66.0.255 dev wg-media
		ip addr del 10.66.0.2/32 dev wg-media; ip addr add 10.66.0.2/32 scope host dev wg-media
		ip addr add 10.9.9.9/24 dev wg-media; ip addr add 10.9.9.10/24 dev wg-media
		ip addr change 10.66.0.2/32 dev wg-media valid_lft 3000 preferred_lft 3000
		ip addr change fd66::2/128 dev wg-media valid_lft 3000 preferred_lft 3000
		ip addr add fd66::77/64 dev wg-media nodad noprefixroute
		ip addr add 10.9.9.9/32 dev lo
		ip addr add fd66::9/128 dev lo
	END
}

@test "BX-3 policy rules, added and removed; neighbours and proxies entered by hand" {
	mends <<- 'END'
		ip rule add pref 100 from 10.66.0.2 lookup 77
		ip -6 rule add pref 100 iif lo lookup 77
		ip rule add pref 32766 not from 9.9.9.9 lookup main
		ip rule add pref 100 lookup main suppress_prefixlength 0
		ip rule add pref 5 blackhole
		ip rule add pref 5 ipproto tcp dport 80-90 fwmark 1/0xff uidrange 5-9 lookup main
		ip rule del pref 0
		ip rule del pref 32766
		ip -6 rule del pref 32766
		ip rule flush
		ip neigh replace 10.200.0.1 lladdr 02:00:00:00:00:01 dev link-media nud permanent
		ip neigh replace fd76:6175:6c74::1 lladdr 02:00:00:00:00:01 dev link-media nud permanent
		ip neigh add proxy 10.66.0.2 dev link-media
		ip neigh add proxy fd66::2 dev link-media
	END
}

@test "BX-3 the ends of the link: without ARP, with an MTU too small for IPv6; several drifts at once" {
	mends <<- 'END'
		ip link set link-media arp off
		ip link set link-media mtu 600
		ip link set wg-media mtu 600
		ip link set lo down
		ip route add 1.2.3.0/24 tos 4 dev wg-media; ip addr add 10.9.9.9 peer 10.8.8.8/32 dev lo; ip rule add pref 9 lookup 77; ip route add 1.2.3.0/24 dev wg-media table 77; nft flush chain inet vault output
	END
}

# A thing that may be somebody's is left alone: named, and the rest is mended all the same.
@test "BX-3 an interface, a table of rules, a queue that nobody asked for: named by up, which exits 1 and mends the rest" {
	run -0 inside media sh -ec 'ip link add br9 type bridge; nft add table ip other; ip route add 1.2.3.0/24 tos 4 dev wg-media
		nft flush chain inet vault input; tc qdisc add dev wg-media clsact'
	host nft flush chain inet vault-guard forward
	host sh -c 'echo nameserver 9.9.9.9 > /run/vault/media/resolv.conf'
	run -1 vault -q check media
	run -1 vault up media conf "$conf"
	echo "$output"
	[[ $output == *"- route 1.2.3.0/24"* && $output == *"~ kill switch"* && $output == *"~ guard on the host"* ]]
	[[ $output == *"vault: media: interface br9 inside"*"(ip -n media link del dev br9)"* ]]
	[[ $output == *"vault: media: table other"* && $output == *"vault: media: wg-media inside has a queue of tc"* ]]
	host grep -q 10.66.0.1 /run/vault/media/resolv.conf
	# check and up name the same
	run -1 vault -q check media
	[[ $output == *br9* && $output == *other* && $output == *clsact* ]]
	[ "$(grep -c FAIL <<< "$output")" = 3 ]
	inside media ip link show br9 > /dev/null
	run -0 inside media sh -ec 'ip link del br9; nft delete table ip other; tc qdisc del dev wg-media clsact'
	vault up media conf "$conf"
	quiet_check
}

# Somebody else is at work inside: rounds have an end.
@test "BX-3 what comes back as soon as it is removed: the rest is mended all the same, in bounded time" {
	spawn inside media sh -c 'while :; do ip route add 1.2.3.0/24 dev wg-media 2> /dev/null || :; done'
	host nft flush chain inet vault-guard forward
	run vault up media conf "$conf"
	echo "$status: $output"
	host nft list chain inet vault-guard forward | grep -q allow-to
	despawn "$SPAWNED"
	vault up media conf "$conf"
	quiet_check
}

works() { [[ $(inside media curl -sS -m 60 http://203.0.113.80/) == 198.51.100.1 ]]; }
from_host() { host ping -c 1 -W 5 10.200.0.2 > /dev/null || host curl -sm 5 -o /dev/null http://10.200.0.2:1/ || [ $? = 7 ]; }
off() { host sysctl -qw "net.ipv6.conf.$1.disable_ipv6=1"; }

# Until now: "making link vlt-media: Permission denied (run it as root)", and no leak test.
@test "HO-5 IPv6 off on the host, a file of both families: up with IPv4, one warning, sound; it works, and leaktest runs" {
	vault down media
	off all
	off default
	run -0 vault up media conf "$conf"
	echo "$output"
	[ "$(grep -c warning <<< "$output")" = 1 ]
	[[ $output == *"the host has IPv6 off"*"the link has IPv4 alone"* ]]
	quiet_check
	works
	from_host
	run -0 vault up media conf "$conf"
	[[ ${lines[-1]} == "media: up, sealed, as described" ]]
	run -0 vault leaktest media
	[[ ${lines[-1]} == "media: sealed" ]]
	# the control: nothing of IPv6 leaves, and with IPv6 on again the link has it
	host sysctl -qw net.ipv6.conf.all.disable_ipv6=0
	vault up media conf "$conf"
	quiet_check
	host ping -6 -c 1 -W 30 fd76:6175:6c74::2 > /dev/null || host ip -6 address show dev vlt-media | grep -q fd76
	vault down media
}

@test "HO-5 words that allow by IPv6 on a host without it: they are left out, and that is said" {
	vault down media
	off default
	run -0 vault up media conf "$conf" accessible-from fd00:77::/64 accessible-from 192.168.77.0/24 publish 9091/tcp
	echo "$output"
	[[ $output == *"nothing is reached by IPv6"* ]]
	run -0 vault -q check media
	vault down media
}

# Until now: `up` failed, and left the link down without its addresses.
@test "HO-5 IPv6 is switched off under a vault that is up: up makes it sound, and nothing that worked ends" {
	spawn inside media curl -sN http://203.0.113.80/cgi-bin/drip
	local out=$SPAWNED_OUT pid=$SPAWNED lines_before
	retry 10 host sh -c "[ \$(wc -l < $out) -ge 3 ]"
	off all
	run -1 vault -q check media
	run -0 vault up media conf "$conf"
	echo "$output"
	quiet_check
	from_host
	lines_before=$(host wc -l < "$out")
	retry 10 host sh -c "[ \$(wc -l < $out) -ge $((lines_before + 5)) ]"
	host kill -0 "$pid"
	host sysctl -qw net.ipv6.conf.all.disable_ipv6=0
	vault up media conf "$conf"
	quiet_check
	host ip -6 address show dev vlt-media | grep -q fd76:6175:6c74::1/126
}

@test "BX-3 one mend fails: what can be mended is, and what worked goes on working" {
	host mount --bind /dev/null /run/vault/media/resolv.conf # which then nobody can replace
	host nft flush chain inet vault-guard forward
	inside media ip route add 1.2.3.0/24 tos 4 dev wg-media
	run -1 vault up media conf "$conf"
	echo "$output"
	[[ $output == *"~ guard on the host"* && $output == *"- route 1.2.3.0/24"* && $output == *"putting right files of media"* ]]
	host umount /run/vault/media/resolv.conf
	works
	from_host
	vault up media conf "$conf"
	quiet_check
}

named_conf() {
	host sh -c "sed 's/^Endpoint = 198.51.100.1/Endpoint = $1/' $LAB/provider.conf > $LAB/named.conf"
	conf=$LAB/named.conf
}

@test "BX-3 an endpoint whose name cannot be looked up: the rest is mended first; it stays what it was, or that is an error" {
	vault down media
	host cp /etc/hosts "$LAB/hosts.kept"
	host sh -c 'echo 198.51.100.1 server.example > /run/lab/hosts; mount --bind /run/lab/hosts /etc/hosts'
	named_conf server.example
	vault up media conf "$conf"
	quiet_check
	host umount /etc/hosts
	host sh -c 'echo > /run/lab/hosts; mount --bind /run/lab/hosts /etc/hosts'
	host nft flush chain inet vault-guard forward
	run -0 vault up media conf "$conf"
	echo "$output"
	[[ $output == *"warning: endpoint server.example: "*"it stays 198.51.100.1"* && $output == *"~ guard on the host"* ]]
	quiet_check
	works
	# a name that was never looked up: what was asked is not done, but what there is is mended
	named_conf other.example
	host nft flush chain inet vault-guard forward
	inside media ip route add 1.2.3.0/24 tos 4 dev wg-media
	run -1 vault up media conf "$conf" publish 9091/tcp
	echo "$output"
	[[ $output == *"endpoint other.example: "* && $output == *"~ guard on the host"* && $output == *"- route 1.2.3.0/24"* ]]
	quiet_check
	works
	host umount /etc/hosts
	vault down media
}

@test "BX-3 up while the uplink is gone: the MTU, which nobody can tell now, stays; and so does the endpoint" {
	local mtu was

	host sh -c "sed '/^MTU/d' $LAB/provider.conf > $LAB/any-mtu.conf"
	conf=$LAB/any-mtu.conf
	host ip link set eth0 mtu 1492
	vault down media
	vault up media conf "$conf"
	was=$(inside media cat /sys/class/net/wg-media/mtu)
	[ "$was" = 1412 ]
	host sh -c 'ip route save table main > /run/lab/routes4; ip -6 route save table main > /run/lab/routes6
		ip route flush exact default; ip -6 route flush exact default'
	run -0 vault up media conf "$conf"
	echo "$output"
	mtu=$(inside media cat /sys/class/net/wg-media/mtu)
	[ "$mtu" = "$was" ]
	quiet_check
	host sh -c 'ip route restore < /run/lab/routes4; ip -6 route restore < /run/lab/routes6' 2> /dev/null || :
	host ip link set eth0 mtu 1500
	vault down media
	vault up media conf "$conf"
	works
}

@test "a preshared key that a hand gave a peer goes, also where the keys of the file are in the tunnel alone" {
	host sh -c 'sed /^PresharedKey/d "$LAB/provider.conf" | "$0" up media conf -' "$VAULT"
	inside media wg set wg-media peer "$(inside media wg show wg-media peers)" preshared-key /run/lab/keys/shared
	run -1 vault -q check media
	[[ $output == *FAIL*peers* ]]
	vault up media as-made
	[ "$(inside media wg show wg-media preshared-keys | cut -f 2)" = "(none)" ]
	vault -q check media
	vault down media
}

# A process that is ending has no memory any more, and its socket still: here for half a second from the first question on.
ending_program() {
	cat > "$LAB/ending.py" <<'EOF'
import ctypes, os, socket, sys, threading, time

s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()

def end():
    s.accept()[0].close()
    time.sleep(0.5)
    os._exit(0)

threading.Thread(target=end).start()
ctypes.CDLL(None).syscall(60, 0) # exit(2) of the first thread alone
EOF
	spawn host python3 "$LAB/ending.py" /run/wireguard/wg-media.sock
	# shellcheck disable=SC2016
	retry 5 host sh -c '! grep -q . "/proc/$0/environ" 2> /dev/null' "$SPAWNED"
}

@test "BX-3 a userspace WireGuard that is just ending is waited for: up makes the tunnel and all that hangs on it" {
	need python3
	[[ $LAB_BACKEND == userspace && $(uname -m) == x86_64 ]] || skip "needs a userspace WireGuard, and the number of exit(2)"
	host pkill -KILL -f 'wireguard-go -f wg-[m]edia'
	retry 5 host sh -c '! ip -n media link show wg-media' 2> /dev/null
	host rm /run/wireguard/wg-media.sock
	ending_program
	vault up media as-made
	quiet_check
	works
}
