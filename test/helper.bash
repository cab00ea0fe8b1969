# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# test/helper.bash: what a bats file needs to work in the lab (test/lab/lab draws it). `load helper` is enough: the file
# gets a lab of its own, as this defines setup_file and teardown_file (and teardown, which ends what `spawn` began).
# A file that defines its own calls lab_start, lab_stop or despawn_all in them.
#
#   host|isp|srv|lan|lan2 COMMAND…    run it in that role; on failure say what was run
#   inside NAME COMMAND…              run it in the named namespace, by ip netns exec
#   vault WORDS…                      the built binary, in the host role
#   spawn host|…|inside NAME COMMAND… run it in the background: pid in $SPAWNED, output in $SPAWNED_OUT; despawn PID
#   token                             a new random $TOKEN, to mark this test's packets
#   must_see WHERE… [--from A] [--to A] -- COMMAND…      fail unless frames with the token (or from or to A) pass there
#   must_not_see WHERE… [--from A] [--to A] -- COMMAND…  fail if one does, or if one may have been missed
#   observe WHERE…, seen              the two halves; after `observe`, must_see and must_not_see without words do, too
#   plain_tunnel NAME CONF            a namespace with an unconfined WireGuard client in it: tun-NAME
#   over FOLDER…                     make these writable, in the lab alone; what is there stays
#   need PROGRAM|kernel-wireguard|traceable…  skip the test where that is missing (`traceable`: where the binary is no
#                                     sanitizer's, which strace would break); skips are counted at the end of the file
#   retry SECONDS COMMAND…            until it succeeds; in vain after so long (twelve times that: machines are slow, or busy)
#
# WHERE is ROLE:IFACE or NAMESPACE:IFACE; IFACE `any` is all of them, also those to come. The uplink, as the observer on
# it sees it, is isp:to-host. First must_see what nothing stops, then must_not_see the same where something should.

