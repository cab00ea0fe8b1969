#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/parse-conf.bats: vault parse-conf by its binary. The grammar's cases are test/conf/: ok/NAME.conf gives NAME.out and
# NAME.json, bad/NAME.conf gives NAME.err, each line what stands after "FILE:". NAME starts with the point of the manual.

# shellcheck disable=SC2016 # bash -c '…' expands what it gets

bats_require_minimum_version 1.5.0
load trace

private=yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=
preshared=TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=

setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	export top cases=$top/test/conf
	export VAULT=${VAULT:-$top/build/vault}
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	umask 077
}

# A copy of a case that only we can read, as git keeps no such mode.
take() {
	cp "$cases/$1.conf" case.conf && chmod 600 case.conf
}

# The warnings of a JSON result as they stand on stderr after the file's name.
as_stderr() {
	jq -r '.warnings[] | "case.conf:" + (if .line then "\(.line):" else "" end) + " warning: " + .message' "$1"
}

valgrind_or_skip() {
	command -v valgrind > /dev/null || skip "no valgrind"
	! grep -q __asan_init "$VAULT" || skip "a sanitizer build cannot run in valgrind"
}

# A file of $1 peers as a server has them.
many_peers() {
	awk -v n="$1" -v private="$private" -v preshared="$preshared" 'BEGIN {
		digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		print "[Interface]\nPrivateKey = " private "\nAddress = 10.0.0.1/8, fd00::1/64\nListenPort = 51820"
		for (i = 0; i < n; i++) {
			key = ""
			for (d = i + 1; length(key) < 42; d = int(d / 64) + 7 * length(key))
				key = key substr(digits, d % 64 + 1, 1)
			print "\n# client " i "\n[Peer]\nPublicKey = " key "A="
			print "PresharedKey = " preshared
			printf "AllowedIPs = 10.%d.%d.%d/32, fd00::%x:%x/128\n", i / 65536 + 1, i / 256 % 256, i % 256, i / 65536 + 1, i % 65536
			print "Endpoint = client" i ".example.net:51820\nPersistentKeepalive = 25"
		}
	}' > "many$1.conf"
}

