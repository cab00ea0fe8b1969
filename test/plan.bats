#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/plan.bats: words and a wg-quick file -> the exact text of dry-run. Without root, on a machine that has no routes.
#
# plan/NAME.in is a vault.conf(5) and what `vault up media file NAME.in dry-run` prints is plan/NAME.out: as it is, or, with
# `# against OTHER` in NAME.in, as the difference to OTHER.out (diff -U1, without its line numbers). NAME.err is stderr, if any.
# `# needs kernel-wireguard`: else it is skipped. `UPDATE=1 bats test/plan.bats` writes them anew: read the difference.

bats_require_minimum_version 1.5.0
load trace

setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	build=${O:-build}
	[[ $build == /* ]] || build=$top/$build
	export plans=$top/test/plan VAULT=${VAULT:-$build/vault}
	export SPACES=-Urnm
	((EUID != 0)) || SPACES=-nm
	unshare "$SPACES" true 2> /dev/null || skip "no namespaces for an ordinary user here"
	# git keeps no mode of a key's file; and what is printed has its paths in it
	export work=$BATS_FILE_TMPDIR/work
	mkdir "$work"
	cp "$plans"/*.{in,conf} "$work"
	chmod 600 "$work"/*.conf
}

setup() { cd "$work" || return; }

# alone WORDS…: vault, where there is no network and /mnt/wireguard-go is a program
alone() {
	# shellcheck disable=SC2016 # the inner shell's words
	unshare "$SPACES" sh -euc 'mount -t tmpfs mnt /mnt; printf "#!/bin/sh\n" > /mnt/wireguard-go
		chmod 755 /mnt/wireguard-go; exec "$@"' sh "$VAULT" "$@"
}

# told NAME: stdin as NAME.out has it
told() {
	local other

	other=$(sed -n 's/^# against //p' "$1.in")
	if [[ -n $other ]]; then
		diff -U1 "$plans/$other.out" - | tail -n +3 | sed 's/^@@.*/@@/' || :
	else
		cat
	fi
}

golden() {
	alone up media file "$1.in" dry-run > "$1.printed" 2> "$1.said"
	told "$1" < "$1.printed" > "$1.told"
	if [[ -n ${UPDATE:-} ]]; then
		cp "$1.told" "$plans/$1.out"
		rm -f "$plans/$1.err"
		[[ ! -s $1.said ]] || cp "$1.said" "$plans/$1.err"
	fi
	diff -u "$plans/$1.out" "$1.told"
	if [[ -e $plans/$1.err ]]; then diff -u "$plans/$1.err" "$1.said"; else diff -u /dev/null "$1.said"; fi
}

@test "BX-6 the smallest vault, word by word" { golden four; }

@test "BX-6 a vault with IPv4, IPv6 and a link, word by word" { golden both; }

@test "L8 IPv6 that no peer takes: off, and the resolver left out" { golden half; }

@test "a tunnel of IPv6 alone" { golden six; }

@test "IB-2 preshared key, keepalive, port, mark, search domains; no key is printed" {
	golden rich
	for conf in *.conf; do
		sed -n 's/^P[a-z]*[dt]e\?[a-z]*Key = //p' "$conf"
	done | sort -u > keys
	[ "$(wc -l < keys)" = 2 ]
	run -1 grep -F -f keys rich.printed
}

@test "words go before the file's" { golden words; }

@test "VC-10 L6 addresses of the admin's choice, and a resolver among them" { golden addresses; }

@test "DL-5 the link's end inside by the admin's name" { golden link-name; }

@test "VC-7 VC-8 VC-9 what may be reached over the link, and on the tunnel" { golden reach; }

@test "PC-2 the gateway of a segment" { golden gateway; }

@test "PC-2 a member that goes out by a gateway" { golden via; }

@test "DN-2 an isolated member, by IPv6" { golden isolated; }

# bats test_tags=tunnel
@test "BX-8 the kernel's WireGuard" {
	run alone up media file kernel.in dry-run
	[[ $output != *"no WireGuard"* ]] || skip "needs WireGuard in the kernel"
	golden kernel
}

@test "every case is tested" {
	for case in *.in; do
		grep -q "golden ${case%.in}\>" "$BATS_TEST_FILENAME" || { echo "$case is not"; return 1; }
	done
	for out in "$plans"/*.out "$plans"/*.err; do
		[ -e "${out%.*}.in" ] || { echo "$out is of no case"; return 1; }
	done
}

# names NAME: the interface names in its dry-run
names() {
	alone up "$1" conf both.conf userspace /mnt/wireguard-go dry-run |
		sed -n 's/^ip link add \([^ ]*\) type veth peer name \([^ ]*\) .*/\1 \2/p; s/^ip link set \(wg-[^ ]*\) .*/\1/p' | tr '\n' ' '
}

@test "VC-11 interface names fit 15 characters whatever the vault's name" {
	long=$(printf '%063d' 7)
	[ "$(names media)" = "vlt-media link-media wg-media " ]
	[ "$(names ten-letter)" = "vlt-ten-letter link-ten-letter wg-ten-letter " ]
	for name in eleven-char twelve-chars "$long" "${long%7}8"; do
		echo "$name: $(names "$name")"
		[ "$(names "$name" | tr ' ' '\n' | awk 'length > 15 { exit 1 } NF { n++ } END { print n }')" = 3 ]
	done
	[ "$(names "$long")" != "$(names "${long%7}8")" ]
	run -2 "$VAULT" up "${long}0" conf both.conf dry-run
}
