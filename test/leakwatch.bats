#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/leakwatch.bats: leaktest again and again: the addresses that others see, the log, what is done about a leak, the
# report. WATCH_RUNS=2880 is a day of them.

load helper

conf=$LAB/provider.conf

setup() { log=$BATS_TEST_TMPDIR/log.jsonl; }
teardown() {
	[[ -z ${WATCH:-} ]] || despawn "$WATCH"
	despawn_all
	vault down media > /dev/null 2>&1 || :
}

# leak PREFIX…: by hand, packets to these leave by the link, and the host forwards them under its own address
leak() {
	host sh -c 'echo 1 > /proc/sys/net/ipv4/conf/vlt-media/forwarding'
	for prefix; do host ip -n media route add "$prefix" via 10.200.0.1; done
	inside media nft flush ruleset
	# What watches may act from here on.
	host sh -c 'nft delete table inet vault-guard && tc qdisc del dev vlt-media clsact' 2> "$BATS_TEST_TMPDIR/leak" ||
		! host test -e /run/netns/media
}

# watch [-j] WORDS…: `leaktest media WORDS` in the background: its pid in $WATCH, its output in $SPAWNED_OUT, at the end `exit N`
watch() {
	local file=$BATS_TEST_TMPDIR/watch.pid options=()

	[[ $1 != -j ]] || { options=(-j); shift; }
	rm -f "$file"
	spawn host sh -c '"$@" & echo $! > "$0"; wait $!; echo "exit $?"' "$file" "$VAULT" "${options[@]}" leaktest media "$@"
	retry 5 test -s "$file"
	WATCH=$(< "$file")
}

# ended N: the watch did, with that status
ended() { retry 15 grep -qx "exit $1" "$SPAWNED_OUT" || { cat "$SPAWNED_OUT"; return 1; }; }

told() { grep '^{' "$SPAWNED_OUT"; } # by -j

lines() { cat "$@" 2> /dev/null | wc -l; }
has_lines() { (($(lines "${@:2}") >= $1)); }

# of JQ: in the last line of the log
of() { tail -n 1 "$log" | jq -er "$1"; }

