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
	[[ $output == *"a namespace of this name is there that is not this vault's"*'(look at `ip netns`; `vault down media` forgets the vault, `ip netns del media` the namespace)'* ]]
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

# state: all that the test's strangers have
links() { host sh -c 'ip -o link | sed "s/^[0-9]*: //; s/state [A-Z]*//"; ip -o address show scope global | sed "s/^[0-9]*: //"'; }

@test "L40 HO-10 an interface of the host's that has the name of a vault's is left alone, and named; the remedy shown touches it not" {
	local before

	host sh -c 'ip link add vlt-office type veth peer name office; ip address add 10.77.7.1/24 dev vlt-office
		ip link set vlt-office up; ip link set office up; ip link add vls-net type bridge; ip link add vlg-office type veth peer name office2'
	before=$(links)
	run -1 up office
	[[ $output == *"vlt-office: File exists"* ]]
	[ "$(links)" = "$before" ]
	# what a crash left of such a vault, its folder
	host mkdir -m 711 -p /run/vault/office
	run -1 up office
	[[ $output == *"the interface vlt-office is not vault's: left alone"* ]]
	[ "$(links)" = "$before" ]
	host mkdir -m 711 -p /run/vault/office
	run -1 vault down office
	[[ $output == *"the interface vlt-office is not vault's: left alone"*"the interface vlg-office is not vault's: left alone"* ]]
	[ "$(links)" = "$before" ]
	run ! host test -e /run/vault/office
	vault down all
	[ "$(links)" = "$before" ]
	run -3 vault check office
	[[ $output == *"not up"* && $output != *"a link of a vault"* ]]
	run -0 vault check
	[[ $output != *office* ]]
	# a bridge of that name, though it is one
	run -1 up web segment net 10.66.7.1/24
	[[ $output == *"vls-net is there and is not this segment's"* ]]
	[ "$(links)" = "$before" ]
	vault up web isolated segment other 10.66.7.1/24 > /dev/null
	vault down web
	[ "$(links)" = "$before" ]
	# by hand in the place of one that is up: not taken, and up does not make it worse
	host sh -c 'ip link del vlt-office; ip link del vlg-office; ip link del vls-net'
	up office
	host sh -c 'ip link set vlt-office down; ip link set vlt-office name kept; ip link add vlt-office type veth peer name office'
	before=$(links)
	run -1 up office
	[[ $output == *"vlt-office is not vault's"* ]]
	[ "$(links)" = "$before" ]
	run vault down office
	host ip link show vlt-office
	host ip link del vlt-office
	# the control: one of vault's, whose description is lost, is found and goes
	up office
	host rm /run/vault/office/vault.json
	run -3 vault check office
	[[ $output == *"vlt-office: a link of a vault that is not described"* ]]
	vault down office > /dev/null 2>&1 || :
	run ! host ip link show vlt-office
}

@test "L40 a vault of 49d34d2, whose links have nothing written on them, is known by their indexes" {
	up media
	host sh -c 'ip link set vlt-media alias ""'
	vault -q check media
	host ip link set vlt-media down
	up media
	host ip link set vlt-media alias ""
	vault down media
	run ! host ip link show vlt-media
}

@test "L40 a long name whose interfaces are called as another vault's: refused, and neither takes the other's away" {
	local long=media-server-living-room short

	up "$long"
	short=$(host sh -c "ip -o link | sed -n 's/^[0-9]*: vlt-\(media-[^@:]*\).*/\1/p'")
	[ -n "$short" ]
	run -1 up "$short" no-link
	[[ $output == *"its interfaces would have the names of the vault $long's"* ]]
	run -1 vault down "$short"
	host ip link show "vlt-$short"
	vault -q check "$long"
	run ! host test -e "/run/vault/$short"
	[ "$(host sed -n p "/sys/class/net/vlt-$short/ifalias")" = "vault $long" ]
	vault down "$long"
	up "$short" # the control
	run -1 up "$long"
	[[ $output == *"its interfaces would have the names of the vault $short's"* ]]
	run -1 vault down "$long"
	vault -q check "$short"
	vault down "$short"
}

