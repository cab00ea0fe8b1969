#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/upgrade.bats: a vault that an earlier version made is checked, mended and taken down by this one (HOSTS' sixth law:
# nothing to lose at an upgrade). test/state/build builds the earlier version from its source.

load helper

setup_file() {
	export OLD OLD_BUILT=0

	OLD=$("$BATS_TEST_DIRNAME/state/build" 49d34d2) || OLD_BUILT=$?
	lab_start
}

setup() {
	[ "$OLD_BUILT" != 77 ] || skip "the source of 49d34d2 is not in this tree"
	[ "$OLD_BUILT" = 0 ]
}

teardown() {
	despawn_all
	vault down all > "$BATS_TEST_TMPDIR/down" 2>&1 || :
}

old() { host "$OLD" "$@"; }

sound() {
	run -0 vault -q check "$@"
	[ -z "$output" ] || { echo "$output"; return 1; }
}

@test "HO-12 a vault of 49d34d2 with a program inside: sound, mended without losing its namespace, taken down" {
	old up media conf "$LAB/provider.conf" accessible-from 192.168.77.0/24 publish 8080:80 allow-host 9 > "$BATS_TEST_TMPDIR/up"
	spawn inside media busybox httpd -f -p 80 -h "$LAB/www"
	retry 10 inside media curl -sfm 2 -o /dev/null http://10.66.0.1/
	lan curl -sfm 60 -o /dev/null http://192.168.77.1:8080/
	before=$(host stat -L -c %i /run/netns/media)

	# As found it lacks what came since, and one remedy brings all of it.
	run -1 vault -q check media
	[ "$(grep -c '^FAIL' <<< "$output")" -ge 1 ]
	run ! grep -vE '^FAIL +(guard|link|wall|confine.conf) .*\(vault up media as-made\)$|^media: broken$' <<< "$output"
	vault up media conf "$LAB/provider.conf" accessible-from 192.168.77.0/24 publish 8080:80 allow-host 9
	sound media
	run -0 vault up media conf "$LAB/provider.conf" accessible-from 192.168.77.0/24 publish 8080:80 allow-host 9
	[ "$output" = "media: up, sealed, as described" ]
	[ "$(host stat -L -c %i /run/netns/media)" = "$before" ]
	inside media curl -sfm 60 -o /dev/null http://10.66.0.1/
	lan curl -sfm 60 -o /dev/null http://192.168.77.1:8080/

	# drift is put back, by the link of an earlier index
	host ip link delete vlt-media
	vault up media conf "$LAB/provider.conf" accessible-from 192.168.77.0/24 publish 8080:80 allow-host 9
	sound media
	lan curl -sfm 60 -o /dev/null http://192.168.77.1:8080/
	despawn "$SPAWNED"
	vault down media
	host sh -c '! ip -o link | grep -E "vl[tgs]-" && ! test -e /run/netns/media && ! ls -A /run/vault | grep -v "^\.lock$" &&
		! nft list tables | grep vault'
}

@test "HO-12 vaults of 49d34d2 on a segment: the member goes out by the gateway before and after" {
	old up gw conf "$LAB/provider2.conf" segment net 10.99.0.1/24 gateway > "$BATS_TEST_TMPDIR/up"
	old up member segment net 10.99.0.2/24 via 10.99.0.1 dns 10.66.0.1 no-link >> "$BATS_TEST_TMPDIR/up"
	retry 10 inside member curl -sfm 2 -o /dev/null http://10.66.0.1/
	vault up gw conf "$LAB/provider2.conf" segment net 10.99.0.1/24 gateway
	vault up member segment net 10.99.0.2/24 via 10.99.0.1 dns 10.66.0.1 no-link
	sound gw member
	retry 10 inside member curl -sfm 2 -o /dev/null http://10.66.0.1/
	vault down member gw
	host sh -c '! ip -o link | grep -E "vl[tgs]-" && ! nft list tables | grep vault'
}

@test "HO-12 what 49d34d2 left when it was down only needs taking down" {
	old up media conf "$LAB/provider.conf" > "$BATS_TEST_TMPDIR/up"
	old up alone isolated >> "$BATS_TEST_TMPDIR/up"
	run -0 vault down media alone
	host sh -c '! ip -o link | grep -E "vl[tgs]-" && ! test -e /run/netns/media && ! nft list tables | grep vault'
}
