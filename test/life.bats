#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/life.bats: the life of a vault: several taken down at once, what runs inside ended or kept, the tunnel changed under
# it, commands run when it comes and goes, a peer waited for, and what is lost found again.
#
# ROTATIONS: how often the tunnel is changed under load (20).

# shellcheck disable=SC2154 # `stderr` is what bats' `run` leaves
load helper

teardown() {
	local name

	despawn_all
	drop_none
	host sh -c 'ip route replace default via 192.0.2.1; sed -i "/vpn.example/d" /etc/hosts
		printf "198.51.100.1 vpn.example\n2001:db8:2::1 vpn.example\n" >> /etc/hosts; rm -rf /etc/vault $LAB/hooks'
	for name in $(host ls /run/vault); do vault down "$name" > /dev/null 2>&1 || :; done
}

up() { vault up media conf "$LAB/provider.conf" "$@"; }

# A WireGuard repeats a handshake that was lost after five seconds: who waits no longer fails now and then.
works() { [ "$(inside "${1:-media}" curl -sS -m 60 http://203.0.113.80/)" = 198.51.100.1 ]; }

# words LINE…: /etc/vault/media.conf
words() { printf '%s\n' "$@" | host sh -c 'mkdir -p /etc/vault; cat > /etc/vault/media.conf'; }

inode() { host stat -L -c %i "$1"; }

alive() { host kill -0 "$1"; }

# drop WHAT: the uplink's router does
drop() {
	isp nft "table inet cut { chain forward { type filter hook forward priority 0; $1 drop; }; }"
}

drop_none() { isp sh -c 'nft delete table inet cut 2> /dev/null || :'; }

# ---- what the caller left us ---------------------------------------------------------------------------------------

# odd COMMAND…: run as a careless caller would: SIGCHLD ignored, signals blocked, nothing for others, no stdio, a locale
# shellcheck disable=SC2016 # perl's words
odd() {
	host perl -e 'use POSIX; $ENV{LC_ALL} = "tr_TR.UTF-8"; $SIG{CHLD} = "IGNORE"; $SIG{PIPE} = "IGNORE"; umask 0777; my $all = POSIX::SigSet->new;
		$all->fillset; sigprocmask(SIG_SETMASK, $all); close STDIN; close STDERR; exec @ARGV' "$@"
}

@test "what the caller left us is no matter: SIGCHLD ignored, signals blocked, closed descriptors, an odd umask and locale" {
	need perl
	# The control: such a caller it is.
	[[ $(odd awk '/^Sig(Blk|Ign)/ { print $2 }' /proc/self/status | xargs) =~ ^f.*[[:space:]].*1[01]...$ ]]
	[ "$(odd sh -c umask)" = 0777 ]
	words "conf $LAB/provider.conf" 'post-up false || true' "post-up touch $LAB/ran"
	odd "$VAULT" up media
	host test -e "$LAB/ran"
	works
	vault exec media user nobody cat /etc/resolv.conf /run/vault/media/resolv.conf > "$BATS_TEST_TMPDIR/seen"
	[ "$(host stat -c %a /run/vault/media /run/vault/media/resolv.conf /run/vault/media/vault.json | xargs)" = "711 644 600" ]
	vault check media
	odd "$VAULT" up media
	odd "$VAULT" check media
	spawn inside media sleep 1000
	odd "$VAULT" down media kill
	gone "$SPAWNED"
	vault up alone isolated
	# A segment's names are made by who comes and goes, and are read by all.
	odd "$VAULT" up one isolated segment lan 10.77.0.11/24
	odd "$VAULT" up two isolated segment lan 10.77.0.12/24
	odd "$VAULT" down one
	[ "$(vault exec two user nobody getent hosts two | awk '{ print $1 }')" = 10.77.0.12 ]
	odd "$VAULT" exec two own-pids true # whose command has all as the caller has it
	vault down two alone
}

# ---- down ----------------------------------------------------------------------------------------------------------