@test "L40 HO-10 files and folders of others in /run/vault, and what is no vault's in /run/netns, are left alone and named" {
	local before

	host sh -c 'mkdir -p /run/vault/agent /run/netns; echo secret > /run/vault/token; echo 1 > /run/vault/agent/.sock; echo 2 > /run/vault/agent/hosts
		ln -s /proc/1/ns/net /run/netns/linked; mkdir /run/netns/folder; echo text > /run/netns/text'
	before=$(host sh -c 'find /run/vault /run/netns ! -name .lock | sort; cat /run/vault/agent/hosts')
	run vault check
	echo "$output"
	[[ $status == 0 && $output != *agent* && $output != *token* ]]
	run -0 vault check all
	run -0 vault down all
	[[ $output == *"no vault is up"* ]]
	run -1 up agent
	[[ $output == *"/run/vault/agent is there and is not vault's: left alone"* ]]
	run -1 vault down agent
	[[ $output == *"/run/vault/agent is there and is not vault's: left alone"* ]]
	run -1 up token
	run -1 vault down token
	run -1 up linked
	[[ $output == *"/run/netns/linked is a symbolic link and not vault's: left alone"* ]]
	run -1 vault down linked
	[[ $output == *"/run/netns/linked is a symbolic link and not vault's: left alone"* ]]
	for name in folder text; do
		run -1 up $name
		[[ $output == *"/run/netns/$name is no network namespace and not vault's: left alone"* ]]
		run -1 vault down $name
	done
	[ "$(host sh -c 'find /run/vault /run/netns ! -name .lock | sort; cat /run/vault/agent/hosts')" = "$before" ]
	# put in the place of one that is up
	up media
	host sh -c 'umount /run/netns/media; rm /run/netns/media; ln -s /proc/1/ns/net /run/netns/media'
	run -1 vault check media
	[[ $output == *"/run/netns/media is a symbolic link and not vault's"* ]]
	run -1 vault down media
	host test -L /run/netns/media
	host rm /run/netns/media
	# the control: what a crash left, an empty file and a folder
	host sh -c 'mkdir -m 711 /run/vault/media; install -m 0 /dev/null /run/netns/media'
	up media
	vault -q check media
	vault down media
	host sh -c 'rm -rf /run/vault/agent /run/vault/token /run/netns/linked /run/netns/folder /run/netns/text'
}

@test "L37 L40 a folder in /run/vault that is another user's is not used, nor a description that another put there" {
	host sh -c 'mkdir -p /run/vault/given; chown nobody /run/vault/given'
	run -1 vault up given isolated
	[[ $output == *"/run/vault/given is there and is not vault's: left alone"* ]]
	[ "$(host stat -c %U /run/vault/given)" = nobody ]
	host rm -r /run/vault/given
	vault up given isolated > /dev/null # the control
	host sh -c 'cd /run/vault/given && sed "s/\"post_down\": \[\]/\"post_down\": [\"touch \/run\/owned\"]/" vault.json > new && mv new vault.json &&
		grep -q owned vault.json && chown nobody vault.json'
	run -3 vault check given
	[[ $output == *"/run/vault/given/vault.json is not root's alone (user 65534, mode 0644): not read (chown root "* ]]
	run ! vault down given
	[[ $output == *"(chown root /run/vault/given/vault.json; chmod 600 /run/vault/given/vault.json)"* ]]
	run ! host test -e /run/owned
	host chown root /run/vault/given/vault.json
	vault down given # the control: then it is root's word
	host test -e /run/owned
	host rm /run/owned
}

# writable COMMAND: who made it so could have written the description. It is listed and named, and read by nothing; then
# the mend is typed as it is printed, with the mode that it was made with as the outcome.
writable() {
	local words argv mend="" said="is not root's alone ("

	host sh -c "$1"
	for words in check 'check all' 'check gw' 'exec gw true' 'leaktest gw' 'down all' 'down gw' 'down gw keep-ns' 'up gw' 'up gw as-made' \
		'up gw isolated segment lan 10.9.0.2/24'; do
		read -ra argv <<< "$words"
		run ! vault "${argv[@]}"
		[[ $output == *"gw"*"$said"*"): not read (chown root "* ]] || { echo "$words after $1: $output"; return 1; }
		mend=$(sed -n 's/.*not read (\(chown .*\))$/\1/p' <<< "$output" | head -n 1)
	done
	run -0 host test -e /run/netns/gw
	host sh -c "$mend"
	run -0 vault up gw as-made
	[[ $output == "gw: up, sealed, as described" ]] || { echo "$1, $mend: $output"; return 1; }
	run -0 vault -q check gw
	[ "$(host stat -c '%a %u' /run/vault/gw /run/vault/gw/vault.json | xargs)" = "711 0 600 0" ]
}

# bats test_tags=tunnel
@test "L37 L40 a vault whose folder or description others can write in is listed and named, not read; the mend works as typed" {
	vault up gw conf "$LAB/provider.conf" segment lan 10.9.0.2/24 gateway > /dev/null
	writable 'chmod g+w /run/vault/gw'
	writable 'chmod o+w /run/vault/gw'
	writable 'chmod 1777 /run/vault/gw'
	writable 'chown nobody /run/vault/gw'
	writable 'chmod g+w /run/vault/gw/vault.json'
	writable 'chown nobody /run/vault/gw/vault.json'
	vault up member no-link segment lan 10.9.0.3/24 via 10.9.0.2 > /dev/null
	# the member says whose description it is that may be its gateway's
	host chmod 777 /run/vault/gw
	run -3 vault -q check member
	[[ $output == *"unknown "*" gateway "*"it may be gw: /run/vault/gw is not root's alone (user 0, mode 0777)"* ]]
	# one who can write there can also take the description away: the vault is known by its link
	host sh -c 'rm /run/vault/gw/vault.json'
	run -1 vault -q check all
	[[ $output == *"of a vault that is not described"*"(rm -r /run/vault/gw; vault down gw; ip netns del gw; vault up gw conf FILE)"* ]]
	run -1 vault down all
	[[ $output == *"gw: /run/vault/gw is there and is not vault's"* ]]
	host sh -c "rm -r /run/vault/gw; $VAULT down gw; ip netns del gw"
	run -0 vault down all
	run -0 vault check all
	[[ $output == "no vault is up" ]]
}
