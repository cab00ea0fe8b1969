#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/words.bats: which words a vault is made by: those of the command line, of its file, or those it was made with.

load helper
: "${top:?}"

setup() {
	host sh -c "mkdir -p /etc/vault; printf '%s\n' 'conf $LAB/provider.conf' 'publish 8080:9' \
		'accessible-from 192.168.77.0/24' > /etc/vault/media.conf"
}

teardown() {
	despawn_all
	vault down all > "$BATS_TEST_TMPDIR/down" 2>&1 || :
	host rm -rf /etc/vault
}

# asked [NAME]: the clauses that it was made with, sorted, in one line
asked() { host jq -r '.asked | sort | join("; ")' "/run/vault/${1:-media}/vault.json"; }

as_described() {
	run -0 vault up "$@"
	[ "$output" = "$1: up, sealed, as described" ]
}

@test "DL-4 without a file and words: by the words that it was made with, whatever is drifted" {
	host rm /etc/vault/media.conf
	vault up media conf "$LAB/provider.conf" publish 8080:9 accessible-from 192.168.77.0/24 dns 10.66.0.1 mtu 1300 \
		post-up 'echo a  b "c" > /run/hooked'
	[ "$(asked)" = "accessible-from 192.168.77.0/24; conf $LAB/provider.conf; dns 10.66.0.1; mtu 1300; post-up echo a  b \"c\" > /run/hooked; publish 8080:9" ]
	as_described media
	as_described media as-made
	host ip link delete vlt-media
	inside media nft flush ruleset
	vault up media
	vault check media
	as_described media
	[ "$(asked)" = "accessible-from 192.168.77.0/24; conf $LAB/provider.conf; dns 10.66.0.1; mtu 1300; post-up echo a  b \"c\" > /run/hooked; publish 8080:9" ]
}

@test "DL-4 a conf named by a path from the working folder, and a program likewise, are found again from another" {
	host rm /etc/vault/media.conf
	host sh -c 'cd $LAB && "$0" up media conf provider.conf' "$VAULT"
	host sh -c 'cd / && "$0" up media' "$VAULT"
	[ "$(asked)" = "conf $LAB/provider.conf" ]
	vault down media
	host sh -c 'cp "$(command -v wireguard-go)" $LAB/mine && cd $LAB && "$0" up media conf provider.conf userspace ./mine' "$VAULT"
	host sh -c 'cd / && "$0" up media' "$VAULT"
	[ "$(asked)" = "conf $LAB/provider.conf; userspace $LAB/mine" ]
}

@test "DL-4 neither up nor a file: said so, with the file's name" {
	run -2 vault up nobody
	[[ $output == *"nobody: not up, and there is no /etc/vault/nobody.conf (vault up nobody conf FILE)" ]]
	run -1 vault up nobody as-made
	[[ $output == *"nobody: not up"* ]]
	run -2 vault up media as-made publish 80
	[[ $output == *"as-made: without other words"* ]]
	host rm /etc/vault/media.conf
	run -2 vault up media publish 9091
	[[ $output == *"no tunnel: name its wg-quick file"* ]]
	vault up media conf "$LAB/provider.conf" > "$BATS_TEST_TMPDIR/up"
	run -2 vault up media publish 9091 # while one is there, and no file of its own says the rest
	[[ $output == *"no tunnel: words stand in place of those it was made with"*"/etc/vault/media.conf"* ]]
}

@test "DL-5 clauses of the command line go on top of the file's; none empties a list; a way goes before another" {
	vault up media
	[ "$(asked)" = "accessible-from 192.168.77.0/24; conf $LAB/provider.conf; publish 8080:9" ]
	vault up media publish 9091
	[ "$(asked)" = "accessible-from 192.168.77.0/24; conf $LAB/provider.conf; publish 9091" ]
	vault up media conf "$LAB/provider2.conf" publish none
	[ "$(asked)" = "accessible-from 192.168.77.0/24; conf $LAB/provider2.conf" ]
	[ "$(host jq -c .reach.publish /run/vault/media/vault.json)" = '[]' ]
	vault up media isolated
	[ "$(asked)" = "accessible-from 192.168.77.0/24; isolated; publish 8080:9" ]
	run ! inside media ip link show wg-media
	run ! host pgrep -f 'wireguard-go -f wg-media'
	vault check media
	as_described media as-made
	run -2 vault up media publish none publish 80
	[[ $output == *"publish: none, and others besides"* ]]
	vault up media file none isolated
	[ "$(asked)" = isolated ]
}

@test "DL-4 DL-5 as-made goes by that alone, whatever the file says now; a plain up reads the file anew" {
	vault up media publish 9091
	host sh -c 'echo "mtu 1290" >> /etc/vault/media.conf'
	as_described media as-made
	vault up media
	[ "$(inside media cat /sys/class/net/wg-media/mtu)" = 1290 ]
	[ "$(asked)" = "accessible-from 192.168.77.0/24; conf $LAB/provider.conf; mtu 1290; publish 8080:9" ]
}