@test "down: several names, each told; one that is not up makes it 1, the others still go; all is whatever there is" {
	need jq
	vault up one conf "$LAB/provider.conf"
	vault up two conf "$LAB/provider2.conf"
	vault up three conf "$LAB/provider2.conf"
	run -1 --separate-stderr vault down one none two
	[ "$output" = $'one: down\ntwo: down' ]
	[ "$stderr" = "vault: none: not up" ]
	vault up one conf "$LAB/provider.conf"
	host mkdir -m 711 /run/vault/broken # what a crash leaves
	host touch /run/netns/broken
	run -0 --separate-stderr vault -j down all
	[ "$(jq -c 'map([.name, .down])' <<< "$output")" = '[["broken",true],["one",true],["three",true]]' ]
	[ -z "$(host find /run/vault -mindepth 1 ! -name .lock)" ]
	run ! host test -e /run/netns/broken
	run -0 vault down all
	[ "$output" = "no vault is up" ]
	[ "$(vault -j down all)" = "[]" ]
	vault up one conf "$LAB/provider.conf"
	vault up two conf "$LAB/provider2.conf"
	spawn inside two sleep 1000 # or its namespace would end without its name
	host sh -c 'rm -r /run/vault; umount /run/netns/two; rm /run/netns/two'
	run -1 --separate-stderr vault down all
	[ "$output" = $'two: not up, clearing what is left of it\ntwo: down' ]
	[ "$stderr" = "vault: one: not up: the namespace of this name is not a vault's; it is left alone" ]
	run ! host ip link show vlt-one
	host ip netns del one
	run -0 vault down all
	[ "$output" = "no vault is up" ]
	run -2 vault up all conf "$LAB/provider.conf" # it is no name
}

@test "down: words that are none, twice, or before a name: exit 2, nothing changed; a vault may be called kill" {
	local words

	vault up kill conf "$LAB/provider.conf"
	for words in "kill kill kill" "kill kill 86401" "kill kill x" "kill keep-ns media" "kill keep-ns keep-ns" \
		"all media" "kill kill 1 2" "kill killl" "kill keepns" "keep-ns kill" \
		"kill plan" "kill dry-run" "kill as-made" "kill help me" "kill 5" "kill system"; do
		# shellcheck disable=SC2086 # words
		run -2 vault down $words
		echo "$words: $output"
	done
	works kill
	run -0 vault down kill
	[ "$output" = "kill: down" ]
}

# asked_to_end PERL: a process in the vault that does that when it is asked to end; it says so when it would
asked_to_end() {
	spawn inside media perl -e '$| = 1; $SIG{TERM} = sub { '"$1"' }; print "ready\n"; sleep 1 while 1'
	retry 20 grep -q ready "$SPAWNED_OUT"
}

@test "L13 down kill: whoever is inside is asked to end, then made to, and nobody else" {
	local outside neighbour polite stubborn n

	up
	vault up other conf "$LAB/provider2.conf"
	spawn host sleep 1000
	outside=$SPAWNED
	spawn inside other sleep 1000
	neighbour=$SPAWNED
	asked_to_end 'print "asked\n"; exit'
	polite=$SPAWNED polite_out=$SPAWNED_OUT
	asked_to_end 'print "asked\n"'
	stubborn=$SPAWNED stubborn_out=$SPAWNED_OUT
	# who, asked to end, starts another one
	asked_to_end 'exit if fork; exec "sleep", "999"'
	run -0 vault down media kill 1
	echo "$output"
	head "$polite_out" "$stubborn_out"
	[ "$(grep -c asked "$polite_out")" = 1 ]
	[ "$(grep -c asked "$stubborn_out")" = 1 ]
	local said=$output
	run ! alive "$polite"
	run ! alive "$stubborn"
	[[ $said == *"media: SIGTERM to process $polite (perl)"* && $said == *"media: SIGKILL to process $stubborn (perl)"* ]]
	[[ $said == *"to process "*" (sleep)"*"media: down" ]]
	run ! host pgrep -f 'sleep 999'
	alive "$outside"
	alive "$neighbour"
	[[ $said != *"process $outside "* && $said != *"process $neighbour "* ]]
	works other
}