@test "PC-7 MV-6: others see the provider from inside and the host from the host, by HTTP and STUN, IPv4 and IPv6; an address that is the same is a LEAK" {
	urls=(http://203.0.113.80/ "http://[2001:db8:9::80]/" stun:203.0.113.9:9 "stun:[2001:db8:9::9]:9" http://web.test/)
	vault up media conf "$conf"
	run -0 --separate-stderr vault -j leaktest media probe udp-public echo "${urls[@]}"
	addresses() { jq -c "[.addresses[] | {family, verdict, inside, host, n: [.answers[] | select(.inside and .host)] | length}]" <<< "$output"; }
	[ "$(addresses)" = '[{"family":"ipv4","verdict":"sealed","inside":"198.51.100.1","host":"192.0.2.2","n":3},{"family":"ipv6","verdict":"sealed","inside":"2001:db8:2::1","host":"2001:db8:1::2","n":3}]' ]

	# One of them leads elsewhere: no probe goes there.
	leak 203.0.113.80
	run -1 --separate-stderr vault -j leaktest media probe udp-endpoint echo "${urls[@]}"
	[ "$(jq -r '.verdict, .probes[0].verdict, .addresses[0].verdict, .addresses[0].inside, .addresses[1].verdict' <<< "$output" | xargs)" = \
		"LEAK sealed LEAK 192.0.2.2 sealed" ]
	run -1 vault leaktest media probe udp-endpoint echo http://203.0.113.80/
	[[ $output == *"LEAK"*"address"*"inside is seen as 192.0.2.2 by http://203.0.113.80/, as the host is"* ]]
}

@test "L7: a DNS echo is asked inside where it is the vault's resolver, and is no answer elsewhere, with the reason" {
	vault up media conf "$conf"
	run -3 --separate-stderr vault -j leaktest media probe udp-public echo dns:x.test@203.0.113.53
	[ "$(jq -r '.addresses[0] | .verdict, .host, .answers[0].host, .answers[0].inside_error' <<< "$output" | xargs -d '\n')" = \
		"unknown 203.0.113.80 203.0.113.80 not one of the vault's resolvers: its kill switch drops the question" ]
	vault down media
	vault up media conf "$conf" dns 203.0.113.53
	run -1 --separate-stderr vault -j leaktest media probe udp-public echo dns:x.test@203.0.113.53 # a fixed name: the same for all
	[ "$(jq -r '.addresses[0] | .verdict, .inside, .host' <<< "$output" | xargs)" = "LEAK 203.0.113.80 203.0.113.80" ]
}

@test "PC-7: servers that are mute, lie or drip are no answer, in time, and unknown; most of them decide" {
	vault up media conf "$conf"
	spawn isp socat -U TCP-LISTEN:81,fork,reuseaddr 'SYSTEM:while echo 1; do sleep 0.1; done'
	spawn isp socat TCP-LISTEN:82,fork,reuseaddr 'SYSTEM:printf "HTTP/1.0 200 OK\\r\\n\\r\\n127.0.0.1 999.1.1.1\\n"'
	spawn isp "$WIRE" sink 83
	for port in 81 82 83; do retry 5 isp sh -c "ss -Hltn sport = $port | grep -q ."; done
	run -3 --separate-stderr vault -j leaktest media probe udp-public echo http://203.0.113.9:{81,82,83,84}/ stun:203.0.113.9:83
	echo "$output"
	[ "$(jq -r '.addresses[0] | .verdict, ([.answers[] | select(.inside == null and .inside_error and .host == null and .host_error)] | length)' <<< "$output" | xargs)" = "unknown 5" ]
	run -0 --separate-stderr vault -j leaktest media probe udp-public echo http://203.0.113.{9:82,9:80,80:80}/
	[ "$(jq -r '.addresses[0].verdict' <<< "$output")" = sealed ]
	run -3 --separate-stderr vault -j leaktest media probe udp-public echo http://203.0.113.{9:82,80:80}/
	[ "$(jq -r '.addresses[0].verdict' <<< "$output")" = unknown ]
}

@test "PC-7: what servers told in time counts, however long the machine takes to send" {
	need strace traceable
	vault up media conf "$conf"
	# Two seconds and more for 80 of them: longer than servers are waited for.
	run -0 --separate-stderr host strace -o "$LAB/strace" -e trace=sendto -e inject=sendto:delay_exit=50000:when=1..80 "$VAULT" \
		-j leaktest media echo http://203.0.113.80/
	host awk '/INJECTED/ || /DELAYED/ { n++ } END { print n }' "$LAB/strace"
	[ "$(jq -r '.verdict, (.addresses[0] | .verdict, .inside)' <<< "$output" | xargs)" = "sealed sealed 198.51.100.1" ]
	jq -e '.duration > 3.5' <<< "$output"
}

fds() { host ls "/proc/$WATCH/fd" | wc -l; }
rss() { host awk '/^VmRSS/ { print $2 }' "/proc/$WATCH/status"; }
# few N: no more descriptors than that at this moment, which may be between two runs
few() { (($(fds) <= $1)); }

@test "PC-7: a day of runs, compressed: each is in the log, memory and descriptors stay as they were" {
	local runs=${WATCH_RUNS:-15} first_fds=999 first_rss n i

	vault up media conf "$conf"
	watch -j interval 1s log "$log" echo http://203.0.113.80/
	retry 20 has_lines 3 "$log"
	for ((i = 0; i < 60; i++)); do
		n=$(fds)
		((n >= first_fds)) || first_fds=$n
		sleep 0.02
	done
	first_rss=$(rss)
	retry "$((runs * 3))" has_lines "$runs" "$log"
	retry 10 few "$first_fds"
	echo "# $runs runs: $first_fds descriptors, $first_rss kB before, $(rss) kB after"
	(($(rss) <= first_rss + 400))
	host kill -TERM "$WATCH"
	ended 0
	n=$(lines "$log")
	[ "$(jq -r .verdict "$log" | sort | uniq -c | xargs)" = "$n sealed" ]
	[ "$(told | tail -n 1 | jq -c '.summary | [.name, .runs, .verdicts.sealed, .not_logged]')" = "[\"media\",$n,$n,0]" ]
	diff <(told | head -n -1) "$log"
	[ "$(stat -c %a "$log")" = 600 ]
}

@test "PC-7: kill -9 loses no line that was told; what it tore is ended by the next run; a log that is moved away is made anew" {
	vault up media conf "$conf"
	for i in 1 2 3; do
		watch -j probe udp-public interval 1s log "$log"
		retry 20 has_lines $((i + 1)) "$log"
		host kill -KILL "$WATCH"
		ended 137
		jq -e .verdict "$log" > /dev/null # all of them whole
		[ "$(told | grep -cvxFf "$log")" = 0 ]
	done
	truncate -s -30 "$log"
	n=$(lines "$log")
	run -0 vault leaktest media probe udp-public log "$log"
	[ "$(lines "$log")" = $((n + 2)) ]
	[ "$(of .verdict)" = sealed ]
	run -3 vault leaktest media report "$log" # who knows what the torn one said
	[[ $output == *"0 LEAK, 0 unknown"*"1 of $((n + 2)) lines are no runs"* ]]

	rm "$log"
	watch -j probe udp-public interval 1s log "$log"
	retry 20 has_lines 1 "$log"
	mv "$log" "$log.1"
	retry 20 has_lines 2 "$log"
	host kill -INT "$WATCH"
	ended 0
	diff <(told | head -n -1) <(cat "$log.1" "$log")
}

@test "PC-7: a log that is full, or no file, is told, and no run that is not in it is fine" {
	vault up media conf "$conf"
	host mkdir /run/small
	host mount -t tmpfs -o size=4096 small /run/small
	run -0 vault leaktest media probe udp-public log /run/small/log
	host dd if=/dev/zero of=/run/small/log bs=4096 count=1 status=none conv=notrunc oflag=append || :
	run -3 --separate-stderr vault leaktest media probe udp-public log /run/small/log
	[[ $stderr == *"/run/small/log: this run is not in the log: No space left on device"* ]]
	watch probe udp-public interval 1s duration 2s log /run/small/log
	ended 3
	host umount /run/small
	run -3 host bash -o pipefail -c '(ulimit -f 0; "$0" leaktest media probe udp-public log /run/limited) 2>&1 | cat' "$VAULT"
	[[ $output == *"this run is not in the log: File too large"* ]]
	ln -s target "$log"
	run -2 --separate-stderr vault leaktest media log "$log"
	[[ $stderr == *"a symbolic link, which is not followed (name the file itself)"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/target" ]
	run -2 vault leaktest media log /run/small/none/log
	[[ $output == *"(make it)"* ]]
	# With -q nothing is said as long as all is well.
	run -0 vault -q leaktest media probe udp-public interval 1s duration 1s
	[ -z "$output" ]
}

@test "L37 a log is the caller's own file: not another's, nor by another's link, nor one that others write; each refusal names the remedy, which works" {
	local d=/run/logs

	vault up media conf "$conf"
	host bash -euo pipefail <<- 'END'
		mkdir -m 1777 /run/logs
		mkdir -m 700 /run/logs/real
		touch /run/logs/foreign /run/logs/open /run/logs/other
		chown 1000 /run/logs/foreign
		chmod 666 /run/logs/open
		ln /run/logs/other /run/logs/second
		ln -s real /run/logs/mine
		ln -s real /run/logs/theirs
		chown -h 1000 /run/logs/theirs
		touch /run/logs/real/log
	END
	refused() { # FILE WORDS: and what is there stays as it is
		run -2 --separate-stderr vault leaktest media probe udp-public log "$1"
		echo "$stderr"
		[[ $stderr == *"vault: $1: "*"$2"* ]]
		[ "$(host cat $d/foreign $d/open $d/other $d/real/log)" = "" ]
	}
	refused $d/foreign "belongs to user 1000, neither to root nor to you (chown root $d/foreign)"
	refused $d/open "others can write to it (mode 0666) (chmod go-w $d/open)"
	refused $d/second "a hard link (name a new one)"
	refused $d/theirs/log "$d/theirs on the way to it is a link of user 1000"
	refused $d/theirs/new "$d/theirs on the way to it is a link of user 1000"
	# One's own link, one's own file, and a new one in a folder of all.
	for file in mine/log mine/../mine/new new other/../real/x; do
		[[ $file == other* ]] && { run -2 vault leaktest media probe udp-public log $d/$file; continue; }
		run -0 vault -q leaktest media probe udp-public log $d/$file
		host grep -q '"sealed"' $d/$file
	done
	host grep -q '"sealed"' $d/real/log
	run -0 host env SUDO_UID=1000 "$VAULT" -q leaktest media probe udp-public log $d/foreign
	# The remedies, as printed; and a log that becomes another's while it is written to.
	host chown root $d/foreign
	host chmod go-w $d/open
	for file in foreign open; do run -0 vault -q leaktest media probe udp-public log $d/$file; done
	watch probe udp-public interval 1s log $d/mine/watched
	retry 20 host test -s $d/real/watched
	host sh -c "chown -h 1000 $d/mine; mv $d/real/watched $d/real/away"
	retry 20 grep -q "not in the log: $d/mine on the way to it is a link of user 1000" "$SPAWNED_OUT"
	host test ! -e $d/real/watched
	host kill -TERM "$WATCH"
	ended 3
}

@test "PC-7: a vault that is not up is unknown, run after run; when it is up again it is tested" {
	watch probe udp-public interval 1s log "$log"
	retry 20 has_lines 1 "$log"
	[ "$(of .verdict)" = unknown ]
	vault up media conf "$conf"
	retry 20 of 'select(.verdict == "sealed").verdict'
	host kill -TERM "$WATCH"
	ended 3
	grep -q "not up" "$SPAWNED_OUT"
}

@test "PC-8: on-leak down takes the vault down, ends the watch, and is in the log" {
	vault up media conf "$conf"
	watch interval 1s log "$log" on-leak down
	retry 20 has_lines 1 "$log"
	[ "$(of .verdict)" = sealed ]
	leak 0.0.0.0/1 128.0.0.0/1
	ended 1
	run ! host test -e /run/vault/media
	run ! host test -e /run/netns/media
	[ "$(of '.verdict, .action.what, .action.done' | xargs)" = "LEAK down true" ]
	echo "# done $(of .action.delay) s after the first packet was seen"
	grep -q '^media: on-leak down: done' "$SPAWNED_OUT"
	grep -q '^media: .* 1 LEAK' "$SPAWNED_OUT"
}

asking() { [ -n "$(host pgrep -P "$1")" ]; }
holds_vault() { host sh -c 'for pid in $(pgrep -P "$0"); do readlink /proc/$pid/fd/*; done' "$1" | grep -q /run/vault/media; }
lets_go() { ! holds_vault "$1"; }

@test "PC-8: who asks the servers does not hold the vault, so down need not wait for them; nor does what an on-leak command calls" {
	vault up media conf "$conf"
	spawn lan socat -u TCP-LISTEN:8091,fork,reuseaddr /dev/null # mute
	retry 5 lan sh -c 'ss -Hltn sport = 8091 | grep -q .'
	watch probe udp-public echo http://192.168.77.2:8091/
	retry 5 asking "$WATCH"
	retry 1 lets_go "$WATCH"
	retry 10 gone "$WATCH"
	# Another command's lock is waited for by on-leak's command: it is not its own.
	host mkfifo "$LAB/release"
	spawn host sh -c 'exec 9< /run/vault/media; flock 9; read -r _ < "$0"' "$LAB/release"
	retry 5 host sh -c '! flock -n /run/vault/media true'
	spawn host sh -c 'VAULT_EVENT=on-leak VAULT_NAME=media "$0" down media; echo "exit $?"' "$VAULT"
	sleep 0.2
	run ! grep exit "$SPAWNED_OUT"
	host sh -c 'echo > "$LAB/release"'
	retry 10 grep -qx 'exit 0' "$SPAWNED_OUT"
}

@test "PC-8 PC-10: what a run came to is kept once another command, which has the vault meanwhile, is done" {
	local out

	vault up media conf "$conf"
	spawn lan socat -u TCP-LISTEN:8091,fork,reuseaddr /dev/null # mute
	retry 5 lan sh -c 'ss -Hltn sport = 8091 | grep -q .'
	watch echo http://192.168.77.2:8091/
	out=$SPAWNED_OUT
	retry 15 asking "$WATCH"
	retry 15 lets_go "$WATCH"
	host mkfifo "$LAB/finish"
	spawn host sh -c 'exec 9< /run/vault/media; flock 9; read -r _ < "$0"' "$LAB/finish"
	retry 5 host sh -c '! flock -n /run/vault/media true'
	retry 10 grep -q '^media: unknown' "$out"
	run ! grep exit "$out"
	host sh -c 'echo > "$LAB/finish"'
	retry 10 grep -qx 'exit 3' "$out"
	[ "$(vault -j check media | jq -r '.[0].leaktest.verdict')" = unknown ]
}

@test "PC-8: a leak that was seen is one, whatever cannot be read after it" {
	local inject=${VAULT%/*}/test/inject n call told=0

	[[ -x $inject ]] || skip "needs the fault injector"
	vault up media conf "$conf"
	inside media nft flush ruleset
	n=$(host "$inject" list "$VAULT" -q leaktest media probe link-udp | grep -c '^p [0-9]* recvmsg ')
	for ((call = n; call > 0 && told < 2; call--)); do # from the last one; a run on a busy machine has more of them
		run --separate-stderr host env CALL=recvmsg "$inject" fail p $call EIO "$VAULT" -j leaktest media probe link-udp
		echo "$call of $n: exit $status $(jq -r .verdict <<< "$output") $stderr"
		[[ $stderr != *"reading what was seen"* || $(jq '.probes[0].evidence | length' <<< "$output") == 0 ]] || {
			[ "$status $(jq -r .verdict <<< "$output")" = "1 LEAK" ]
			told=$((told + 1))
		}
	done
	((told > 0))
}

fails() { ! "$@" 2> /dev/null; }

@test "PC-8: on-leak kill ends all that is inside, at each leak, and the watch goes on" {
	vault up media conf "$conf"
	spawn inside media sleep 300
	sleeper=$SPAWNED
	watch probe udp-public interval 1s log "$log" on-leak kill
	retry 20 has_lines 1 "$log"
	host kill -0 "$sleeper"
	leak 0.0.0.0/1 128.0.0.0/1
	retry 20 gone "$sleeper"
	retry 20 of 'select(.action.what == "kill" and .action.done).verdict'
	# Who comes later goes, too, however soon after he came: no word of his own is waited for.
	inside media sleep 300 > /dev/null 2>&1 < /dev/null 3>&- 4>&- &
	local late=$!
	retry 20 fails kill -0 $late
	host test -e /run/netns/media
	host kill -TERM "$WATCH"
	SPAWNED_OUT=$(grep -l 'on-leak kill' "$BATS_TEST_TMPDIR"/spawn.??????)
	ended 1
}

# The JSON that came, once it is whole.
posted() { sed -n '/^{/p' "$hook" | jq -ec . 2> /dev/null; }

@test "PC-8: on-leak CMD is run by the shell on the host with the leak as JSON: a webhook; one that fails is told" {
	vault up media conf "$conf"
	spawn lan socat -u TCP-LISTEN:8090,reuseaddr -
	hook=$SPAWNED_OUT
	retry 5 lan sh -c 'ss -Hltn sport = 8090 | grep -q .'
	leak 203.0.113.0/24
	run -1 vault -j leaktest media probe udp-public tcp-public udp-endpoint log "$log" on-leak '
		printf "POST / HTTP/1.0\r\n\r\n%s\n" "$VAULT_LEAK" | socat -u - TCP:192.168.77.2:8090
		env | grep ^VAULT_ | grep -v ^VAULT_LEAK= >&2'
	retry 5 posted
	[ "$(posted | jq -c '[.name, .verdict, [.probes[].id], (.probes[0].evidence | length > 0)]')" = \
		'["media","LEAK",["udp-public","tcp-public"],true]' ]
	[[ $output == *VAULT_EVENT=on-leak* && $output == *VAULT_NAME=media* && $output == *VAULT_NETNS=/run/netns/media* ]]
	[ "$(of '.action.done')" = true ]
	run -1 --separate-stderr vault leaktest media probe udp-public log "$log" on-leak 'exit 7'
	[[ $stderr == *"on-leak: exit 7: exit status 7"* && $stderr == *"on-leak exit 7: it failed"* ]]
	[ "$(tail -n 1 "$log" | jq .action.done)" = false ]
}

@test "PC-8: on-leak CMD that takes too long is killed, with all that it has started" {
	need strace traceable
	vault up media conf "$conf"
	inside media nft flush ruleset
	# The second wait of a run is that for CMD: it ends half a second later as if it had been 30.
	run -1 host strace -o "$LAB/strace" -e trace=poll -e inject=poll:retval=0:delay_exit=500000:when=2+ "$VAULT" leaktest \
		media probe frame-link log "$log" on-leak "echo \$\$ > $log.pids; sleep 1000 > /dev/null 2>&1 & echo \$! >> $log.pids; wait"
	[[ $output == *"Timer expired"* ]]
	[ "$(of .action.done)" = false ]
	[ "$(lines "$log.pids")" = 2 ]
	while read -r pid; do retry 5 gone "$pid"; done < "$log.pids"
}

@test "PC-7 PC-11: a process inside whose name is no text hides nothing: check, leaktest, its log and down are valid JSON all the same" {
	vault up media conf "$conf"
	odd=$BATS_TEST_TMPDIR/$'\xff\e[31m'
	ln -s "$(host which sleep)" "$odd"
	spawn inside media "$odd" 1000
	run -0 --separate-stderr vault -j check media
	[ "$(jq -r '.[0].verdict, .[0].processes[0].name' <<< "$output" | xargs)" = "sound ??[31m" ]
	run -0 --separate-stderr vault -j leaktest media probe processes log "$log"
	jq -e '.probes[0].detail | contains("(??[31m)")' <<< "$output"
	[ "$(of .verdict)" = sealed ]
	run -0 --separate-stderr vault -j down media
	jq -e '.[0].processes[0].name == "??[31m"' <<< "$output"
	[[ $stderr == *'(??[31m) goes on inside'* ]]
	run -2 --separate-stderr vault -j check $'\xff'
	[[ $(jq -r .error.message <<< "$output") == '"?" is no vault'"'"'s name'* ]]
	run -2 vault leaktest media on-leak $'echo \xff'
	[[ $output == *"is no text in UTF-8"* ]]
}

@test "PC-7: a closed stdout is no log's: nothing but runs is in it, and what could not be said is no leak, exit 3" {
	vault up media conf "$conf"
	run -3 host sh -c '"$0" leaktest media probe udp-public log "$1" >&-' "$VAULT" "$log"
	[[ $output == *"stdout: Bad file descriptor"* ]]
	[ "$(jq -rs 'map(.verdict) | join(" ")' "$log")" = sealed ]
	run -0 host sh -c '"$0" -q leaktest media probe udp-public log "$1" <&- >&- 2>&-' "$VAULT" "$log"
	[ "$(jq -rs 'map(.verdict) | join(" ")' "$log")" = "sealed sealed" ]
	run -3 host sh -c '"$0" leaktest media probe udp-public > /dev/full' "$VAULT"
	run -3 host sh -c '"$0" -j check media > /dev/full' "$VAULT"
	run -3 host sh -c '"$0" check media >&-' "$VAULT"
	inside media nft flush ruleset
	run -1 host sh -c '"$0" check media > /dev/full' "$VAULT"
}

@test "PC-10: the report tells runs, gaps, leaks with what was seen, actions, changes of address and drops, as text and as JSON" {
	echoes=(echo http://203.0.113.80/)
	vault up media conf "$conf"
	run -0 vault leaktest media log "$log" "${echoes[@]}"
	srv nft insert rule inet nat postrouting ip saddr 10.66.0.2 oifname eth0 snat ip to 198.51.100.2
	run -0 vault leaktest media log "$log" "${echoes[@]}"
	srv nft delete rule inet nat postrouting handle "$(srv nft -a list chain inet nat postrouting | sed -n 's/.*198.51.100.2 # handle //p')"
	leak 0.0.0.0/1 128.0.0.0/1
	run -1 vault leaktest media log "$log" on-leak true "${echoes[@]}"
	vault up media conf "$conf"
	for prefix in 0.0.0.0/1 128.0.0.0/1; do host ip -n media route delete "$prefix" || :; done
	run -0 vault leaktest media log "$log"
	sed 's/"name":"media"/"name":"web"/' "$log" | head -n 1 > "$log.web"
	cat "$log.web" >> "$log"
	echo torn >> "$log"

	run -1 --separate-stderr vault -j leaktest media report "$log"
	[ "$(jq -c '[.name, .runs, .verdicts, .lines, .bad_lines, .other_lines]' <<< "$output")" = \
		'["media",4,{"sealed":3,"leak":1,"unknown":0},6,1,1]' ]
	jq -e '.longest_gap > 0 and .first < .last' <<< "$output"
	jq -e '[.leaks[] | select(.id == "udp-public").evidence[0].interface][0] == "vlt-media"' <<< "$output"
	jq -e '[.leaks[] | select(.id == "echo").evidence][0] | contains("192.0.2.2")' <<< "$output"
	[ "$(jq -c '[.address_changes[] | [.side, .from, .to]]' <<< "$output")" = \
		'[["inside","198.51.100.1","198.51.100.2"],["inside","198.51.100.2","192.0.2.2"]]' ]
	[ "$(jq -c '[.actions[] | [.what, .done]]' <<< "$output")" = '[["true",true]]' ]
	jq -e '.drops.dropped_link.packets >= .drops.dropped_link.by_probes and .drops.dropped_link.by_probes > 0' <<< "$output"
	run -1 vault leaktest media report "$log"
	[[ $output == "media: 4 runs: 3 sealed, 1 LEAK, 0 unknown; first "*"longest gap "* ]]
	[[ $output == *"udp-public"*"vlt-media: "*"on-leak: "*"true: done"*"ipv4 inside: 198.51.100.2, before 198.51.100.1"* ]]
	[[ $output == *"1 of 6 lines are no runs"*"1 of 6 lines are runs of other vaults"* ]]
	: > "$log"
	run -3 vault leaktest media report "$log"
	# A verdict that its own probes contradict; and what has no lines.
	echo '{"name":"media","time":"2026-01-31T10:00:00.000Z","verdict":"sealed","probes":[{"id":"raw","verdict":"LEAK"}]}' > "$log"
	run -1 vault leaktest media report "$log"
	run -2 vault leaktest media report /dev/zero
	[[ $output == *"File too large"* ]]
}

@test "IB-3 PC-7: the units for runs by the hour are what systemd takes, and installed" {
	need systemd-analyze
	make -s -C "$top" -o all install DESTDIR="$BATS_TEST_TMPDIR/root" SBINDIR=/bin > /dev/null
	cd "$BATS_TEST_TMPDIR/root/usr/lib/systemd/system"
	for unit in service timer; do
		cp "vault-leaktest@.$unit" "vault-leaktest@media.$unit"
		grep -q "^Description=Vault %i" "vault-leaktest@media.$unit"
	done
	run ! grep -r @SBINDIR@ .
	sed -i 's|^ExecStart=.*/vault |ExecStart=/bin/true |' ./*.service
	SYSTEMD_UNIT_PATH=$PWD: systemd-analyze verify --man=no ./vault-leaktest@media.timer ./vault-leaktest@media.service > "$BATS_TEST_TMPDIR/said" 2>&1 || :
	run ! grep leaktest "$BATS_TEST_TMPDIR/said"
}
