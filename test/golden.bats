#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/golden.bats: what vault prints, to the letter: each of golden/*.out is a session, commands and what they said.
#
#   $ vault WORDS    then stdout as it is, stderr behind `! `, and `= STATUS` when that is not 0
#   # COMMAND        something else that was done
#
# What differs from run to run is put as a word in capitals (see `stable`). Who means to change what is printed writes them anew by
# `UPDATE=1 bats test/golden.bats`, and reads the difference. They are of a kernel that can filter a packet socket's frames (5.16).

load helper
: "${top:?}" "${stderr=}"

setup_file() {
	lab_start
	export golden=$top/test/golden program
	program=$(host sh -c 'command -v wireguard-go') || return 0 # the tests say so
	# shellcheck disable=SC2016 # the inner shell's words
	host bash -euc 'mkdir $LAB/golden && cd $LAB/golden
		cp "$VAULT" . # one that any user may run
		sed -i "/^PersistentKeepalive/d" $LAB/provider.conf # else a handshake may be under way, or over
		install -m 600 $LAB/provider.conf provider.conf
		install -m 644 $LAB/provider.conf world.conf
		{ echo "PostUp = rm -rf /"; sed "s/^Endpoint.*/Endpoint = nowhere/" $LAB/provider.conf; echo Surprise = 1; } > broken.conf
		printf "conf x\0y\n" > nul.words
		echo "allow-host 53" > no.words
		printf "%s\n" "nonsense 1" "conf" "mtu 1 2" "mtu 1400" "mtu 1400" "file x" "dns x # said" "post-up" > bad.words
		chmod 600 broken.conf *.words'
}

setup() { need wireguard-go; SESSION=$BATS_TEST_TMPDIR/session; : > "$SESSION"; }

teardown() {
	despawn_all
	vault down all > "$BATS_TEST_TMPDIR/down" 2>&1 || :
}

# stable: what is another at each run, or on each machine. What was dropped is not told: of itself the kernel sends what is, at times.
stable() {
	sed -E -e 's|[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=|KEY|g' -e 's/([0-9a-f]{2}:){5}[0-9a-f]{2}/MAC/g' \
		-e 's/fe80::[0-9a-f]+:[0-9a-f:]+/fe80::LINK/g' -e "s|$program|wireguard-go|g" \
		-e 's/answered [0-9]+ s ago/answered SECONDS s ago/' -e 's/[0-9]+ bytes received, [0-9]+ sent/BYTES bytes received, BYTES sent/' \
		-e 's/\b(pid|process) [0-9]+/\1 PID/g' -e '/: dropped [0-9]+ packets/d' -e 's/net:\[[0-9]+\]/net:[NUMBER]/g' \
		-e 's/[0-9-]{10}T[0-9:.]+Z/TIME/g' -e 's/handshake [0-9]+ (s|min) ago/handshake TIME ago/' \
		-e 's/[0-9.]+ [KM]?i?B received, [0-9.]+ [KM]?i?B sent/BYTES received, BYTES sent/' \
		-e 's|^(  peer +)[A-Za-z0-9+/]{8}\.\.|\1KEY..|' -e '/^  dropped /d' -e 's/^([a-z]+ +(sound|broken|unknown) .*) +[0-9]+ +[0-9]+$/\1 INSIDE DROPPED/' \
		-e 's/"((rx|tx)_bytes|packets|bytes|handshake_age|pid|listen_port|index|host_index)": [0-9.]+/"\1": NUMBER/' \
		-e 's/^(vault_[a-z_]*(_total|_seconds)\{.*\}) [0-9.e+]+$/\1 NUMBER/'
}

# says WORDS…: that command, and what it prints
says() {
	run --separate-stderr host sh -c 'cd $LAB/golden && exec ./vault "$@"' sh "$@" < /dev/null
	{
		echo "\$ vault $*"
		[[ -z $output ]] || echo "$output"
		# shellcheck disable=SC2154 # as the above
		[[ -z $stderr ]] || while IFS= read -r line; do echo "! $line"; done <<< "$stderr"
		((status == 0)) || echo "= $status"
	} | stable >> "$SESSION"
}

# does COMMAND…: without a word of its own
does() {
	echo "# $*" | stable >> "$SESSION"
	"$@" > "$BATS_TEST_TMPDIR/does" 2>&1 || { cat "$BATS_TEST_TMPDIR/does"; return 1; }
}

# faults: of the last command's, the lines that are none of `ok`
faults() {
	sed -i '/^ok  /d' "$SESSION"
}