@test "VC-4 every valid file: canonical text, JSON, warnings" {
	local conf name
	for conf in "$cases"/ok/*.conf; do
		name=ok/$(basename "$conf" .conf)
		echo "# $name"
		take "$name"
		"$VAULT" parse-conf case.conf > out 2> err
		diff "$cases/$name.out" out
		"$VAULT" -j -p parse-conf case.conf 2> err-json | jq -S . > json
		diff <(jq -S . "$cases/$name.json") json
		diff <(as_stderr "$cases/$name.json") err
		diff err err-json
	done
}

@test "a file that is none of wg-quick, and no secret: one line, and nothing that would make it one" {
	printf 'root:x:0:0:root:/root:/bin/bash\n%.0s' {1..30} > passwd
	chmod 644 passwd
	run -2 "$VAULT" parse-conf passwd
	[ "${#lines[@]}" = 2 ]
	[[ $output == *"passwd:1: stands before any section: [Interface] is missing above it" && $output != *chmod* ]]
	mkdir folder
	run -2 "$VAULT" parse-conf folder
	[ "$output" = "folder: is a folder, and no file" ]
}

@test "VC-4 every invalid file: exit 2, each error with its line, nothing on stdout" {
	local conf name
	for conf in "$cases"/bad/*.conf; do
		name=bad/$(basename "$conf" .conf)
		echo "# $name"
		take "$name"
		run -2 --separate-stderr "$VAULT" -q parse-conf case.conf
		[[ -z $output ]]
		# shellcheck disable=SC2154
		diff "$cases/$name.err" - <<< "${stderr//case.conf:/}"
	done
}

@test "VC-4 -json on an invalid file: one JSON value, the first error, exit 2" {
	take bad/all-at-once
	run -2 --separate-stderr "$VAULT" -j parse-conf case.conf
	[[ $(jq -c '[.error.code, .error.object]' <<< "$output") == '[2,"case.conf"]' ]]
	[[ $(jq -r .error.message <<< "$output") == "PrivateKey: has 5 characters: a key has 44, base64 of 32 bytes" ]]
}

@test "VC-4 the canonical text of every valid file parses to itself" {
	local conf
	for conf in "$cases"/ok/*.conf; do
		echo "# $conf"
		take "ok/$(basename "$conf" .conf)"
		"$VAULT" -q parse-conf case.conf show-keys > once.conf
		"$VAULT" -q parse-conf once.conf show-keys > twice.conf
		diff once.conf twice.conf
	done
}

@test "VC-4 JSON has exactly the keys of CLI.md, absent values null" {
	take ok/17-no-newline
	printf '[Peer]\nPublicKey = %s\n' "$preshared" | cat case.conf <(echo) - > peer.conf
	run -0 "$VAULT" -j parse-conf peer.conf
	[[ $output == '{"interface":{"private_key":"(hidden)","listen_port":null,"fwmark":null,"addresses":[],"dns":[],"dns_search":[],"mtu":null,"table":null,"save_config":null,"hooks":{"pre_up":[],"post_up":[],"pre_down":[],"post_down":[]}},"peers":[{"public_key":"'$preshared'","preshared_key":null,"allowed_ips":[],"endpoint":null,"persistent_keepalive":null}],"warnings":[]}' ]]
}

@test "VC-4 L27 nothing of a file is run, sourced, expanded or resolved" {
	local ran=/tmp/vault-parse-conf-ran
	rm -f $ran
	take ok/nothing-runs
	"$VAULT" parse-conf case.conf
	"$VAULT" -j parse-conf case.conf strict || true
	take bad/07-address-command
	run -2 "$VAULT" parse-conf case.conf
	take bad/07-glob
	touch 1.1.1.1
	run -2 "$VAULT" parse-conf case.conf
	[[ ! -e $ran ]]
}

@test "VC-4 L27 no process and no socket is made" {
	command -v strace > /dev/null || skip "no strace"
	! grep -q __asan_init "$VAULT" || skip "a sanitizer build cannot run in strace"
	take ok/nothing-runs
	strace -f -o calls -e trace=process,network "$VAULT" parse-conf case.conf
	[[ $(grep -c execve calls) == 1 ]]
	run -1 grep -E '^[0-9]+ +(clone3?|v?fork|socket|connect)\(' calls
}

@test "IB-2 no private or preshared key is printed without show-keys" {
	local conf
	for conf in "$cases"/ok/*.conf "$cases"/bad/*.conf; do
		cp "$conf" case.conf
		{ "$VAULT" parse-conf case.conf; "$VAULT" -j parse-conf case.conf; "$VAULT" parse-conf case.conf strict; } > all 2>&1 || true
		if grep -qF "${private:10:20}" all; then
			echo "$conf shows its private key"
			false
		fi
	done
	take ok/everything
	run -0 "$VAULT" parse-conf case.conf
	[[ $output != *"$preshared"* ]]
	run -0 "$VAULT" -j parse-conf case.conf
	[[ $output != *"$preshared"* ]]
}

@test "IB-2 a key in a hook is hidden, too" {
	take ok/17-no-newline
	printf '\nPostUp = wg set %%i preshared-key <(echo %s)\n' "$preshared" >> case.conf
	run -0 "$VAULT" -q parse-conf case.conf
	[[ $output == *'<(echo (hidden))'* && $output != *"$preshared"* ]]
	run -0 "$VAULT" -q -j parse-conf case.conf
	[[ $(jq -r '.interface.hooks.post_up[0]' <<< "$output") == 'wg set %i preshared-key <(echo (hidden))' ]]
}

@test "IB-2 show-keys shows them" {
	take ok/everything
	run -0 "$VAULT" -q parse-conf case.conf show-keys
	[[ $output == *"PresharedKey = $preshared"* ]]
	run -0 "$VAULT" -q -j parse-conf case.conf show-keys
	[[ $(jq -r '.peers[0].preshared_key' <<< "$output") == "$preshared" ]]
	[[ $(jq -r '.interface.private_key' <<< "$output") == yA* ]]
}

@test "IB-2 a file that others can open: a warning, an error when strict" {
	local mode
	take ok/17-no-newline
	for mode in 644 640 660 604 601; do
		chmod $mode case.conf
		run -0 --separate-stderr "$VAULT" parse-conf case.conf
		[[ $stderr == "case.conf: warning: "*"(mode 0$mode) (chmod 600 case.conf)" ]]
		run -2 "$VAULT" parse-conf case.conf strict
	done
	chmod 400 case.conf
	run -0 --separate-stderr "$VAULT" parse-conf case.conf strict
	[[ -z $stderr ]]
}

@test "VC-4 strict: warnings are errors, a file without is as before" {
	take ok/12-host-bits
	run -2 --separate-stderr "$VAULT" parse-conf case.conf strict
	[[ -z $output && $stderr == "case.conf:6: AllowedIPs: "* && $stderr != *warning* ]]
	take ok/provider-proton
	run -0 "$VAULT" parse-conf case.conf strict show-keys
}

@test "VC-4 FIFOs, devices and folders are refused without waiting" {
	local file
	mkfifo fifo
	for file in fifo /dev/zero /dev/null .; do
		run -2 --separate-stderr timeout 10 "$VAULT" parse-conf "$file"
		[[ $stderr == "$file: is "*file* ]]
	done
	run -2 --separate-stderr "$VAULT" parse-conf none.conf
	[[ $stderr == "none.conf: cannot open it: No such file or directory" ]]
}

@test "VC-4 a symlink to a file is followed" {
	take ok/17-no-newline
	ln -s case.conf link
	run -0 "$VAULT" parse-conf link
}

@test "VC-4 16 MiB and no more, of a file as of standard input" {
	take ok/17-no-newline
	{ cat case.conf; printf '\n#'; head -c 16777216 /dev/zero | tr '\0' x; } > big
	head -c 16777216 big > fits.conf
	head -c 16777217 big > too-big.conf
	run -0 "$VAULT" parse-conf fits.conf
	run -2 "$VAULT" parse-conf too-big.conf
	[[ $output == "too-big.conf: has more than 16 MiB"* ]]
	run -2 bash -c '"$VAULT" parse-conf - < /dev/zero'
	[[ $output == "-: has more than 16 MiB"* ]]
}

@test "VC-4 - is standard input, of any kind" {
	take ok/everything
	"$VAULT" -q parse-conf - < case.conf | diff "$cases/ok/everything.out" -
	# shellcheck disable=SC2002
	cat case.conf | "$VAULT" -q parse-conf - | diff "$cases/ok/everything.out" -
	mkfifo fifo
	cat case.conf > fifo &
	"$VAULT" -q parse-conf - < fifo | diff "$cases/ok/everything.out" -
	run -2 "$VAULT" parse-conf - < /dev/null
	[[ $output == "-: no PrivateKey"* ]]
	run -2 bash -c '"$VAULT" parse-conf - <&-'
	[[ $output == "-: cannot read it: Bad file descriptor" ]]
}

@test "VC-4 unknown words and no words: exit 2 and what there is" {
	take ok/17-no-newline
	run -2 "$VAULT" parse-conf
	[[ $output == *"which wg-quick file (- is stdin)? (vault help parse-conf)" ]]
	run -2 "$VAULT" parse-conf case.conf show
	[[ $output == *"unknown word \"show\" (show-keys?)" ]]
}

@test "VC-4 a full disk is told" {
	[[ -c /dev/full ]] || skip "no /dev/full"
	take ok/everything
	run -1 bash -c '"$VAULT" -q parse-conf case.conf > /dev/full'
}

@test "VC-4 10,000 peers parse, in text and in JSON" {
	many_peers 10000
	[[ $("$VAULT" parse-conf many10000.conf | grep -c '^PublicKey') == 10000 ]]
	[[ $("$VAULT" -j parse-conf many10000.conf | jq '.peers | length') == 10000 ]]
}

@test "VC-4 twice the peers take about twice the instructions" {
	valgrind_or_skip
	local n option
	local -A count
	for option in -q -j; do
		for n in 1500 3000; do
			many_peers $n
			valgrind --tool=callgrind --callgrind-out-file=/dev/null "$VAULT" $option parse-conf many$n.conf 2> log > /dev/null
			count[$n]=$(awk '/Collected/ { print $4 }' log)
		done
		echo "$option ${count[1500]} ${count[3000]}"
		((10 * count[3000] < 23 * count[1500]))
	done
}

@test "VC-4 a long line takes time in proportion to its length" {
	valgrind_or_skip
	local n
	local -A count
	for n in 20000 40000; do
		{
			printf '[Interface]\nPrivateKey = %s\n[Peer]\nPublicKey = %s\nAllowedIPs = ::/0' "$private" "$preshared"
			awk -v n=$n 'BEGIN { for (i = 0; i < n; i++) printf ", 11.%d.%d.0/24", i / 256, i % 256; print "" }'
		} > long.conf
		valgrind --tool=callgrind --callgrind-out-file=/dev/null "$VAULT" parse-conf long.conf 2> log > /dev/null
		count[$n]=$(awk '/Collected/ { print $4 }' log)
	done
	((10 * count[40000] < 23 * count[20000]))
}

@test "VC-4 the memory for 10,000 peers is at most 2.5 times their file" {
	valgrind_or_skip
	many_peers 10000
	valgrind --tool=massif --massif-out-file=massif "$VAULT" parse-conf many10000.conf > /dev/null 2>&1
	peak=$(sed -n 's/^mem_heap_B=//p' massif | sort -n | tail -n 1)
	size=$(stat -c %s many10000.conf)
	echo "$peak bytes for a file of $size"
	((10 * peak < 25 * size))
}

@test "HO-3 files of the world are read without an error, and no two are the same" {
	local file

	for file in "$BATS_TEST_DIRNAME"/conf/world/*.conf; do
		"$VAULT" -q parse-conf "$file" > out 2> said || { echo "$file: $(< said)"; return 1; }
		grep -q '^PrivateKey = (hidden)$' out && grep -q '^\[Peer\]$' out
	done
	[ -z "$(sed -n 's/^PrivateKey *= *//p' "$BATS_TEST_DIRNAME"/conf/world/*.conf | tr -d '\r' | cut -c1-44 | sort | uniq -d)" ]
}