@test "L13 down kill: a thread inside is enough; who forks faster than it is looked for ends, too; with -j a list" {
	need python3 jq
	up
	spawn host python3 -c '
import ctypes, os, threading, time
def enter():
    assert ctypes.CDLL(None).setns(os.open("/run/netns/media", os.O_RDONLY), 0x40000000) == 0
    print("in", flush=True)
    time.sleep(1000)
threading.Thread(target=enter).start()'
	retry 60 grep -q in "$SPAWNED_OUT"
	threaded=$SPAWNED
	# each is there for a moment only: it leaves a child, and goes
	spawn inside media perl -e '$| = 1; $SIG{TERM} = "IGNORE"; print "ready\n"; for (;;) { exit if fork }'
	retry 20 grep -q ready "$SPAWNED_OUT"
	run -0 vault -j down media kill 0
	echo "$threaded: $output"
	[ "$(jq -c --argjson pid "$threaded" '.[0].signals | map(select(.pid == $pid)) | .[0] | [.name, .signal]' <<< "$output")" = \
		'["python3","SIGTERM"]' ]
	[ "$(jq -c '.[0] | .down, .kept, .processes' <<< "$output" | tr '\n' ' ')" = 'true false [] ' ]
	retry 10 gone "$threaded"
	run ! host pgrep perl
}

@test "L13 down kill: the tunnel is gone before anybody is asked" {
	up
	asked_to_end 'exec "ls", "/sys/class/net"'
	vault down media kill
	cat "$SPAWNED_OUT"
	[ "$(tail -n +2 "$SPAWNED_OUT")" = lo ]
}

@test "L13 down kill: who is started again and again by the vault's name comes to an end with it" {
	up
	spawn host sh -c 'while ip netns exec media sleep 998; [ -e /run/netns/media ]; do :; done'
	retry 30 host pgrep -f '^sleep 998'
	run -0 vault down media kill 1
	run ! host pgrep -f '^sleep 998'
	retry 5 gone "$SPAWNED"
}

# bats test_tags=tunnel
@test "down keep-ns: the tunnel alone goes; namespace, name, link, guard and state stay, sealed; exec and the host's way in work" {
	need jq
	local ns rules

	up
	works
	ns=$(inode /run/netns/media)
	rules=$(inside media nft -s list table inet vault)
	run -0 --separate-stderr vault -j down media keep-ns
	[ "$(jq -c '.[0] | .name, .kept, .down' <<< "$output" | tr '\n' ' ')" = '"media" true true ' ]
	[ "$(inode /run/netns/media)" = "$ns" ]
	[ "$(host jq .without_tunnel /run/vault/media/vault.json)" = true ]
	run ! inside media ip link show wg-media
	run ! host pgrep -f 'wireguard-go -f wg-[m]edia'
	run ! host test -e /run/wireguard/wg-media.sock
	[ "$(inside media nft -s list table inet vault)" = "$rules" ]
	host ping -c 1 -W 30 10.200.0.2
	[ "$(vault exec media -- echo in)" = in ]
	token
	must_not_see isp:to-host lan:eth0 host:vlt-media -- inside media sh -c "
		wire send udp 203.0.113.9 --token $TOKEN; wire send udp 2001:db8:9::9 --token $TOKEN
		wire send udp 192.168.77.2 --token $TOKEN"
	must_see isp:to-host -- host wire send udp 203.0.113.9 --token "$TOKEN" # the control
	run -0 vault down media keep-ns # again: nothing to take
	up
	[ "$(host jq .without_tunnel /run/vault/media/vault.json)" = false ]
	[ "$(inode /run/netns/media)" = "$ns" ]
	works
	vault down media keep-ns
	run -0 vault down media
	[ -z "$(host find /run/vault /run/netns -name media)" ]
	run -1 vault down media keep-ns
}

