#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# self.bats: what the other tests may rely on inside test/vm/vm. Three boots: plain, systemd, crash.
bats_require_minimum_version 1.5.0

setup() {
	vm="$BATS_TEST_DIRNAME/vm"
	out="$BATS_FILE_TMPDIR"
	[[ $BATS_TEST_DESCRIPTION == why* ]] || reason=$("$vm" why) || skip "$reason"
}

# Boots once for all the tests that only read what came out.
setup_file() {
	local vm="$BATS_TEST_DIRNAME/vm" out="$BATS_FILE_TMPDIR"
	"$vm" why >/dev/null || return 0
	"$vm" fetch
	O=/no/build WORD='two  words' VM_ENV=WORD "$vm" run bash -euc "$plain" \
		>"$out/plain" 2>"$out/plain.err" && echo 0 >"$out/status" || echo $? >"$out/status"
	"$vm" why --systemd >/dev/null || return 0
	"$vm" run --systemd bash -euc "$units" >"$out/units" 2>&1 || true
}

# shellcheck disable=SC2016 # for the guest to expand
plain='
echo kernel $(uname -r)
echo cwd $PWD
echo env $LAB_BACKEND $O "$WORD"
echo clock $(date +%s)
echo links $(ls /sys/class/net)
echo users $(cksum </etc/passwd)
echo tmp $(ls -A /tmp | wc -l)
echo stderr >/dev/stderr
touch / && echo writable
seq 1 20000 | tr 7 "\r" | tee /run/seq
ip netns add a
ip netns add b
ip -n a link add w type wireguard
ip -n b link add w type wireguard
umask 077
wg genkey >/run/a.key
wg genkey >/run/b.key
ip -n a link set lo up
ip netns exec a wg set w listen-port 1000 private-key /run/a.key \
	peer $(wg pubkey </run/b.key) allowed-ips 10.9.0.2
ip link add v netns a type veth peer v netns b
ip -n a address add 10.8.0.1/24 dev v
ip -n b address add 10.8.0.2/24 dev v
ip -n a link set v up
ip -n b link set v up
ip netns exec b wg set w private-key /run/b.key \
	peer $(wg pubkey </run/a.key) allowed-ips 10.9.0.1 endpoint 10.8.0.1:1000
ip -n a address add 10.9.0.1/24 dev w
ip -n b address add 10.9.0.2/24 dev w
ip -n a link set w up
ip -n b link set w up
ip netns exec b ping -c 1 -W 30 10.9.0.1 >/dev/null && echo wireguard up
ip netns exec a wg show w latest-handshakes | sed "s/^[^[:space:]]*[[:space:]]*/handshake /"
ip netns exec b nft "table netdev t {
	chain c { type filter hook egress device v priority 0; counter drop; }
}"
ip netns exec b ping -c 1 -W 1 10.8.0.1 >/dev/null || echo egress dropped
ip netns exec b nft list ruleset | grep -o "counter packets.*drop"
ip netns exec b nft "table inet t { chain c {
	type filter hook prerouting priority 0; fib saddr . iif oif missing ct state new drop
}; }" && echo fib loaded
ip tuntap add t0 mode tun && ip link add br0 type bridge && echo tun and bridge loaded
sleep 1000 &
exit 7
'

# shellcheck disable=SC2016
units='
echo state $(systemctl is-system-running --wait)
ip netns add x
echo namespace $(stat -Lc %i /run/netns/x)
echo unit $(systemd-run --quiet --wait --pipe -p NetworkNamespacePath=/run/netns/x \
	stat -Lc %i /proc/self/ns/net)
systemd-run --quiet --wait sh -c "exit 9" || echo failed $?
'

line() { # the rest of the line that begins with this word
	sed -n "s/^$1 //p" "${2:-$out/plain}"
}

@test "exit status comes through; stdout and stderr are one clean stream" {
	[[ $(<"$out/status") == 7 ]]
	[[ ! -s $out/plain.err ]]
	[[ $(head -n 1 "$out/plain") == kernel* ]]
	grep -qx stderr "$out/plain"
	diff <(seq 1 20000 | tr 7 '\r') <(sed '1,/^writable$/d' "$out/plain" | head -n 20000)
}

@test "a distribution's kernel, the tree as working folder, the environment that was named" {
	[[ $(line kernel) == *-* && $(line kernel) != "$(uname -r)" ]]
	[[ $(line cwd) == "$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)" ]]
	[[ $(line env) == "kernel /no/build two  words" ]]
}

@test "the clock is set, users are the host's, no network device but lo, /tmp is empty" {
	[[ $(($(date +%s) - $(line clock))) -lt 300 ]]
	[[ $(line users) == "$(cksum </etc/passwd)" ]]
	[[ $(line links) == lo ]]
	[[ $(line tmp) == $([[ $BATS_TEST_DIRNAME == /tmp/* ]] && echo 1 || echo 0) ]] # the tree itself stays in sight
}

@test "kernel WireGuard: a handshake and a packet through the tunnel" {
	grep -qx 'wireguard up' "$out/plain"
	[[ $(line handshake) -gt 1000000000 ]]
}

@test "nft egress on a device drops and counts" {
	grep -qx 'egress dropped' "$out/plain"
	[[ $(line counter) =~ packets\ [1-9] ]]
}

@test "modules load by themselves: nft fib, tun, bridge" {
	grep -qx 'fib loaded' "$out/plain"
	grep -qx 'tun and bridge loaded' "$out/plain"
}

@test "systemd is up, runs a unit in a named namespace and tells its status" {
	reason=$("$vm" why --systemd) || skip "$reason"
	[[ $(line state "$out/units") == running ]]
	[[ $(line namespace "$out/units") =~ ^[0-9]+$ ]]
	[[ $(line unit "$out/units") == "$(line namespace "$out/units")" ]]
	[[ $(line failed "$out/units") == 9 ]]
}

@test "a crash of the kernel is 125, with its last words" {
	run -125 --separate-stderr "$vm" run bash -c 'echo first; echo c >/proc/sysrq-trigger; sleep 9'
	[[ $output == first ]]
	# shellcheck disable=SC2154
	[[ $stderr == *"Kernel panic"*"vm: "* ]]
}

@test "a command that never ends is 124 after VM_TIMEOUT, and qemu is gone" {
	export TMPDIR="$BATS_TEST_TMPDIR"
	VM_TIMEOUT=1 run -124 "$vm" run sleep 100
	[[ $output == *"timed out"* ]]
	run -1 pgrep -f "qemu.*$BATS_TEST_TMPDIR"
}

@test "why: one line and status 1 where a program is missing" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$(command -v bash)" "$(command -v dirname)" "$(command -v uname)" "$BATS_TEST_TMPDIR/bin"
	PATH="$BATS_TEST_TMPDIR/bin" run -1 "$vm" why
	[[ ${#lines[@]} == 1 && $output == "qemu-system-x86_64 is not installed" ]]
}

# Not of the VM itself; but no other place has such a kernel.
@test "HO-5 ipv6.disable=1 on the kernel's command line: up with IPv4, one warning, sound; mended; leaktest runs" {
	VM_APPEND=ipv6.disable=1 run "$vm" run test/vm/without-v6
	echo "$output"
	[ "$status" = 0 ]
}
