#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/identity.bats: what is a vault's is known by what vault put there, never by a name or a number alone: what is somebody
# else's is left alone, and named. On the host of the lab (lab/lab).

load helper

teardown() {
	despawn_all
	vault down all > /dev/null 2>&1 || :
	host sh -c 'for n in /run/netns/*; do case ${n##*/} in isp | srv | lan | lan2) ;; *) ip netns del "${n##*/}" ;; esac; done
		ip -o link | sed -n "s/^[0-9]*: \(vl[tgs]-[^@:]*\).*/\1/p" | while read -r l; do ip link del "$l"; done
		rm -rf /run/vault /run/netns/media' 2> /dev/null || :
}

up() { vault up "$1" conf "$LAB/provider.conf" "${@:2}" > /dev/null; }

number() { host stat -L -c %i "/run/netns/$1"; }

# another NAME: a namespace of that name with the number of the one that was there, made by hand; fails when somebody else on
# this machine got the number
another() {
	local number=$1 name=$2

	# shellcheck disable=SC2016 # the inner shell's words
	host sh -c 'for i in $(seq 1 60); do
			ip netns add other$i
			[ "$(stat -L -c %i /run/netns/other$i)" != "$1" ] || { touch "/run/netns/$2" && mount --bind /run/netns/other$i "/run/netns/$2"; break; }
		done
		for i in $(seq 1 60); do ip netns del other$i 2> /dev/null; done
		[ -e "/run/netns/$2" ]' sh "$number" "$name"
}

@test "L41 a namespace that got the number of a vault's, and its name, is not the vault: up, down kill, exec and check leave it alone" {
	local before i

	# The control: what runs in a vault ends by down kill
	vault up media isolated > /dev/null
	spawn inside media sleep 1000
	vault down media kill 0 > /dev/null
	run ! host kill -0 "$SPAWNED"

	for ((i = 0; i < 20; i++)); do
		vault up media isolated > /dev/null
		before=$(number media)
		host sh -c 'umount /run/netns/media; rm /run/netns/media'
		! another "$before" media || break
		vault down media > /dev/null 2>&1 || :
	done
	[ "$(number media)" = "$before" ]
	[ "$(host jq .netns_inode /run/vault/media/vault.json)" = "$before" ]
	host ip -n media link add byhand type veth peer name byhand2
	spawn inside media sleep 1000
	run -1 vault check media
	[[ $output == *"is not the namespace that was sealed, but one that got its number"* ]]
	run -125 vault exec media true
	[[ $output == *"is not the namespace that was sealed"* ]]
	run -1 vault up media isolated
	[[ $output == *"a namespace of this name is there that is not this vault's"* ]]
	run -1 vault down media kill 0
	[[ $output == *"the namespace of this name is not a vault's; it is left alone"* ]]
	host kill -0 "$SPAWNED"
	host ip -n media link show byhand
	[ -z "$(inside media nft list ruleset)" ]
	[ "$(number media)" = "$before" ]
}

@test "L41 HO-12 a description without the cookie, as an older vault wrote it, goes by the number; up adds the cookie" {
	local state=/run/vault/media/vault.json

	up media
	[ "$(host jq .netns_cookie $state)" != null ]
	host sh -c "jq 'del(.netns_cookie)' $state > /run/kept && cat /run/kept > $state"
	vault -q check media
	vault exec media true
	up media
	[ "$(host jq .netns_cookie $state)" != null ]
	run -0 vault up media conf "$LAB/provider.conf"
	[[ $output == *"as described"* ]]
	host sh -c "jq 'del(.netns_cookie)' $state > /run/kept && cat /run/kept > $state"
	vault down media
	# another cookie is another namespace
	up media
	host sh -c "jq '.netns_cookie += 1' $state > /run/kept && cat /run/kept > $state"
	run -1 vault check media
	[[ $output == *"is not the namespace that was sealed"* ]]
}

@test "HO-12 a description of another schema is read as far as it goes: checked, mended, taken down; what it has besides stays" {
	local state=/run/vault/media/vault.json words

	words=(conf "$LAB/provider.conf" accessible-from 192.168.77.0/24)
	vault up media "${words[@]}" > /dev/null
	host sh -c "jq '.schema = 99 | .later = {a: 1} | .link.later = 2' $state > /run/kept && cat /run/kept > $state"
	vault -q check media
	vault exec media true
	inside media ip route add 1.2.3.0/24 dev lo
	run -1 vault -q check media
	run -0 vault up media "${words[@]}"
	vault -q check media
	vault up media "${words[@]}" publish 8080 > /dev/null
	[ "$(host jq -c .later $state)" = '{"a":1}' ]
	vault -q check media
	# an older one knows less
	host sh -c "jq '{name, netns_inode, seal_generation, tunnel, link, backend, program}' $state > /run/kept && cat /run/kept > $state"
	vault up media "${words[@]}" > /dev/null
	vault -q check media
	host sh -c "jq '.schema = 0' $state > /run/kept && cat /run/kept > $state"
	spawn inside media sleep 1000
	vault down media kill 0 > /dev/null
	run ! host kill -0 "$SPAWNED"
	run ! host sh -c 'ls -d /run/vault/media /run/netns/media; ip link show vlt-media'
}