says_hello() { [ "$(host socat -u TCP:10.200.0.2:8080 -)" = hello ]; }

# rotate TIMES: the tunnel, between two of the provider's clients
rotate() {
	local i

	for ((i = 1; i <= $1; i++)); do
		vault down media keep-ns
		vault up media conf "$LAB/provider$((i % 2 ? 2 : 4)).conf"
	done > "$BATS_TEST_TMPDIR/rotate"
}

@test "L14 the tunnel rotated under load, by down keep-ns and up: nothing passes outside it; who is inside keeps namespace and sockets" {
	local ns worker server n=${ROTATIONS:-20}

	vault up media conf "$LAB/provider4.conf"
	ns=$(inode /run/netns/media)
	spawn inside media socat -U TCP-LISTEN:8080,fork,reuseaddr SYSTEM:'echo hello'
	server=$SPAWNED
	retry 5 says_hello
	token
	spawn inside media sh -c "while :; do
		wire send udp 203.0.113.9 --token $TOKEN
		wire send udp 2001:db8:9::9 --token $TOKEN
		wire send udp 192.168.77.2 --token $TOKEN
		curl -sm 1 -o /dev/null http://203.0.113.80/$TOKEN; curl -sm 1 -o /dev/null http://192.168.77.2/$TOKEN; done"
	worker=$SPAWNED
	retry 30 must_see srv:wg0 -- sleep 0.5 # it does send, by the tunnel
	observe isp:to-host lan:eth0 host:vlt-media host:eth1
	rotate "$n"
	must_not_see
	echo "# rotated $n times, seen outside the tunnel: $SEEN" >&3
	[ "$(inode /run/netns/media)" = "$ns" ]
	[ "$(inode "/proc/$worker/ns/net")" = "$ns" ]
	[ "$(inode "/proc/$server/ns/net")" = "$ns" ]
	retry 5 says_hello
	retry 30 must_see srv:wg0 -- sleep 0.5 # and still does
	vault up media conf "$LAB/provider2.conf"
	[ "$(inside media curl -sS -m 60 http://10.66.0.1/)" = 10.66.0.3 ]
	must_see isp:to-host -- host wire send udp 203.0.113.9 --token "$TOKEN" # the control
}

# ---- commands ------------------------------------------------------------------------------------------------------

