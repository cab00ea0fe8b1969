#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/counts.bats: what each command asks of the kernel, counted: ratios of times (bench/bench) are noise, these are not.

load helper

# trace WORDS…: what that command calls, in $calls; netlink messages are told apart
trace() {
	host strace -qq -v -s 1 -o "$BATS_TEST_TMPDIR/trace" "$VAULT" "$@"
	calls=$(grep -vc -e '^---' -e '^+++' "$BATS_TEST_TMPDIR/trace")
	sends=$(grep -c '^sendmsg(.*AF_NETLINK' "$BATS_TEST_TMPDIR/trace" || :)
	echo "# $1: $calls system calls, $sends netlink sends"
}

# Requests that move a device which is there to another namespace.
moved() { sed 's/nlmsg_len=/\n/g' "$BATS_TEST_TMPDIR/trace" | grep -c 'RTM_SETLINK.*IFLA_NET_NS' || :; }

# at_most WHAT NUMBER LIMIT; a count of none would say that strace saw nothing
at_most() {
	echo "# $1: $2 of at most $3"
	(($2 > 0 && $2 <= $3))
}

# bats test_tags=tunnel
@test "the counting itself sees sends, and a device that moves" {
	need strace traceable
	host strace -qq -v -s 1 -o "$BATS_TEST_TMPDIR/trace" bash -c '
		ip link add moving type veth peer name other
		ip netns add elsewhere
		exec ip link set moving netns elsewhere'
	(($(grep -c '^sendmsg(.*AF_NETLINK' "$BATS_TEST_TMPDIR/trace") > 0))
	(($(sed 's/nlmsg_len=/\n/g' "$BATS_TEST_TMPDIR/trace" | grep -c 'IFLA_NET_NS') > 0))
	host ip netns delete elsewhere
}

# bats test_tags=tunnel
@test "up: bounded, no device moved" {
	need strace traceable kernel-wireguard
	vault up warm conf "$LAB/provider.conf" # loads modules
	vault down warm
	trace up media conf "$LAB/provider.conf"
	at_most sends "$sends" 24
	at_most calls "$calls" 600
	[[ $(moved) == 0 ]]
	vault down media
}

# bats test_tags=tunnel
@test "exec: bounded, and no more when the vault is asked again" {
	need strace traceable
	vault up media conf "$LAB/provider.conf"
	trace exec media true
	at_most sends "$sends" 2
	at_most calls "$calls" 400
	local first=$sends
	trace exec media true
	((sends == first))
	vault down media
}

# bats test_tags=tunnel
@test "down: bounded" {
	need strace traceable
	vault up media conf "$LAB/provider.conf"
	trace down media
	at_most sends "$sends" 13 # of which five ask whose a link and a name are before they go, and who else needs the guard
	# But for the two of each process there is (its main thread, and how many more it has): who is inside is told.
	local of_processes
	of_processes=$(grep -cE '^newfstatat\([0-9]+, "[0-9]+/(ns/net|task)"' "$BATS_TEST_TMPDIR/trace")
	((of_processes > 1))
	at_most calls $((calls - of_processes)) 260
}

# bats test_tags=tunnel
@test "up asks for as much with 20 vaults up as with one, and down too" {
	need strace traceable kernel-wireguard
	local i first_up first_down

	vault up v0 conf "$LAB/provider.conf"
	trace up media conf "$LAB/provider.conf"
	first_up=$sends
	trace down media
	first_down=$sends
	for ((i = 1; i < 20; i++)); do vault up "v$i" conf "$LAB/provider.conf"; done
	trace up media conf "$LAB/provider.conf"
	((sends == first_up))
	trace down media
	((sends == first_down))
	for ((i = 0; i < 20; i++)); do vault down "v$i"; done
}