bats_require_minimum_version 1.5.0

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${O:-build}
[[ $build == /* ]] || build=$top/$build
export VAULT=${VAULT:-$build/vault} WIRE=${WIRE:-$build/test/wire} LAB=/run/lab PATH=/run/lab/bin:$PATH

# shellcheck source=test/trace.bash
source "${BASH_SOURCE[0]%/*}/trace.bash"

# ---- the lab: begun in setup_file, it ends with teardown_file, or when bats itself is killed -----------------------

lab_start() {
	local file=$BATS_FILE_TMPDIR/lab

	mkfifo "$BATS_FILE_TMPDIR/never"
	setpriv --pdeathsig KILL "$top/test/lab/lab" hold > "$file" 2> "$file.log" < /dev/null 3>&- 4>&- &
	LAB_JOB=$!
	until [[ -s $file ]]; do
		kill -0 "$LAB_JOB" || { cat "$file.log"; return 1; }
		nap
	done 2> /dev/null
	read -r LAB_PID LAB_BACKEND < "$file"
	export LAB_PID LAB_BACKEND
}

# bats has a process for each test. In a file with a lab it runs in the host role: what a test runs there costs no nsenter.
# One that has more labs than that says `tests_outside=1`.
bats_run_test_with_retries() {
	local host=()

	[[ -z ${LAB_PID-} || -n ${tests_outside-} ]] || host=(env LAB_PID=1 nsenter --target "$LAB_PID" --net --mount --pid --wdns="$PWD" --)
	# shellcheck disable=SC2034 # bats' own
	"${host[@]}" "$BATS_LIBEXEC/bats-exec-test" "$@" 1 || bats_exec_file_status=$?
}

lab_stop() {
	kill -KILL "$LAB_PID" # its first process: returns when all the others are gone
	wait "$LAB_JOB" || :
	[[ ! -e $BATS_FILE_TMPDIR/skips ]] ||
		awk '{ n++; why = why (n > 1 ? "; " : "") $0 } END { print "# skipped " n ": " why }' "$BATS_FILE_TMPDIR/skips" >&3
}

setup_file() { lab_start; }
teardown_file() { lab_stop; }
teardown() { despawn_all; }

# ---- where to run --------------------------------------------------------------------------------------------------

# Silent under bats' `run`, whose caller looks at $status and $output itself. setup_file and teardown_file are no part of the lab.
enter() {
	local status=0

	if ((LAB_PID == 1)); then
		command "$@" || status=$?
	else
		nsenter --target "$LAB_PID" --net --mount --pid --wdns="$PWD" -- "$@" || status=$?
	fi
	((status == 0)) || [[ " ${FUNCNAME[*]} " == *" "@(run|spawn|gone)" "* ]] || echo "# exit $status: $*" >&2
	return $status
}

host() { enter "$@"; }
isp() { enter isp "$@"; }
srv() { enter srv "$@"; }
lan() { enter lan "$@"; }
lan2() { enter lan2 "$@"; }
inside() { enter ip netns exec "$@"; }
vault() { enter "$VAULT" "$@"; }

over() {
	host sh -euc 'for f; do d=$(mktemp -d "$LAB/over.XXXXXX"); mkdir -p "$f"
		mount -t tmpfs over "$d"; mkdir "$d/up" "$d/work"; mount -t overlay -o "lowerdir=$f,upperdir=$d/up,workdir=$d/work" over "$f"; done' sh "$@"
}

# place NAME: the words that run a command in that role or namespace
place() {
	case $1 in
	host | isp | srv | lan | lan2) echo "$1" ;;
	*) echo "inside $1" ;;
	esac
}

spawn() {
	local where=("$1")

	shift
	[[ ${where[0]} != inside ]] || { where+=("$1"); shift; }
	SPAWNED_OUT=$(mktemp "$BATS_TEST_TMPDIR/spawn.XXXXXX")
	local pid=$SPAWNED_OUT.pid
	# shellcheck disable=SC2016 # the inner shell's words
	"${where[@]}" sh -c 'echo $$ > "$0"; exec "$@"' "$pid" "$@" > "$SPAWNED_OUT" 2>&1 < /dev/null 3>&- 4>&- &
	retry 5 test -s "$pid"
	SPAWNED=$(< "$pid")
}

despawn() {
	local pid

	for pid; do
		host kill "$pid" 2> /dev/null || continue
		retry 2 gone "$pid" || host kill -KILL "$pid" 2> /dev/null || :
	done
}

gone() { ! host kill -0 "$1" 2> /dev/null; }

despawn_all() {
	local f

	for f in "$BATS_TEST_TMPDIR"/spawn.*.pid; do
		[[ ! -e $f ]] || despawn "$(< "$f")"
	done
}

# 20 ms of nothing, by no process
nap() { read -rt 0.02 _ <> "$BATS_FILE_TMPDIR/never" || :; }

retry() {
	local end=$((SECONDS + 12 * $1))

	until "${@:2}"; do
		((SECONDS <= end)) || { echo "# in vain for $((12 * $1)) s: ${*:2}" >&2; return 1; }
		nap
	done
}

# ---- what passes ---------------------------------------------------------------------------------------------------

# No byte of it ends a line: a shell sends what it prints up to there by itself, and no frame would carry the whole.
token() {
	TOKEN=$(tr -d '\n' < /dev/urandom | head -c 16 | od -An -tx1 | tr -d ' \n')
	export TOKEN
}

watchers=()

# True when a watcher has told a frame; those that count cells tell at the end only.
frame_told() {
	local w

	for w in "${watchers[@]}"; do
		IFS=: read -r _ w _ <<< "$w"
		! grep -q '^frame' "$w" || return 0
	done
	return 1
}

# observe WHERE… [--token HEX|--from ADDR|--to ADDR]…: begin to look; for the token unless told otherwise
observe() {
	local places=() what=() where

	while (($#)); do
		case $1 in
		--*) what+=("$1" "$2"); shift ;;
		*) places+=("$1") ;;
		esac
		shift
	done
	((${#what[@]})) || what=(--token "${TOKEN:?call token first}")
	for where in "${places[@]}"; do
		# shellcheck disable=SC2046 # words
		spawn $(place "${where%:*}") "$WIRE" watch "${where##*:}" "${what[@]}"
		watchers+=("$SPAWNED:$SPAWNED_OUT:$where")
		retry 5 grep -q '^ready' "$SPAWNED_OUT" || { cat "$SPAWNED_OUT"; return 1; }
	done
}

# seen: stop looking. $SEEN is how many frames there were, or `unknown`; what they were goes to the test's output.
seen() {
	local w pid out last

	SEEN=0
	((${#watchers[@]})) || { echo "# nothing observed"; SEEN=unknown; return 1; }
	sleep 0.2 # what was sent last is still on its way
	for w in "${watchers[@]}"; do
		IFS=: read -r pid out _ <<< "$w"
		host kill -TERM "$pid" || :
		retry 5 grep -q '^seen\|^unknown' "$out" || echo unknown >> "$out"
		sed "s/^/# ${w#*:*:} /" "$out"
		last=$(tail -n 1 "$out")
		if [[ $last != seen\ * || $SEEN == unknown ]]; then
			SEEN=unknown
		else
			SEEN=$((SEEN + ${last#seen }))
		fi
	done
	watchers=()
}

# watch_while WHERE… -- COMMAND…: COMMAND's own status goes to $SENT, as to be refused is no failure here. The caller looks.
watch_while() {
	local places=()

	if (($#)); then
		while (($#)) && [[ $1 != -- ]]; do places+=("$1"); shift; done
		shift || { echo "# must_see: no -- COMMAND"; return 1; }
		observe "${places[@]}" || return
		export SENT=0
		"$@" || SENT=$?
	fi
}

must_see() {
	watch_while "$@" || return
	retry 3 frame_told || :
	seen || return
	[[ $SEEN != 0 && $SEEN != unknown ]] || { echo "# must be seen and was not: $*"; return 1; }
}

must_not_see() {
	watch_while "$@" || return
	seen || return
	[[ $SEEN == 0 ]] || { echo "# must not be seen, but: $SEEN: $*"; return 1; }
}

# ---- the rest ------------------------------------------------------------------------------------------------------

plain_tunnel() {
	host bash -euo pipefail -s -- "$1" "$2" <<- 'END'
		name=$1 conf=$2 tun=tun-$1
		list() { sed -n "s/^$1 = //p" "$conf" | tr -d ' \r' | tr , '\n'; }
		ip netns add "$name"
		ip -n "$name" link set lo up
		if [[ $LAB_BACKEND == kernel ]]; then
			ip link add "$tun" type wireguard
		else
			WG_PROCESS_FOREGROUND=1 LOG_LEVEL=error wireguard-go -f "$tun" < /dev/null > /dev/null 2>&1 3>&- 4>&- &
			for ((i = 0; i < 3000; i++)); do [[ ! -S /run/wireguard/$tun.sock ]] || break; sleep 0.01; done
		fi
		wg setconf "$tun" <(wg-quick strip "$conf")
		ip link set "$tun" netns "$name"
		ip -n "$name" link set "$tun" mtu 1420 up
		for a in $(list Address); do ip -n "$name" address add "$a" dev "$tun"; done
		for a in $(list AllowedIPs); do ip -n "$name" route add "$a" dev "$tun"; done
		mkdir -p "/etc/netns/$name"
		list DNS | grep -v '[g-z]' | sed 's/^/nameserver /' > "/etc/netns/$name/resolv.conf"
	END
}

eval "bats_$(declare -f skip)"

skip() {
	echo "$BATS_TEST_DESCRIPTION: ${1:-}" >> "$BATS_FILE_TMPDIR/skips"
	bats_skip "$@"
}

need() {
	local what

	for what; do
		case $what in
		kernel-wireguard) [[ $LAB_BACKEND == kernel ]] || skip "needs WireGuard in the kernel" ;;
		traceable) ! grep -q __asan_init "$VAULT" || skip "a build with sanitizers bears no tracer" ;;
		*) host which "$what" > /dev/null 2>&1 || skip "needs $what" ;;
		esac
	done
}