# golden NAME: that was it
golden() {
	if [[ -n ${UPDATE:-} ]]; then cp "$SESSION" "$golden/$1.out"; fi
	diff -u "$golden/$1.out" "$SESSION"
}

plain() { says up media conf provider.conf userspace wireguard-go "$@"; }
gateway() { says up gw conf provider.conf userspace wireguard-go segment lan 10.9.0.1/24 gateway; }

# life NAME: of a vault that is up
life() {
	says check "$1"
	says -v check "$1"
	says -j -p check "$1"
	says down "$1"
}

@test "golden: a vault with a tunnel and a link" {
	plain
	says check
	plain
	says -v up media conf provider.conf userspace wireguard-go mtu 1380
	says -j -p up media conf provider.conf userspace wireguard-go
	says -q check media
	does vault exec media curl -sfm 20 http://10.66.0.1/
	life media
	says down media
	says check media
	golden media
}

@test "golden: a vault that keeps its namespace" {
	plain no-link
	says down media keep-ns
	says check media
	says down media
	golden keep-ns
}

@test "golden: what may be reached" {
	plain accessible-from 192.168.77.0/24,fd00:77::/64 publish 8080:80 open-port 6881-6889/both allow-host 631 allow-to 203.0.113.9:443
	life media
	golden reach
}

@test "golden: a segment with its gateway, a member, one that is isolated" {
	gateway
	says up member segment lan 10.9.0.2/24 via 10.9.0.1
	says up alone isolated segment lan 10.9.0.3/24
	for name in gw member alone; do says check $name; done
	says -j -p check member alone
	says check all prometheus
	says check
	says down gw
	says -v check all
	faults
	says down all
	golden segment
}

# broken COMMAND…: that was done to `media`; check names it, `up` mends it
broken() {
	does "$@"
	says -q check media
	plain
}

@test "golden: broken vaults, and how up mends them" {
	plain
	: > "$SESSION"
	broken inside media nft delete table inet vault
	broken inside media nft insert rule inet vault output accept
	broken inside media nft delete table netdev vault-link
	broken host nft flush chain inet vault-guard forward
	broken host nft delete table inet vault-guard
	broken host ip link del vlt-media
	broken host ip address add 192.168.99.1/24 dev vlt-media
	broken inside media ip link set link-media down
	broken inside media ip link del wg-media
	broken inside media wg set wg-media fwmark 0x77
	broken inside media wg set wg-media private-key "$LAB/keys/client2"
	broken inside media ip address add 10.9.9.9/32 dev wg-media
	broken inside media ip route del default
	broken inside media ip route add default via 10.200.0.1 metric 5
	broken inside media sysctl -qw net.ipv4.ip_forward=1
	broken inside media sysctl -qw net.ipv6.conf.link-media.accept_ra=2
	broken host sh -c 'echo nameserver 9.9.9.9 > /run/vault/media/resolv.conf'
	broken host sh -c 'umount /run/netns/media; rm /run/netns/media'
	golden broken
}

@test "golden: what is another's is named, and no up mends it" {
	plain
	: > "$SESSION"
	does inside media ip rule add priority 77 table 77
	does inside media ip link add leg9 type veth peer name leg8
	does inside media nft add table ip nat
	does inside media tc qdisc add dev wg-media clsact
	does host ip link add link vlt-media name over type macvlan
	says check media
	faults
	plain
	golden strangers
}

# all_say [AS…]: each line of stdin is the words of a command, run in the folder of the files that they name. None may succeed.
all_say() {
	# shellcheck disable=SC2016 # the inner shell's words
	host "$@" bash -c 'cd $LAB/golden && while read -r line; do
		status=0
		./vault $line > "$0/stdout" 2> "$0/stderr" < /dev/null || status=$?
		echo "\$ vault $line"
		cat "$0/stdout"
		sed "s/^/! /" "$0/stderr"
		echo "= $status"
	done' "$BATS_TEST_TMPDIR" | stable >> "$SESSION"
	run ! grep '^= 0' "$SESSION"
}

@test "golden: words that are wrong, in each command" {
	all_say < <(grep -v '^#' "$golden/errors.in")
	golden errors
}

@test "golden: what is refused to who is not root" {
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" && chmod 777 "$BATS_TEST_TMPDIR"
	all_say setpriv --reuid 65534 --regid 65534 --clear-groups <<- 'END'
		up media conf world.conf
		up media isolated
		up media adopt wg0
		up media file no.words
		down media
		check media
		exec media true
		leaktest media
	END
	golden refused
}

@test "golden: help" {
	says help
	for command in up down exec check leaktest parse-conf; do says help $command; done
	golden help
}