@test "DL-4 conf - keeps no key: all else is put right, and what cannot be is named" {
	host rm /etc/vault/media.conf
	host sh -c '"$0" up media conf - publish 8080:9 < $LAB/provider.conf' "$VAULT"
	[ "$(asked)" = "conf -; publish 8080:9" ]
	as_described media
	retry 10 inside media curl -sfm 2 -o /dev/null http://10.66.0.1/
	inside media ip route del default
	vault up media
	vault check media
	inside media curl -sfm 60 -o /dev/null http://10.66.0.1/
	inside media ip link del wg-media || host kill "$(host pgrep -f 'wireguard-go -f wg-media')"
	host nft delete table inet vault-guard
	run -1 vault up media
	echo "$output"
	[[ $output == *"keys came from standard input, and are gone"*"vault up media conf FILE"* ]]
	host nft list table inet vault-guard > "$BATS_TEST_TMPDIR/guard"
	grep -q 'vlt-media' "$BATS_TEST_TMPDIR/guard"
	vault up media conf "$LAB/provider.conf"
	vault check media
	run ! host grep -qF "$(host cat "$LAB/keys/client")" /run/vault/media/vault.json
}

# words_of NAME LINE…: its file
words_of() { host sh -c 'name=$1; shift; printf "%s\n" "$@" > "/etc/vault/$name.conf"' sh "$@"; }

@test "DL-4 DL-6 up all: each vault that has a file, gateways first; one that fails keeps no other from coming up" {
	words_of z-gw "conf $LAB/provider2.conf" 'segment lan 10.9.0.1/24 gateway'
	words_of a-member 'segment lan 10.9.0.2/24 via 10.9.0.1' # by the gateway's resolvers, which is not up before
	words_of broken 'conf /nowhere.conf'
	words_of 'no name' isolated
	words_of all isolated
	host touch /etc/vault/notes
	run -1 --separate-stderr vault -j up all plan
	jq -e 'length == 4 and all(.[] | select(.name != "broken"); .changes | length > 0)' <<< "$output"
	host test ! -e /run/netns/media
	run -1 vault up all
	[[ $output == *"/nowhere.conf: "* && $output == *"media: up, sealed"*"z-gw: up, sealed"*"a-member: up, sealed"* ]]
	vault -q check media a-member
	run -1 --separate-stderr vault -j up all
	jq -e 'map(.name) == ["broken", "media", "z-gw", "a-member"] and .[0].error.object == "/nowhere.conf" and .[1].changes == []' <<< "$output"
	host rm /etc/vault/broken.conf
	inside media nft flush chain inet vault output
	run -0 vault up all plan
	[[ $output == *"media: ~ kill switch"*"z-gw: nothing to change"*"a-member: nothing to change" ]]
	run -0 vault up all
	[[ $output == *"media: ~ kill switch"*"z-gw: up, sealed, as described"*"a-member: up, sealed, as described" ]]
}

@test "DL-4 up all takes only what says how; without a file there is nothing to do" {
	run -2 vault up all publish 80
	[[ $output == *"all: with plan, dry-run or wait-handshake alone" ]]
	run -2 vault up all media
	run -2 vault up media all
	host test ! -e /run/netns/media
	run -0 vault -j up all dry-run
	jq -e '.[0].name == "media" and (.[0].commands | contains("ip netns add media"))' <<< "$output"
	host rm -r /etc/vault
	run -0 vault up all
	[ "$output" = "no vault has a file in /etc/vault" ]
	run -0 vault -j up all
	[ "$output" = "[]" ]
}

@test "DL-4 HO-12 a vault of 49d34d2, which kept no words: what it is stays" {
	local old status=0

	old=$("$BATS_TEST_DIRNAME/state/build" 49d34d2) || status=$?
	[ "$status" != 77 ] || skip "the source of 49d34d2 is not in this tree"
	host rm /etc/vault/media.conf
	host "$old" up media conf "$LAB/provider.conf" mtu 1300 dns 10.66.0.1 accessible-from 192.168.77.0/24,fd00:77::/64 \
		publish 8080:80 publish 192.168.77.1:53000:53/both open-port 6881-6889/both allow-host 631 \
		allow-to 192.0.2.7:80/tcp post-up 'true; # mine' segment lan 10.9.0.2/24 > "$BATS_TEST_TMPDIR/up"
	host jq 'del(.asked, .in_the_way, .netns_cookie, .link.index, .segment.index)' /run/vault/media/vault.json > "$BATS_TEST_TMPDIR/before"
	vault up media
	host jq 'del(.asked, .in_the_way, .netns_cookie, .link.index, .segment.index)' /run/vault/media/vault.json > "$BATS_TEST_TMPDIR/after"
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	as_described media
	vault check media
}

@test "DL-7 the commands of vault-quickstart(7), as they are printed" {
	sed -nE '/^\.Bd/,/^\.Ed/{/^\./d;s/^# //;p}; s/^\.Dl # //p' "$top/man/vault-quickstart.7" > "$BATS_TEST_TMPDIR/quick"
	[ "$(grep -c '^vault' "$BATS_TEST_TMPDIR/quick")" = 7 ]
	# shellcheck disable=SC2016 # the inner shell's words
	host bash -uc 'mkdir -p /etc/vault; cd $LAB; PATH=${VAULT%/*}:$PATH
		sed "s/curl/curl -sfm 60/" "$0" > typed; bash -eu typed' "$BATS_TEST_TMPDIR/quick" > "$BATS_TEST_TMPDIR/said" 2>&1 ||
		{ cat "$BATS_TEST_TMPDIR/said"; return 1; }
	for said in 'media: up, sealed' 198.51.100.1 'media: sound' 'media: sealed' 'media: nothing to change' 'media: down'; do
		grep -qx "$said" "$BATS_TEST_TMPDIR/said" || { cat "$BATS_TEST_TMPDIR/said"; echo "not said: $said"; return 1; }
	done
}
