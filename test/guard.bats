#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/guard.bats: the guard on the host: that it is known as ours, and what it holds whatever the rules inside.

load helper

teardown() {
	despawn_all
	vault down media > /dev/null 2>&1 || :
	vault down other > /dev/null 2>&1 || :
	host nft flush ruleset
	masquerade
}

# What the lab's host has, and a test may have flushed.
masquerade() {
	host nft 'table inet nat { chain postrouting {
		type nat hook postrouting priority srcnat; policy accept; oifname "eth0" masquerade; }; }'
}

reach_words=(publish 8080 publish 8443:443/tcp accessible-from "192.168.77.0/24,fd00:77::/64" allow-host 631
	allow-to 192.168.77.9:9100/tcp)

# Two vaults, one of them with all that a guard can hold.
up_media() { vault up media conf "$LAB/provider.conf" "${reach_words[@]}" segment lan 10.9.0.2/24 gateway; }
up_other() { vault up other conf "$LAB/provider2.conf" publish 9090; }
up_both() { up_media > /dev/null; up_other > /dev/null; }

# All elements of sets and maps in the host's tables of that name, a line each.
elements() {
	host sh -c "nft -j list table inet $1; nft -j list table bridge $1" | jq -cS '.nftables[] | (.set, .map)? // empty |
		select(.elem) | .name as $n | .elem[] | [$n, .]' | sort
}

# The guard as 49d34d2 made it takes the place of today's, with the marks that the tunnels have in this run.
old_guard() {
	local media other

	read -r media other < <(host nft list set inet vault-guard endpoints4 |
		sed -n 's/.*\(0x76[0-9a-f]*\) .*"vlt-media".*/\1/p; s/.*\(0x76[0-9a-f]*\) .*"vlt-other".*/\1/p' | xargs)
	[[ -n $media && -n $other ]]
	host sh -c 'nft delete table inet vault-guard; nft delete table bridge vault-guard'
	sed "s/0x761a1f03/$media/; s/0x767d0df5/$other/" "$top/test/state/49d34d2.nft" > "$BATS_TEST_TMPDIR/old"
	host nft -f "$BATS_TEST_TMPDIR/old"
}

# bats test_tags=tunnel
@test "HOSTS law 4: the guard carries a mark that nft prints, and survives a list that is loaded again" {
	up_both
	for family in inet bridge; do
		[[ $(host nft list table $family vault-guard) == *$'\n\tcomment "made by vault(8)'* ]]
	done
	host sh -c "nft list ruleset > $LAB/rules; nft flush ruleset; nft -f $LAB/rules"
	# nft writes some rules in another way; but it is ours, and so it is mended
	up_both
	run -0 vault -q check all
	[ -z "$output" ]
}

# bats test_tags=tunnel
@test "HOSTS law 4: a table of the guard's name that is somebody else's is refused, left alone and named" {
	local family
	for family in inet bridge; do
		host nft "table $family vault-guard { chain theirs { counter; }; }"
		theirs=$(host nft list table $family vault-guard)
		run -1 up_media
		[[ $output == *"table $family vault-guard is there and was not made by vault"* ]]
		[[ $output == *"(nft delete table $family vault-guard)"* ]]
		[ "$(host nft list table $family vault-guard)" = "$theirs" ]
		run ! host sh -c 'ip link show vlt-media || ls /run/netns/media'
		run -1 vault down media
		[ "$(host nft list table $family vault-guard)" = "$theirs" ]
		# the printed remedy works as typed
		host nft delete table $family vault-guard
		up_media
		# one that comes while a vault is up
		host nft "delete table $family vault-guard; table $family vault-guard { chain theirs { counter; }; }"
		run -1 vault check media
		[[ $output == *"FAIL "*" guard "*"$family vault-guard is there and was not made by vault"* ]]
		[[ $output == *"(nft delete table $family vault-guard; vault up media)"* ]]
		run -1 up_media
		[[ $output == *"(nft delete table $family vault-guard)"* ]]
		run -0 vault down media
		[ "$(host nft list table $family vault-guard)" = "$theirs" ]
		host nft delete table $family vault-guard
	done
}

# bats test_tags=tunnel
@test "HOSTS law 4: a table inet vault of another product is left alone by up, check and down" {
	host nft 'table inet vault { comment "HashiCorp Vault"; set peers { type ipv4_addr; elements = { 192.168.77.2 }; }
		counter dropped_endpoint { }
		chain input { type filter hook input priority 0; tcp dport { 8200, 8201 } ip saddr != @peers counter drop; }; }'
	theirs=$(host nft -s list table inet vault)
	vault up media conf "$LAB/provider.conf" publish 8080
	run -0 vault -q check media
	[ -z "$output" ]
	run -0 vault up media conf "$LAB/provider.conf" publish 8080
	[ "$output" = "media: up, sealed, as described" ]
	vault down media
	[ "$(host nft -s list table inet vault)" = "$theirs" ]
	run ! host nft list table inet vault-guard
}

# bats test_tags=tunnel
@test "HOSTS law 6: an older version's guard is taken over, all vaults' elements with it, in one transaction" {
	up_both
	elements vault-guard > "$BATS_TEST_TMPDIR/before"
	old_guard
	elements vault > "$BATS_TEST_TMPDIR/old-elements"
	(($(wc -l < "$BATS_TEST_TMPDIR/old-elements") > 20))
	for name in media other; do
		run -1 vault check $name
		[[ $output == *"FAIL "*" guard "*"it is as an older version of vault made it (vault up $name)"* ]]
	done
	spawn host nft monitor tables # of elements in concatenated ranges nft 1.0.6 dies
	monitor=$SPAWNED_OUT
	host nft add table inet begun
	retry 5 grep -q begun "$monitor"
	run -0 up_other
	[[ $output == *"~ guard on the host"* ]]
	elements vault-guard > "$BATS_TEST_TMPDIR/after"
	grep -v '"bridge"' "$BATS_TEST_TMPDIR/before" | diff <(grep vlt- "$BATS_TEST_TMPDIR/before") <(grep vlt- "$BATS_TEST_TMPDIR/after")
	run ! host nft list table inet vault
	# no generation of the rules was without one of the two
	host nft add table inet ended
	retry 5 grep -q ended "$monitor" || cat "$monitor" >&2
	awk '/add table inet vault-guard/ { made = 1 } /delete table inet vault$/ { exit !made } /^# new generation/ { made = 0 }' \
		"$monitor"
	grep -q 'delete table inet vault$' "$monitor"
	host nft 'delete table inet begun; delete table inet ended'
	# the segments' too, by the vault that has a leg
	host nft list table bridge vault > /dev/null
	run -0 up_media
	run ! host nft list table bridge vault
	elements vault-guard | diff "$BATS_TEST_TMPDIR/before" -
	run vault -q check all
	[ -z "$output" ]
	vault down media
	vault down other
	run -0 host nft list ruleset
	[[ $output != *vault* ]]
}

# bats test_tags=tunnel
@test "HOSTS law 6: with an older version's guard a vault is taken down, and others keep their elements" {
	up_both
	old_guard
	host nft flush chain inet vault forward # also one that a hand has changed
	run -0 vault down media
	elements vault-guard > "$BATS_TEST_TMPDIR/after"
	grep -q vlt-other "$BATS_TEST_TMPDIR/after"
	run ! grep -q vlt-media "$BATS_TEST_TMPDIR/after"
	run -0 vault -q check other
	[ -z "$output" ]
	vault down other
	run -0 host nft list ruleset
	[[ $output != *vault* ]]
}
