#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/fault.bats: `up` and `down` while something goes wrong: at every system call, by every signal, several at once.
#
# The calls are walked (test/fault/walk) in two labs of their own, begun by the first test that is not tagged; the last
# tests, tagged `walk`, wait for what came of it. They are of a sample; FAULT=rest is of the calls that it leaves out.

load helper
# shellcheck disable=SC2034 # of helper.bash
tests_outside=1
: "${top:?}" "${build:?}"

walks=("fail up" "kill up" "kill down" "fail down" "child up" "short up" "empty up" "mute up" "short down" "empty down"
	"signal:2 up" "signal:15 up" "signal:1 up")

setup_file() {
	export INJECT=$build/test/inject
	if [[ ! $INJECT -nt $top/test/fault/inject.c ]]; then
		INJECT=$BATS_FILE_TMPDIR/inject
		"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O1 -o "$INJECT" "$top/test/fault/inject.c" || rm -f "$INJECT"
	fi
	lab_start
	base=$(snapshot)
	export base
}

teardown_file() {
	local f

	for f in "$BATS_FILE_TMPDIR"/walk.*.pid; do [[ ! -e $f ]] || kill "$(< "$f")" 2> /dev/null || :; done
	lab_stop
}

teardown() {
	despawn_all
	host umount -l /run/vault /run/netns/media 2> /dev/null || :
	# shellcheck disable=SC2016 # the inner shell's words
	host bash -c 'shopt -s nullglob; cd /run/vault && for n in *; do "$VAULT" down "$n"; done; rm -rf /run/netns/media
		ip link del vlt-media' > /dev/null 2>&1 || :
}

injector() {
	need traceable
	[[ -x $INJECT ]] || skip "no compiler for test/fault/inject.c, or not x86_64"
}

snapshot() { host "$top/test/fault/walk" snapshot; }

# Both walkers go through all of them; each has a lab of its own and every second call.
begin_walks() {
	local p

	[[ -x $INJECT && ! -e $BATS_FILE_TMPDIR/walk.0.pid ]] && ! grep -q __asan_init "$VAULT" || return 0
	for p in 0 1; do
		# shellcheck disable=SC2016 # the inner shell's words
		PART=$p PARTS=2 "$top/test/lab/lab" run bash -c 'for w in "${@:4}"; do
			"$1" $w > "$2/$w.$3" 2>&1; echo $? > "$2/$w.$3.status"; done' - "$top/test/fault/walk" \
			"$BATS_FILE_TMPDIR" "$p" "${walks[@]}" > "$BATS_FILE_TMPDIR/walk.$p.log" 2>&1 < /dev/null 3>&- 4>&- &
		echo $! > "$BATS_FILE_TMPDIR/walk.$p.pid"
		disown
	done
}

# over WALK PART: it has ended, or will never, as the walker is no more
over() { [[ -s $BATS_FILE_TMPDIR/$1.$2.status ]] || ! kill -0 "$(< "$BATS_FILE_TMPDIR/walk.$2.pid")" 2> /dev/null; }

# came_of WALK…: prints the counts, and what failed
came_of() {
	local w p failed=0

	injector
	begin_walks
	for w; do
		for p in 0 1; do
			retry 400 over "$w" "$p"
			grep '^# ' "$BATS_FILE_TMPDIR/$w.$p" | grep -v 'done without:' >&3 || :
			[[ $(cat "$BATS_FILE_TMPDIR/$w.$p.status") == 0 ]] || { failed=1; cat "$BATS_FILE_TMPDIR/$w.$p"; }
		done
	done
	((failed == 0))
}

unchanged() {
	local now

	now=$(snapshot)
	[[ $now == "$base" ]] || { diff <(echo "$base") <(echo "$now"); return 1; }
}