@test "hooks: run on the host, in order, with VAULT_ set, and nothing of vault's in their hands" {
	local host_ns

	host mkdir "$LAB/hooks"
	host_ns=$(host readlink /proc/self/ns/net)
	words "conf $LAB/provider.conf" \
		'post-up env | grep ^VAULT_ | grep -v ^VAULT= | LC_ALL=C sort > $LAB/hooks/env # the shell reads this' \
		'  post-up	readlink /proc/self/ns/net > $LAB/hooks/ns; ls /proc/self/fd | tr "\n" " " > $LAB/hooks/fds; readlink /proc/$$/fd/0 > $LAB/hooks/stdin' \
		'post-up grep Sig.*: /proc/self/status > $LAB/hooks/signals; pwd > $LAB/hooks/pwd' \
		'post-up echo 1$VAULT_EVENT >> $LAB/hooks/order' 'post-up echo 2$VAULT_EVENT >> $LAB/hooks/order' \
		'pre-down echo $VAULT_EVENT $(ip netns exec $VAULT_NAME curl -s http://10.66.0.1/) >> $LAB/hooks/order' \
		'post-down echo $VAULT_EVENT $(ls $VAULT_NETNS 2>&1) >> $LAB/hooks/order'
	# shellcheck disable=SC2016 # the inner shell's words
	host sh -c 'trap "" USR1; exec 7< /etc/passwd; exec "$VAULT" up media'
	host cat "$LAB/hooks/env"
	[ "$(host cat "$LAB/hooks/env")" = "VAULT_ADDRESS6=fd76:6175:6c74::2
VAULT_ADDRESS=10.200.0.2
VAULT_EVENT=post-up
VAULT_HOST_ADDRESS6=fd76:6175:6c74::1
VAULT_HOST_ADDRESS=10.200.0.1
VAULT_NAME=media
VAULT_NETNS=/run/netns/media
VAULT_TUNNEL=wg-media" ]
	[ "$(host cat "$LAB/hooks/ns")" = "$host_ns" ]
	[ "$(host cat "$LAB/hooks/fds")" = "0 1 2 3 " ] # 3 is that of ls
	[ "$(host cat "$LAB/hooks/stdin")" = /dev/null ]
	[ "$(host cat "$LAB/hooks/pwd")" = / ]
	# but for 32 and 33, which are the C library's own and as the caller had them
	[ "$(host awk '/SigBlk|SigIgn/ { sub("180000000$", "000000000", $2); print $2 }' "$LAB/hooks/signals" | sort -u)" = 0000000000000000 ]
	vault up media # again: none is run
	vault down media keep-ns
	vault up media
	[ "$(host cat "$LAB/hooks/order")" = $'1post-up\n2post-up' ]
	retry 10 inside media curl -sfm 2 -o /dev/null http://10.66.0.1/
	vault down media
	[ "$(host tail -n 2 "$LAB/hooks/order")" = $'pre-down 10.66.0.2\npost-down ls: cannot access '"'/run/netns/media'"': No such file or directory' ]
}

@test "hooks: a post-up that fails takes all of it back, and says which, and how it ended" {
	local before cmd expected

	before=$(host sh -c 'ip -o link | cut -d: -f2; ls -A /run/netns /run/vault /run/wireguard; nft list ruleset')
	for cmd in "exit 7|exit status 7" 'kill -9 $$|ended by signal 9 (Killed)' "no-such-program|exit status 127"; do
		expected=${cmd##*|} cmd=${cmd%%|*}
		run -1 --separate-stderr up post-up "echo first" post-up "$cmd" post-up "echo never" pre-down "echo never" post-down "echo last"
		echo "$output $stderr"
		[ "$output" = $'first\nlast' ]
		[[ $stderr == *"vault: media: post-up: $cmd: $expected"*"vault: media: taken back" ]]
		diff <(echo "$before") <(host sh -c 'ip -o link | cut -d: -f2; ls -A /run/netns /run/vault /run/wireguard; nft list ruleset')
	done
	# Also when nobody reads any more what it says.
	run host sh -c '{ env --default-signal=PIPE "$0" up media conf "$1" post-up "sleep 0.3; echo said; false"; echo $? > "$2"; } 2>&1 | true' \
		"$VAULT" "$LAB/provider.conf" "$BATS_TEST_TMPDIR/status"
	[ "$(< "$BATS_TEST_TMPDIR/status")" = 1 ]
	diff <(echo "$before") <(host sh -c 'ip -o link | cut -d: -f2; ls -A /run/netns /run/vault /run/wireguard; nft list ruleset')
	run -1 --separate-stderr up post-up "ip netns exec media sleep 77 > /dev/null 2>&1 & sleep 0.2; false"
	[[ $stderr == *"(sleep) goes on inside, with no network"* ]]
	host pkill -xf 'sleep 77'
}

@test "VC-6 hooks: one of down that fails is told, the rest goes on, and it is exit 1" {
	up pre-down "exit 3" pre-down "echo second" post-down 'kill $$' post-down "echo last"
	run -1 --separate-stderr vault down media
	echo "$output $stderr"
	[ "$output" = $'second\nlast' ]
	[ "$stderr" = "vault: media: pre-down: exit 3: exit status 3
vault: media: post-down: kill \$\$: ended by signal 15 (Terminated)" ]
	run ! host test -e /run/netns/media
	run ! host test -e /run/vault/media
}

@test "hooks: with -j what they print is not on stdout; they may run exec, and up and down of others, not of their own vault" {
	need jq
	vault -j up media conf "$LAB/provider.conf" post-up "echo noise" post-up "$VAULT exec media -- echo from inside" \
		post-up "$VAULT up other conf $LAB/provider2.conf" > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err"
	[ "$(jq -s -r 'length, .[0].name, .[0].hooks.post_up[0]' "$BATS_TEST_TMPDIR/out" | tr '\n' ' ')" = "1 media echo noise " ]
	grep -x noise "$BATS_TEST_TMPDIR/err"
	grep -x "from inside" "$BATS_TEST_TMPDIR/err"
	works other
	vault down other media
	for words in "up media conf $LAB/provider.conf" "down media" "down all" "leaktest media"; do
		run -1 --separate-stderr host timeout 20 "$VAULT" up media conf "$LAB/provider.conf" post-up "$VAULT $words"
		[[ $stderr == *"must not be run from a post-up hook of the same vault"* ]]
	done
	# What a hook leaves behind may call later.
	up post-up "(sleep 1; $VAULT down media) > /dev/null 2>&1 &"
	retry 60 host test ! -e /run/vault/media
}

@test "hooks: no key is in their environment; a signal while one runs ends it, and takes the vault back" {
	host mkdir "$LAB/hooks"
	host sh -c '(cat $LAB/keys/client2 $LAB/keys/shared; base64 -d $LAB/keys/client2 | od -An -v -tx1 -w32 | tr -d " ") > $LAB/keyfile'
	vault up media conf "$LAB/provider2.conf" post-up "tr '\\0' '\\n' < /proc/self/environ > $LAB/hooks/env"
	run -1 host grep -F -f "$LAB/keyfile" "$LAB/hooks/env"
	vault down media
	spawn host "$VAULT" up media conf "$LAB/provider.conf" post-up "echo \$\$ > $LAB/hooks/pid; exec sleep 1000" post-down "echo cleared"
	retry 60 host test -s "$LAB/hooks/pid"
	host kill -TERM "$SPAWNED"
	retry 10 gone "$SPAWNED"
	cat "$SPAWNED_OUT"
	grep -q "interrupted" "$SPAWNED_OUT"
	grep -qx "cleared" "$SPAWNED_OUT"
	run ! alive "$(host cat "$LAB/hooks/pid")"
	run ! host test -e /run/netns/media
}

@test "hooks: an empty one, and one that is not UTF-8, are refused; dry-run prints them, and runs none" {
	run -2 up post-up ""
	run -2 up post-up "  "
	run -2 up post-up $'echo \xff'
	words "conf $LAB/provider.conf" 'post-up'
	run -2 vault up media
	[[ $output == "/etc/vault/media.conf:2: post-up: lacks its CMD" ]]
	host rm /etc/vault/media.conf
	run -0 up dry-run post-up "touch $LAB/'ran it'" pre-down "true" wait-handshake 1
	[ "${lines[-2]}" = "env VAULT_NAME=media VAULT_NETNS=/run/netns/media VAULT_TUNNEL=wg-media VAULT_HOST_ADDRESS=10.200.0.1 VAULT_ADDRESS=10.200.0.2 VAULT_HOST_ADDRESS6=fd76:6175:6c74::1 VAULT_ADDRESS6=fd76:6175:6c74::2 VAULT_EVENT=post-up sh -c 'touch $LAB/'\\''ran it'\\''' </dev/null" ]
	[ "${lines[-1]}" = "# pre-down, by \`vault down\`: true" ]
	local line=${lines[-2]}
	run ! host test -e "$LAB/ran it"
	host sh -c "$line"
	host test -e "$LAB/ran it"
}

# ---- a peer that answers -------------------------------------------------------------------------------------------

# handshakes: when the last one was, in seconds since the epoch
handshake() { if [ "$LAB_BACKEND" = kernel ]; then inside media wg show wg-media latest-handshakes; else host wg show wg-media latest-handshakes; fi | cut -f2; }

# bats test_tags=tunnel
@test "wait-handshake: up returns 0 with a peer that has answered, of IPv4, of IPv6, of both, and of one host alone" {
	local conf

	host sh -c "umask 077; sed 's|^AllowedIPs.*|AllowedIPs = 10.66.0.1/32|; /^PersistentKeepalive/d' $LAB/provider4.conf > $LAB/one.conf"
	for conf in provider provider4 provider6 one; do
		vault up media conf "$LAB/$conf.conf" wait-handshake 60 no-link
		(($(handshake) > 0))
		vault down media
	done
	vault up media conf "$LAB/one.conf" no-link
	(($(handshake) == 0)) # the control: nobody asks for one
}

@test "MV-7 wait-handshake: nobody answers: exit 1, the endpoint and the mend told, all stays up and sealed; later it answers" {
	need jq
	words "conf $LAB/provider.conf" "wait-handshake 2"
	drop "udp dport 51820"
	run -1 --separate-stderr vault -j up media
	echo "$stderr"
	[[ $stderr == *"no peer has answered in 2 s (198.51.100.1:51820)"*"\`vault up media wait-handshake 2\` waits again"* ]]
	[ "$(jq -r .error.object <<< "$output")" = media ]
	inside media ip link show wg-media
	[ "$(vault exec media -- echo in)" = in ]
	token
	must_not_see isp:to-host -- inside media wire send udp 203.0.113.9 --token "$TOKEN"
	run -1 vault up media # it waits again
	drop_none
	vault up media wait-handshake 60
	works
	drop "udp dport 51820"
	run -0 vault up media # a handshake less than 3 minutes old will do
	[ "$output" = "media: up, sealed, as described" ]
	host sh -c "umask 077; sed 's|^Endpoint.*|Endpoint = 198.51.100.77:51820|' $LAB/provider.conf > $LAB/elsewhere.conf"
	run -1 vault up media conf "$LAB/elsewhere.conf" wait-handshake 2 # but not one with who was elsewhere
	run -1 vault check media max-handshake-age 180
	[[ $output == *"198.51.100.77:51820"* ]]
	run -1 vault up media conf "$LAB/provider2.conf" wait-handshake 2 # nor one made with another key
	for bad in 0 x 86401 1.5 ''; do run -2 vault up media wait-handshake "$bad"; done
}

@test "wait-handshake: a signal ends the wait, and nothing else; down need not wait for it" {
	drop "udp dport 51820"
	spawn host "$VAULT" up media conf "$LAB/provider.conf" wait-handshake 600
	retry 60 grep -q 'up, sealed' "$SPAWNED_OUT"
	host kill -TERM "$SPAWNED"
	retry 5 gone "$SPAWNED"
	grep -q "interrupted: the vault is up and sealed" "$SPAWNED_OUT"
	[ "$(vault exec media -- echo in)" = in ]
	spawn host "$VAULT" up media conf "$LAB/provider.conf" wait-handshake 600
	retry 60 grep -q 'up, sealed' "$SPAWNED_OUT"
	host timeout 10 "$VAULT" down media
	retry 10 gone "$SPAWNED"
	grep -q "waiting for a peer to answer: " "$SPAWNED_OUT"
	run ! host test -e /run/netns/media
}

# ---- what is lost, found again -------------------------------------------------------------------------------------

# endpoint: where the tunnel sends to
endpoint() { if [ "$LAB_BACKEND" = kernel ]; then inside media wg show wg-media endpoints; else host wg show wg-media endpoints; fi | cut -f2; }

named() { host sh -c "grep -v vpn.example /etc/hosts > $LAB/hosts; printf '%s vpn.example\n' $* >> $LAB/hosts; cat $LAB/hosts > /etc/hosts"; }

@test "PC-9 an endpoint given by name that has moved: up follows it, to the family that there is a route for" {
	words "conf $LAB/named.conf"
	named 198.51.100.1
	vault up media
	works
	[ "$(endpoint)" = 198.51.100.1:51820 ]
	drop "ip daddr 198.51.100.1 udp dport 51820"
	run ! inside media curl -sm 2 http://203.0.113.80/
	named 198.51.100.2
	run -0 vault up media
	[[ $output == *"~ peer "*": endpoint"* ]]
	[ "$(endpoint)" = 198.51.100.2:51820 ]
	works
	host ip route del default
	named 198.51.100.2 2001:db8:2::2
	vault up media
	[ "$(endpoint)" = "[2001:db8:2::2]:51820" ]
	works
}

@test "PC-9 DL-6 a name with several addresses, by turns: up stays with the one that answers, and has nothing to change" {
	words "conf $LAB/named.conf"
	named 198.51.100.1 198.51.100.2
	vault up media wait-handshake 60
	[ "$(endpoint)" = 198.51.100.1:51820 ]
	named 198.51.100.2 198.51.100.1
	run -0 vault up media plan
	[ "$output" = "media: nothing to change" ]
	run -0 vault up media
	[ "$output" = "media: up, sealed, as described" ]
	[ "$(endpoint)" = 198.51.100.1:51820 ]
	drop "ip daddr 198.51.100.2 udp dport 51820"
	named 198.51.100.2
	vault up media
	named 198.51.100.1 198.51.100.2 # nobody answers at the second one: the first is as good as before
	vault up media wait-handshake 60
	[ "$(endpoint)" = 198.51.100.1:51820 ]
}

@test "PC-9 PC-12 rules flushed inside and outside, the tunnel gone, its program killed: one \`vault up NAME\` mends each, and all" {
	local ns what

	words "conf $LAB/provider.conf"
	vault up media
	ns=$(inode /run/netns/media)
	spawn inside media sleep 1000
	for what in 'nft flush ruleset' 'ip netns exec media nft flush ruleset' 'ip -n media link delete wg-media' \
		'pkill -KILL -f "wireguard-go -f wg-[m]edia"' 'ip link delete vlt-media' 'ip -n media route flush table main' \
		'nft flush ruleset; ip netns exec media nft flush ruleset; ip -n media link delete wg-media'; do
		host sh -c "$what" || [ "$LAB_BACKEND" = kernel ]
		vault up media > "$BATS_TEST_TMPDIR/up"
		echo "$what:"; cat "$BATS_TEST_TMPDIR/up"
		retry 10 works
		[ "$(vault exec media -- echo in)" = in ] # so it is sealed
		host nft 'add table inet nat; add chain inet nat postrouting { type nat hook postrouting priority srcnat; }
			add rule inet nat postrouting oifname "eth0" masquerade' # the lab's own, which a flush takes, too
	done
	[ "$(inode /run/netns/media)" = "$ns" ]
	[ "$(inode "/proc/$SPAWNED/ns/net")" = "$ns" ]
}

@test "BX-2 VC-6 what a hand or a crash left is cleared by down: the name deleted, a stale file, half a state" {
	local before what

	up
	vault down media
	before=$(host sh -c 'ip -o link | cut -d: -f2; ls -A /run/netns /run/vault /run/wireguard; nft list ruleset')
	for what in 'ip netns delete media' 'ip netns delete media; touch /run/netns/media' \
		'ip netns delete media; echo "{" > /run/vault/media/vault.json' \
		'ip netns delete media; rm /run/vault/media/*; touch /run/vault/media/.vault.json.77' \
		'ip netns delete media; rm -r /run/vault/media; touch /run/netns/media'; do
		up
		host sh -c "$what"
		run -1 --separate-stderr vault down media
		[ "$stderr" = "vault: media: not up" ]
		diff <(echo "$before") <(host sh -c 'ip -o link | cut -d: -f2; ls -A /run/netns /run/vault /run/wireguard; nft list ruleset')
		run ! host pgrep -f 'wireguard-go -f wg-[m]edia'
	done
}