works() { [[ $(inside "$1" curl -sS -m 60 http://203.0.113.80/) == 198.51.100.1 ]]; }

# shellcheck disable=SC2120 # or none
up() { vault up media conf "$LAB/provider.conf" "$@"; }

# A userspace WireGuard of our own: the lines of stdin, as a script; of perl when it says so, which knows accept.
fake() {
	host sh -c 'cat > /run/lab/fake-wireguard && chmod +x /run/lab/fake-wireguard'
}

# refused SECONDS TEXT COMMAND…: exits 1 with that message, in that time, and leaves nothing. A program is waited for 10 s:
# less says that nobody waited, more that waiting has an end.
refused() {
	local begin=$SECONDS

	run -1 "${@:3}"
	echo "$output"
	[[ $output == *"$2"* ]]
	((SECONDS - begin <= $1))
	retry 3 unchanged
}

# bats test_tags=tunnel
@test "BX-2 a sample of calls on this backend: up fails there, or is killed there, and one command mends it" {
	local walk parts=4

	[ "$LAB_BACKEND" = userspace ] || parts=8 # the emulated machine is slow
	injector
	for walk in "fail up" "kill up" "kill down"; do
		# shellcheck disable=SC2086 # words
		ONLY='sendmsg|mount|renameat' PART=1 PARTS=$parts run host "$top/test/fault/walk" $walk
		echo "$output"
		echo "${lines[0]}" >&3
		[ "$status" = 0 ]
	done
}

@test "BX-2 PC-2 the same of a gateway on a segment: its leg, bridge, guard and names" {
	local walk

	injector
	begin_walks
	for walk in "fail up" "kill up" "kill down" "fail down"; do
		# shellcheck disable=SC2086 # words
		WORDS="segment lan 10.9.0.1/24 gateway" ONLY='sendmsg|mkdir|linkat|pwrite64|unlinkat|rmdir|openat' PART=1 PARTS=9 \
			run host "$top/test/fault/walk" $walk
		echo "$output"
		echo "${lines[0]}" >&3
		[ "$status" = 0 ]
	done
}

@test "BX-2 a userspace program that hangs, ends, answers nonsense or makes no interface: told, ended, nothing left" {
	begin_walks
	fake <<< $'#!/bin/sh\necho "no device for you today" >&2; exit 1'
	refused 9 "no device for you today" up userspace /run/lab/fake-wireguard
	fake <<- 'END'
		#!/usr/bin/perl
		open(L, "+<&=", 3); while (accept(C, L)) { sysread(C, $_, 4096); syswrite(C, "errno=0\n\n"); close(C) }
	END
	refused 9 "tunnel wg-media" up userspace /run/lab/fake-wireguard
	fake <<- 'END'
		#!/usr/bin/perl
		open(T, "+<", "/dev/net/tun"); ioctl(T, 0x400454ca, $x = pack("a16 s x22", $ARGV[1], 1));
		open(L, "+<&=", 3); while (accept(C, L)) { sysread(C, $_, 4096); syswrite(C, "who are you\n"); close(C) }
	END
	refused 40 "keys and peers of wg-media" up userspace /run/lab/fake-wireguard
	fake <<< $'#!/bin/sh\nwhile :; do sleep 1; done'
	refused 40 "wg-media" up userspace /run/lab/fake-wireguard
	printf 'no program' | host sh -c 'cat > /run/lab/fake-wireguard'
	refused 9 "xec format" up userspace /run/lab/fake-wireguard
}

@test "BX-2 a signal while the program hangs, or a name is looked up: taken back in time" {
	begin_walks
	fake <<< $'#!/bin/sh\nwhile :; do sleep 1; done'
	for signal in INT TERM HUP; do
		spawn host "$VAULT" up media conf "$LAB/provider.conf" userspace /run/lab/fake-wireguard
		retry 5 host pgrep fake-wireguard
		host kill -$signal "$SPAWNED"
		retry 12 gone "$SPAWNED"
		cat "$SPAWNED_OUT"
		grep -q '^vault: media: ' "$SPAWNED_OUT"
		retry 3 unchanged
	done
	host sh -c 'echo "nameserver 203.0.113.77" > /etc/resolv.conf'
	host sed 's/198.51.100.1/slow.example/' "$LAB/provider.conf" > "$BATS_TEST_TMPDIR/slow.conf"
	spawn host sh -c "trap - INT; exec $VAULT up media conf $BATS_TEST_TMPDIR/slow.conf"
	sleep 0.3
	host kill -TERM "$SPAWNED"
	retry 2 gone "$SPAWNED"
	host sh -c 'echo "nameserver 127.0.0.1" > /etc/resolv.conf'
	retry 3 unchanged
}

@test "BX-2 two ups of one vault at once: one makes it, the other waits and finds it made; up against down, 20 times" {
	begin_walks
	spawn host "$VAULT" up media conf "$LAB/provider.conf"
	first=$SPAWNED_OUT one=$SPAWNED
	spawn host "$VAULT" up media conf "$LAB/provider.conf"
	retry 10 gone "$one"
	retry 10 gone "$SPAWNED"
	cat "$first" "$SPAWNED_OUT"
	[ "$(cat "$first" "$SPAWNED_OUT" | grep -c '^media: up, sealed$')" = 1 ]
	[ "$(cat "$first" "$SPAWNED_OUT" | grep -c '^media: up, sealed, as described$')" = 1 ]
	works media
	vault down media
	retry 3 unchanged
	# shellcheck disable=SC2016 # the inner shell's words
	host bash -c 'for i in {1..20}; do
		"$VAULT" up media conf "$LAB/provider.conf" > /dev/null 2>> /run/lab/race.up & "$VAULT" down media > /dev/null 2>> /run/lab/race.down & wait
		done'
	host sort /run/lab/race.up /run/lab/race.down | sed 's/[0-9]\+/N/g' | uniq -c
	run ! host grep -v ': not up' /run/lab/race.up /run/lab/race.down
	if host test -e /run/netns/media; then works media; vault down media; fi
	retry 3 unchanged
}

@test "BX-2 four vaults at once: each with addresses of its own, and each works" {
	begin_walks
	for n in a b c d; do
		spawn host "$VAULT" up $n conf "$LAB/provider.conf"
		eval "pid_$n=$SPAWNED"
	done
	for n in a b c d; do
		pid=pid_$n
		retry 15 gone "${!pid}"
		host grep -q wg-$n <(inside $n ip -o link)
	done
	cat "$BATS_TEST_TMPDIR"/spawn.*
	[ "$(host ip -o -4 address | grep -o '10\.200\.0\.[0-9]*/30' | sort -u | wc -l)" = 4 ]
	[ "$(host nft list set inet vault-guard vaults4 | grep -c vlt-)" -ge 1 ]
	works a
	vault down a b c d
	retry 3 unchanged
}

held() { host test -e /run/vault/.lock && ! host flock -n /run/vault/.lock true; }

@test "BX-2 an up that is slow at every step, and another meanwhile: each with addresses of its own" {
	begin_walks
	need strace traceable
	spawn host strace -o /dev/null -e trace=sendmsg -e inject=sendmsg:delay_enter=300000 "$VAULT" up slow \
		conf "$LAB/provider.conf"
	retry 5 held
	vault up fast conf "$LAB/provider2.conf"
	retry 15 gone "$SPAWNED"
	cat "$SPAWNED_OUT"
	[ "$(host ip -o -4 address | grep -o '10\.200\.0\.[0-9]*/30' | sort -u | wc -l)" = 2 ]
	works slow
	works fast
	vault down slow fast
	retry 3 unchanged
}

@test "VC-6 no room, no writing, no folder: told, and taken back" {
	begin_walks
	host mount -t tmpfs -o size=4k,mode=755 full /run/vault
	host dd if=/dev/zero of=/run/vault/fill bs=4096 count=1 status=none
	run -1 up
	[[ $output == *"No space left"* ]]
	[ "$(host ls /run/vault)" = fill ]
	host umount /run/vault
	retry 3 unchanged
	host mount --bind /run/vault /run/vault
	host mount -o remount,bind,ro /run/vault
	run -1 up
	[[ $output == *"Read-only"* ]]
	host umount /run/vault
	retry 3 unchanged
	host mv /run/wireguard /run/wireguard.away
	up
	works media
	vault down media
	host rm -rf /run/wireguard
	host mv /run/wireguard.away /run/wireguard
	retry 3 unchanged
	# shellcheck disable=SC2016 # the inner shell's words
	host unshare --mount --propagation private sh -ec 'mkdir /run/lab/run; mount -t tmpfs -o mode=755 run /run/lab/run
		for d in lab vault wireguard; do mkdir /run/lab/run/$d; mount --bind /run/$d /run/lab/run/$d; done
		mount --rbind /run/lab/run /run; test ! -e /run/netns
		"$VAULT" up media conf "$LAB/provider.conf"; findmnt -o PROPAGATION /run/netns | grep -q shared
		ip netns exec media curl -sS -m 60 http://203.0.113.80/ | grep 198.51.100.1
		"$VAULT" down media; test ! -e /run/netns/media'
	retry 3 unchanged
}

@test "BX-2 what others or a crash left: a file, a socket, a program, a folder, elements of the guard: up works all the same" {
	begin_walks
	host touch /run/netns/media
	host sh -c 'mkdir -p /run/vault/media; echo "{" > /run/vault/media/vault.json; echo x > /run/vault/media/.vault.json.77'
	host socat -u UNIX-LISTEN:/run/wireguard/wg-media.sock,unlink-close=0,accept-timeout=0.1 /dev/null || :
	host test -S /run/wireguard/wg-media.sock
	up
	works media
	host ip netns del media
	run vault up media conf "$LAB/provider.conf" # the old program still runs: its interface went with the namespace
	echo "$output"
	works media
	vault down media
	retry 3 unchanged

	vault up other conf "$LAB/provider2.conf"
	host mkdir /run/vault/media # which stands as long as anything may be left
	host nft add element inet vault-guard vaults4 '{ "vlt-media" . 10.200.77.2 }'
	up
	run ! host grep -q 10.200.77.2 <(host nft list table inet vault-guard)
	vault down media
	run ! host grep -q vlt-media <(host nft list ruleset)
	works other
	vault down other
	retry 3 unchanged
}

@test "VC-6 a namespace or state that is not the vault's is refused and left alone; a link made by hand never used" {
	begin_walks
	host ip netns add media
	run -1 up
	[[ $output == *"not this vault's"* ]]
	host test ! -e /run/vault/media
	run -1 vault down media
	host test -e /run/netns/media
	host ip netns del media

	up
	for text in '{' '{"schema": 999, "name": "media"}' ''; do
		host cp /run/vault/media/vault.json /run/lab/keep.json
		host sh -c "echo '$text' > /run/vault/media/vault.json"
		run up
		echo "$status $output"
		[[ $output == *media:* ]]
		token
		must_not_see lan:eth0 isp:to-host -- inside media wire send udp 192.168.77.2 --token "$TOKEN"
		host cp /run/lab/keep.json /run/vault/media/vault.json
		works media
	done
	vault down media
	retry 3 unchanged

	host sh -c 'ip link add vlt-media type veth peer name byhand; ip address add 10.1.2.3/24 dev vlt-media; ip link set vlt-media up'
	run -1 up
	[[ $output == *"making link vlt-media: File exists"*'(something else has this name: look with `ip link` and `ip netns`)'* ]]
	host grep -q 10.1.2.3 <(host ip address show dev vlt-media)
	host ip link del vlt-media
	retry 3 unchanged
}

# interrupts STEP BEFORE COMMAND…: each STEP-th answer to COMMAND, run after BEFORE, is marked as a dump's that was
# interrupted, as the kernel does when what it tells has changed meanwhile: COMMAND does its work all the same
interrupts() {
	local step=$1 before=$2 n i status hit=0 said=$BATS_TEST_TMPDIR/said

	shift 2
	$before
	n=$(host "$INJECT" list "$@" | grep -c '^p [0-9]* recvmsg ')
	for ((i = 1; i <= n; i += step)); do
		status=0
		$before
		host env CALL=recvmsg "$INJECT" interrupt p $i "$@" > "$said" 2>&1 || status=$?
		((status != 125)) || continue # no part of a dump
		hit=$((hit + 1))
		[ "$status" = 0 ] || { cat "$said"; echo "interrupted at recvmsg $i: exit $status: $*"; return 1; }
	done
	echo "# ${*:2:2}: interrupted at $hit of $n answers" >&3
	((hit))
}

is_up() { up > /dev/null; }
is_down() { vault down media > /dev/null 2>&1 || :; }
has_drifted() {
	up > /dev/null
	inside media sh -c 'nft flush chain inet vault output; ip route add 192.0.2.99/32 dev wg-media'
	host nft flush chain inet vault-guard forward
}

# Until now `down` exited 1, as the counters were read once.
@test "L28 a dump that is interrupted, whichever and in whichever command: it is read again" {
	injector
	begin_walks
	interrupts 1 is_down "$VAULT" up media conf "$LAB/provider.conf"
	interrupts 9 has_drifted "$VAULT" up media conf "$LAB/provider.conf"
	interrupts 2 is_up "$VAULT" down media
	is_up
	interrupts 9 true "$VAULT" -q check media
	interrupts 1 true "$VAULT" check system
	interrupts 60 true "$VAULT" leaktest media
	vault down media
	retry 3 unchanged
}

# The answers to one dump alone change for ever: what is said is that, and not that a signal came.
@test "L28 a dump that is interrupted each time: told, nothing left, nothing open" {
	injector
	begin_walks
	run -1 host env CALL=recvmsg "$INJECT" interrupt+ p 1 "$VAULT" up media conf "$LAB/provider.conf"
	echo "$output"
	[[ $output == *"changed each of 8 times"* ]]
	retry 3 unchanged
	up
	run -1 host env CALL=recvmsg "$INJECT" interrupt+ p 1 "$VAULT" down media
	echo "$output"
	[[ $output == *"reading the counters: "*"changed each of 8 times"* ]]
	vault down media || :
	retry 3 unchanged
}

# bats test_tags=walk
@test "BX-2 L28 every system call of up fails: it is told, all is as before" { came_of "fail up"; }

# bats test_tags=walk
@test "BX-2 up is killed after every system call that changes something: nothing gets out, one command mends it" {
	came_of "kill up"
}

# bats test_tags=walk
@test "BX-2 down is killed after every system call that changes something: what is inside stays sealed, one command mends it" {
	came_of "kill down"
}

# bats test_tags=walk
@test "VC-6 every system call of down fails: it is told, and the next down finds the rest" { came_of "fail down"; }

# bats test_tags=walk
@test "BX-2 the program's process is killed before it is one" { came_of "child up"; }

# bats test_tags=walk
@test "L28 answers that are cut short, empty or never come" {
	came_of "short up" "empty up" "mute up" "short down" "empty down"
}

# bats test_tags=walk
@test "BX-2 INT, TERM and HUP during up: taken back" { came_of "signal:2 up" "signal:15 up" "signal:1 up"; }
