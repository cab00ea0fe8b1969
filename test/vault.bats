#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/vault.bats: `vault up` and `vault down`: what they make, what they say, and that they leave nothing.

# shellcheck disable=SC2154 # `stderr` is what bats' `run` leaves
load helper

teardown() {
	local name

	despawn_all
	for name in $(host ls /run/vault); do vault down "$name" > /dev/null 2>&1 || :; done
	host rm -rf /etc/vault
}

up() { vault up media conf "$LAB/provider.conf" "$@"; }

through_tunnel() { [ "$(inside "${1:-media}" curl -sS "http://${2:-203.0.113.80}/")" = 198.51.100.1 ]; }

# world: all of the host that a vault could leave something in
world() {
	host bash -c '
		nft list ruleset
		ip -o link | sed "s/^[0-9]*: //"
		ip -o address | sed "s/^[0-9]*: //; s/tentative//"
		ip route show table all
		ip -6 route show table all
		ip rule
		sysctl -a 2> /dev/null | grep -E "net\.ipv[46]\.(ip_forward|conf)"
		find /run/netns /run/vault /run/wireguard ! -name .lock
		find /etc /run/vault /run/wireguard -type f ! -name .lock -exec sha256sum {} +
		pgrep -a "wireguard-go|vault"'
}

# rules NAME: the guard, and all that is in that vault, without what was counted
rules() {
	host nft list table inet vault-guard | sed 's/packets [0-9]* bytes [0-9]*//'
	inside "$1" nft list ruleset | sed 's/packets [0-9]* bytes [0-9]*//'
}

links() { host ip -n "$1" -o link | awk -F'[ :@]+' '{ print $2 }' | sort | tr '\n' ' '; }

# nothing_of NAME: it is as if it had never been
nothing_of() {
	run ! host sh -c "ls -d /run/netns/$1 /run/vault/$1 /run/wireguard/wg-$1.sock 2> /dev/null | grep ."
	run ! host ip link show "vlt-$1"
	run ! host pgrep -f "wireguard-go -f wg-[$(cut -c1 <<< "$1")]${1:1}"
	! host nft list table inet vault-guard 2> /dev/null | grep -q "\"vlt-$1\""
}

# bats test_tags=tunnel
@test "MV-1 VC-11 inside are loopback, the tunnel and the link, named after the vault; nothing of the host's" {
	vault up media-vault conf "$LAB/provider.conf"
	[[ $(links media-vault) == "link-"*" lo wg-media-vault " ]]
	[ "$(links media-vault | wc -w)" = 3 ]
	host ip link show vlt-media-vault
	[ "$(inside media-vault ls /sys/class/net | wc -l)" = 3 ]
	through_tunnel media-vault
	[ "$(host ip netns list | grep -c '^media-vault')" = 1 ]
}

# bats test_tags=tunnel
@test "MV-3 the only way out is the tunnel, and behind it nothing" {
	up
	for v in 4 6; do
		[ "$(inside media ip -$v route show default type unicast | awk '{ print $3 }')" = wg-media ]
		[ "$(inside media ip -$v route show type unreachable | grep -c default)" = 1 ]
	done
	[ "$(inside media ip rule | wc -l)" = 3 ]
	through_tunnel
}

# udp_ports COMMAND…: what UDP ports are bound, as that namespace sees them
udp_ports() { "$@" cat /proc/self/net/udp /proc/self/net/udp6 | awk '{ print $2 }'; }

# bats test_tags=tunnel
@test "MV-4 the encrypted socket is the host's, the interface the vault's" {
	host sh -c "sed 's/^Address/ListenPort = 51999\n&/' $LAB/provider.conf > $LAB/port.conf && chmod 600 $LAB/port.conf"
	vault up media conf "$LAB/port.conf"
	through_tunnel
	udp_ports host | grep ':CB1F$'
	[[ $(udp_ports inside media) != *:CB1F* ]]
	run ! host ip link show wg-media
	inside media ip link show wg-media
	must_see isp:to-host --from 192.0.2.2 -- inside media curl -sS http://203.0.113.80/
}

# bats test_tags=tunnel
@test "MV-6 VC-2 IB-5 ip netns exec works, resolv.conf names the VPN's servers alone, the host's is untouched" {
	local before

	before=$(host sha256sum /etc/resolv.conf /etc/hosts /etc/nsswitch.conf)
	up
	through_tunnel
	[ "$(host curl -sS http://203.0.113.80/)" = 192.0.2.2 ]
	[ "$(host grep -v '^#' /run/vault/media/resolv.conf)" = "$(printf 'nameserver 10.66.0.1\nnameserver fd66::1\nsearch vpn.home.arpa')" ]
	[ "$(host sha256sum /etc/resolv.conf /etc/hosts /etc/nsswitch.conf)" = "$before" ]
	run ! host test -e /etc/netns/media
}

@test "VC-3 up and down again and again: the same rules every time, and the host as it was, byte for byte" {
	local before first

	before=$(world)
	[[ $before != *"inet vault-guard"* && $before != *vlt-* ]]
	for i in 1 2 3; do
		up
		[ $i != 1 ] || first=$(rules media)
		diff <(echo "$first") <(rules media)
		run ! diff <(echo "$before") <(world)
		vault down media
		diff <(echo "$before") <(world)
	done
	[ -z "$(host find /run/vault -mindepth 1 ! -name .lock)" ]
}

@test "VC-3 one vault's coming and going changes nothing for another: its rules are whole at every moment" {
	vault up steady conf "$LAB/provider.conf"
	host sh -c 'nft -t list table inet vault-guard | sed "s/packets [0-9]* bytes [0-9]*//"' > "$BATS_TEST_TMPDIR/whole"
	spawn host sh -c 'while :; do nft -t list table inet vault-guard | sed "s/packets [0-9]* bytes [0-9]*//" | md5sum
		nft get element inet vault-guard vaults4 "{ \"vlt-steady\" . 10.200.0.2 }" 2>&1 | grep "No such file"; done'
	local i=0
	while ((++i <= 6 || $(grep -c ' -$' "$SPAWNED_OUT") <= 5)); do
		vault up media conf "$LAB/provider2.conf"
		vault down media
	done
	despawn "$SPAWNED"
	sort "$SPAWNED_OUT" | uniq -c
	run ! grep "No such file" "$SPAWNED_OUT"
	[ "$(grep ' -$' "$SPAWNED_OUT" | sort -u)" = "$(md5sum < "$BATS_TEST_TMPDIR/whole")" ]
	through_tunnel steady
}

# fails_loudly INJECTION TEXT: down with that fault: told, exit 1, everything else gone; the next down cleans up
fails_loudly() {
	up > /dev/null
	run -1 --separate-stderr host strace -o /dev/null -e trace="${1%%:*}" -e inject="$1" "$VAULT" down media
	echo "$1: $stderr"
	[[ $stderr == *"vault: media: "*"$2"* ]]
	[[ $output != *"media: down"* ]]
}

@test "VC-6 a step of down that fails is told, the code is 1, and the steps after it are still taken" {
	need strace traceable
	fails_loudly umount2:error=EBUSY "removing name media: Device or resource busy"
	run ! host ip link show vlt-media
	[ "$(links media)" = "lo " ]
	run ! host nft list table inet vault-guard
	[[ $(inside media nft list ruleset) == *"policy drop"* ]] # sealed still
	host ip netns delete media

	fails_loudly unlinkat:error=EACCES:when=1 "removing files of media: Permission denied"
	run ! host sh -c 'ip link show vlt-media || ls /run/netns/media || nft list table inet vault-guard'
	vault down media || :
	nothing_of media

	up
	host touch /run/vault/media/stranger
	run -1 --separate-stderr vault down media
	[[ $stderr == *"removing /run/vault/media: Directory not empty"* ]]
	host rm /run/vault/media/stranger
	host rmdir /run/vault/media
	nothing_of media

	fails_loudly sendmsg:error=ENOBUFS:when=1 "No buffer space"
	run ! host sh -c 'ls /run/netns/media'
	vault down media || :
	nothing_of media
}

@test "VC-6 with the guard's table gone, or the link, or the tunnel, down finishes" {
	for what in 'nft delete table inet vault-guard' 'ip link delete vlt-media' 'ip -n media link delete wg-media' \
		'ip netns exec media nft flush ruleset' 'rm /run/vault/media/resolv.conf'; do
		up
		# shellcheck disable=SC2086 # words
		host $what
		echo "$what"
		vault down media
		nothing_of media
	done
}

@test "VC-10 the link has the addresses it was given, in both families, and the host reaches the vault by them" {
	up host-address 10.200.1.1/24 vault-address 10.200.1.2/24 host-address fd10:1::1/64 vault-address fd10:1::2/64
	[[ $(host ip -o address show dev vlt-media scope global) == *10.200.1.1/24*fd10:1::1/64* ]]
	[[ $(inside media ip -o address show dev link-media) == *10.200.1.2/24*fd10:1::2/64* ]]
	spawn inside media socat -U TCP6-LISTEN:8080,fork,ipv6only=0,reuseaddr SYSTEM:'echo hello'
	retry 5 host socat -u TCP:10.200.1.2:8080 -
	[ "$(host socat -u TCP:10.200.1.2:8080 -)" = hello ]
	[ "$(host socat -u 'TCP:[fd10:1::2]:8080' -)" = hello ]
	run ! lan socat -u TCP:10.200.1.2:8080,connect-timeout=1 -
	through_tunnel
}

@test "VC-10 bad ends of a link are refused before anything is changed" {
	local before words

	before=$(world)
	for words in "host-address 10.200.1.1/24" "vault-address 10.200.1.2/24" "host-address 10.200.1.1 vault-address 10.200.1.2" \
		"host-address 10.200.1.1/24 vault-address 10.200.2.2/24" "host-address 10.200.1.1/32 vault-address 10.200.1.2/32" \
		"host-address 10.200.1.1/24 vault-address 10.200.1.1/24" "host-address fe80::1/64 vault-address fe80::2/64" \
		"host-address 127.0.0.1/8 vault-address 127.0.0.2/8" "no-link host-address 10.9.0.1/24 vault-address 10.9.0.2/24"; do
		echo "$words"
		# shellcheck disable=SC2086 # words
		run -2 up $words
	done
	diff <(echo "$before") <(world)
}

@test "VC-11 names of 63 characters; two that begin alike are two vaults; longer ones and odd ones are refused" {
	local a b name before

	a=$(printf 'a%.0s' {1..62})1 b=${a%1}2
	vault up "$a" conf "$LAB/provider.conf"
	vault up "$b" conf "$LAB/provider2.conf"
	[ "$(links "$a")" != "$(links "$b")" ]
	[ "$(inside "$a" curl -sS http://10.66.0.1/)" = 10.66.0.2 ]
	[ "$(inside "$b" curl -sS http://10.66.0.1/)" = 10.66.0.3 ]
	vault down "$a"
	[ "$(inside "$b" curl -sS http://10.66.0.1/)" = 10.66.0.3 ]
	vault down "$b"
	before=$(world)
	host cp "$LAB/provider.conf" "$LAB/"$'\xff'.conf
	run -2 vault up media conf "$LAB/"$'\xff'.conf
	[[ $output == *"printable UTF-8"* ]]
	for name in "${a}0" .hidden -dash a/b '' 'a b' ..; do
		run -2 vault up "$name" conf "$LAB/provider.conf"
		[ -z "$name" ] || run -2 vault down "$name"
	done
	for name in all help system prometheus unit pid max-handshake-age; do # words of check
		run -2 vault up "$name" conf "$LAB/provider.conf"
	done
	diff <(echo "$before") <(world)
}

@test "IB-2 the key shows nowhere: not in a process, the state, the output; no core file has it; the file's mode is told" {
	local options pid

	host sh -c '(cat $LAB/keys/client2 $LAB/keys/shared; base64 -d $LAB/keys/client2 | od -An -v -tx1 -w32 | tr -d " ") > $LAB/keyfile'
	[ "$(host wc -l "$LAB/keyfile")" = "3 $LAB/keyfile" ]
	host grep -qF -f "$LAB/keyfile" "$LAB/provider2.conf" # the control: it would be found
	spawn host sh -c 'while :; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr "\0" "\n" | grep -F -f $LAB/keyfile; done 2> /dev/null'
	for options in '' -v -j; do
		# shellcheck disable=SC2086 # words
		vault $options up media conf "$LAB/provider2.conf" > "$BATS_TEST_TMPDIR/said" 2>&1
		# shellcheck disable=SC2086 # words
		vault $options up media conf "$LAB/provider2.conf" >> "$BATS_TEST_TMPDIR/said" 2>&1
		run -1 host grep -rF -f "$LAB/keyfile" /run/vault /etc
		run -1 host grep -F -f "$LAB/keyfile" - < "$BATS_TEST_TMPDIR/said"
		[ "$(host stat -c %a /run/vault/media/vault.json)" = 600 ]
		for pid in $(host pgrep -f 'wireguard-go -f wg-media' || :); do
			[[ $(host cat "/proc/$pid/limits") == *"Max core file size        0 "* ]]
		done
		vault down media > /dev/null
	done
	despawn "$SPAWNED"
	host cat "$LAB/keyfile" > "$BATS_TEST_TMPDIR/keys"
	run -1 grep -F -f "$BATS_TEST_TMPDIR/keys" "$SPAWNED_OUT"
	host chmod 644 "$LAB/provider2.conf"
	run -0 --separate-stderr vault up media conf "$LAB/provider2.conf"
	host chmod 600 "$LAB/provider2.conf"
	[[ $stderr == *"chmod 600"* ]]
}

# the test itself, which runs in the lab, apart
processes() { host ps -e -o comm= | sort | grep -vE '^(ps|sort|grep|diff|bash|nsenter)$'; }

# bats test_tags=tunnel
@test "BX-4 after up nothing of vault's runs but a userspace WireGuard, where that is the backend" {
	local before new

	before=$(processes)
	up
	new=$(diff <(echo "$before") <(processes) | grep '^[<>]' || :)
	echo "$new"
	if [ "$LAB_BACKEND" = kernel ]; then
		[ -z "$new" ]
	else
		[ "$new" = "> wireguard-go" ]
	fi
	through_tunnel
	vault down media
	[ "$(processes)" = "$before" ]
}

@test "BX-5 the guard has as many rules for 20 vaults as for one: only elements come, and go" {
	local one i

	up
	one=$(host nft -t list table inet vault-guard | sed 's/packets [0-9]* bytes [0-9]*//')
	[ "$(host nft list set inet vault-guard vaults4 | grep -o '"vlt-' | wc -l)" = 1 ]
	for i in {1..19}; do vault up "v$i" conf "$LAB/provider2.conf" > /dev/null; done
	[ "$(host nft list set inet vault-guard vaults4 | grep -o '"vlt-' | wc -l)" = 20 ]
	[ "$(host nft -t list table inet vault-guard | sed 's/packets [0-9]* bytes [0-9]*//')" = "$one" ]
	[ "$(host ip -o -4 address | grep -o '10\.200\.0\.[0-9]*/30' | sort -u | wc -l)" = 20 ]
	vault down v{1..19} > /dev/null
	[ "$(host nft list set inet vault-guard vaults4 | grep -o '"vlt-[a-z0-9]*' | sort -u)" = '"vlt-media' ]
	vault down media
	run ! host nft list table inet vault-guard
}

# bats test_tags=tunnel
@test "BX-8 VC-12 the same words on both backends; a userspace WireGuard on demand also where the kernel has one" {
	need wireguard-go
	up
	through_tunnel
	vault down media
	up userspace auto
	through_tunnel
	vault down media
	up userspace wireguard-go
	host pgrep -f 'wireguard-go -f wg-media'
	through_tunnel
	vault down media
	nothing_of media
	run -1 up userspace no-such-program
	[[ $output == *"no such program"* ]]
	nothing_of media
	if [ "$LAB_BACKEND" = kernel ]; then
		up userspace never
		run ! host pgrep -f 'wireguard-go -f wg-media'
		through_tunnel
	else
		run -1 up userspace never
		[[ $output == *"no WireGuard"* ]]
		nothing_of media
	fi
}

@test "no-link: loopback and tunnel alone; the guard knows its endpoint alone" {
	up no-link
	[ "$(links media)" = "lo wg-media " ]
	through_tunnel
	# shellcheck disable=SC2016 # jq's
	[[ $(host nft -j list table inet vault-guard | jq -r '.nftables[] | (.set, .map)? // empty | select(.elem) | .name' |
		grep -E '4$|6$') == endpoints4 ]]
	run ! host ip link show vlt-media
	vault down media
	nothing_of media
}

@test "mtu: the path's less 80, unless the words or the file say another" {
	mtu() { inside media cat /sys/class/net/wg-media/mtu; }

	vault up media conf "$LAB/provider2.conf" && [ "$(mtu)" = 1420 ] && vault down media
	up && [ "$(mtu)" = 1400 ] && vault down media
	up mtu 1300 && [ "$(mtu)" = 1300 ] && vault down media
	host sh -c "(umask 077; sed 's/^MTU.*/MTU = 1280/' $LAB/provider.conf > $LAB/mtu.conf)"
	vault up media conf "$LAB/mtu.conf" && [ "$(mtu)" = 1280 ] && vault down media
	vault up media conf "$LAB/mtu.conf" mtu 1290 && [ "$(mtu)" = 1290 ] && vault down media
	for bad in 575 65536 x 1e3 -1 ''; do run -2 up mtu "$bad"; done
	nothing_of media
}

@test "dns: instead of the file's, in resolv.conf and in the rules" {
	up dns 203.0.113.53,2001:db8:9::53
	[ "$(host grep -v '^#' /run/vault/media/resolv.conf)" = "$(printf 'nameserver 203.0.113.53\nnameserver 2001:db8:9::53\nsearch vpn.home.arpa')" ]
	token
	vault exec media -- getent ahostsv4 "$TOKEN.test" | grep 203.0.113.80
	host grep "query.* $TOKEN.test from 198.51.100.1" "$LAB/isp-dns.log"
	token
	must_not_see srv:wg0 -- inside media wire send udp 10.66.0.1 --port 53 --token "$TOKEN"
	vault down media
	run -2 up dns 203.0.113.53,nonsense
	run -2 up dns
	nothing_of media
}

# bats test_tags=tunnel
@test "an endpoint given by name is asked of the host's resolver, once; a name that nobody knows is an error" {
	vault up media conf "$LAB/named.conf"
	through_tunnel
	vault down media
	host sh -c "(umask 077; sed 's/vpn.example/nobody.invalid/' $LAB/named.conf > $LAB/nobody.conf)"
	run -1 vault up media conf "$LAB/nobody.conf"
	[[ $output == *"nobody.invalid"* ]]
	nothing_of media
}

@test "conf - is stdin, file PATH and /etc/vault/NAME.conf hold the same words; those of the command line win" {
	host sh -c '"$0" up media conf - < $LAB/provider.conf' "$VAULT"
	through_tunnel
	vault down media
	host sh -c "mkdir -p /etc/vault; printf '# mine\n\nconf $LAB/provider.conf # the tunnel\nmtu 1310\n' > /etc/vault/media.conf"
	vault up media
	[ "$(inside media cat /sys/class/net/wg-media/mtu)" = 1310 ]
	vault down media
	host mv /etc/vault/media.conf "$LAB/words"
	run -2 vault up media
	[[ $output == *"/etc/vault/media.conf"* ]]
	vault up media file "$LAB/words" mtu 1320
	[ "$(inside media cat /sys/class/net/wg-media/mtu)" = 1320 ]
	vault down media
	host sh -c "printf 'conf $LAB/provider.conf\n\ncolour red\nmtu\n' > $LAB/words"
	run -2 vault up media file "$LAB/words"
	[[ $output == *"$LAB/words:3: "*colour* && $output == *"$LAB/words:4: "*mtu* ]]
	run -2 vault up media file "$LAB/none"
	nothing_of media
}

@test "with -j stdout is one JSON value, of up and of down, also when they fail" {
	need jq
	local out=$BATS_TEST_TMPDIR/out err=$BATS_TEST_TMPDIR/err

	vault -j up media conf "$LAB/provider.conf" > "$out" 2> "$err"
	[ "$(jq -s length "$out")" = 1 ]
	[ "$(jq -r '.name, .tunnel.interface, .dns[0], .link.vault_address' "$out" | tr '\n' ' ')" = "media wg-media 10.66.0.1 10.200.0.2/30 " ]
	vault -j up other conf "$LAB/provider.conf" userspace no-such-program > "$out" 2> "$err" && false
	[ "$(jq -s -r '.[0].error | .code, .object' "$out" | tr '\n' ' ')" = "1 other " ]
	inside media wire send udp 192.168.77.2 --iface link-media --token 00 || :
	vault -j down media > "$out" 2> "$err"
	[ "$(jq -s -c 'length, (.[0][0] | .name, .down)' "$out" | tr '\n' ' ')" = '1 "media" true ' ]
	vault -j down media > "$out" 2> "$err" && false
	[ "$(jq -s length "$out")" = 1 ]
	vault -j up media colour red > "$out" 2> "$err" && false
	[ "$(jq -s -r '.[0].error.code' "$out")" = 2 ]
	vault -j down > "$out" 2> "$err" && false
	[ "$(jq -s -r '.[0].error.code' "$out")" = 2 ]
}

@test "unknown words and bad values: exit 2, a reason each, nothing changed" {
	local before words

	before=$(world)
	for words in "up" "down" "up media colour red" "up media conf" "up media conf /nonexistent" "up media conf /dev/zero" \
		"up media conf $LAB/provider.conf conf $LAB/provider.conf" "up media conf $LAB/provider.conf mtu 1" \
		"up media conf $LAB/keys/client" "nonsense" "-z up media" "up media userspace"; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr vault $words
		echo "$words: $stderr"
		[ -z "$output" ]
		[ -n "$stderr" ]
	done
	diff <(echo "$before") <(world)
}

@test "down of what is not up: exit 1, \`not up\`; what a crash or a hand left is cleaned" {
	local before

	up && vault down media
	before=$(world)
	run -1 --separate-stderr vault down media
	[[ $stderr == *"vault: media: not up"* ]]
	diff <(echo "$before") <(world)

	up
	host umount /run/netns/media
	host rm /run/netns/media
	run -1 --separate-stderr vault down media
	[[ $stderr == *"not up"* ]]
	diff <(echo "$before") <(world)

	up
	host rm /run/vault/media/vault.json
	host ip netns delete media
	up # clears it, too
	through_tunnel
	vault down media
	diff <(echo "$before") <(world)
}

@test "two vaults at once: addresses, tunnels and ends of their own; one goes, the other stays" {
	vault up one conf "$LAB/provider.conf"
	vault up two conf "$LAB/provider2.conf"
	[ "$(inside one curl -sS http://10.66.0.1/)" = 10.66.0.2 ]
	[ "$(inside two curl -sS http://10.66.0.1/)" = 10.66.0.3 ]
	token
	must_not_see host:vlt-two -- inside one wire send udp 10.200.0.6 --iface link-one --token "$TOKEN"
	host ping -c 1 -W 30 10.200.0.6
	vault down one
	[ "$(inside two curl -sS http://10.66.0.1/)" = 10.66.0.3 ]
	host ping -c 1 -W 30 10.200.0.6
	vault down two
}

inhabited() { [[ $(host ip netns pids media) ]]; }

@test "DL-11 a namespace whose name was deleted, and that somebody is in: found, listed, ended by down kill, or named again by up" {
	local pid left

	for left in nothing 'a file'; do
		up
		spawn host "$VAULT" exec media sleep 1000
		pid=$SPAWNED
		retry 10 inhabited
		host ip netns del media
		[ "$left" = nothing ] || host touch /run/netns/media
		run -1 vault check media
		[[ $output == *"  inside          sleep ($pid)"*"FAIL     netns                 no namespace has the name media, whose own is there without one (vault up media as-made)"* ]]
		run -0 --separate-stderr vault up media as-made
		[[ $output == "media: + name media" && -z $stderr ]]
		vault check media
		[[ $(host ip netns pids media) == *"$pid"* ]]
		through_tunnel
		host ip netns del media
		[ "$left" = nothing ] || host touch /run/netns/media
		run -0 --separate-stderr vault down media
		[[ $stderr == *"process $pid (sleep) goes on inside, with no network" ]]
		despawn "$pid"
	done
	up
	spawn host "$VAULT" exec media sleep 1000
	retry 10 inhabited
	host ip netns del media
	run -0 vault down media kill 1
	[[ $output == *"SIGTERM to process $SPAWNED (sleep)"* ]]
	retry 10 gone "$SPAWNED"
	[ -z "$(host find /run/vault /run/netns -name media)" ]
}

@test "DL-11 a namespace without its name: found by a thread alone, by plan, and whatever has the name by now" {
	local pid

	need python3
	up
	spawn host python3 -c '
import ctypes, os, threading, time
def inside():
	assert not ctypes.CDLL(None, use_errno=True).setns(os.open("/run/netns/media", os.O_RDONLY), 0x40000000)
	print("inside", flush=True)
	time.sleep(1000)
threading.Thread(target=inside).start()'
	pid=$SPAWNED
	retry 10 grep -q inside "$SPAWNED_OUT"
	host ip netns del media
	run -1 vault check media
	[[ $output == *"whose own is there without one"* ]]
	run -0 vault up media plan
	[ "$output" = "media: + name media" ]
	vault up media as-made
	vault check media
	for other in 'ip netns add media' 'ln -s /proc/self/ns/net /run/netns/media' 'mkdir /run/netns/media'; do
		host ip netns del media
		# shellcheck disable=SC2086 # words
		host $other
		run -1 vault up media as-made
		host sh -c 'ip netns del media 2> /dev/null || rm -d /run/netns/media'
		vault up media as-made
	done
	host ip netns del media
	host ip netns add media
	run -0 vault down media kill 1
	[[ $output == *"process $pid (python3)"*"media: down" ]]
	retry 10 gone "$pid"
	host ip netns exec media true # somebody else's
	host ip netns del media
	[ -z "$(host find /run/vault /run/netns -name media)" ]
	run ! host ip link show vlt-media
}

@test "two vaults with one private key: up warns, as the server answers but one of them" {
	up
	run -0 --separate-stderr vault up other conf "$LAB/provider.conf"
	[[ $stderr == *"vault: other: warning: the vault media has the same private key: the server answers but the one that it heard last"* ]]
	vault down other
	run -0 --separate-stderr vault up other conf "$LAB/provider2.conf"
	[ -z "$stderr" ]
	vault down other media
}

@test "a namespace of the name that was made by hand is left alone, by up and by down" {
	local before

	host ip netns add media
	host ip -n media link add mine type veth peer name other
	before=$(world)
	run -1 up
	[[ $output == *"namespace of this name"* ]]
	run -1 vault down media
	[[ $output == *"left alone"* ]]
	diff <(echo "$before") <(world)
	[ "$(links media)" = "lo mine other " ]
	host ip netns delete media
}

@test "an ordinary user reads the vault's resolv.conf, but cannot hold up its commands by a lock" {
	up
	host setpriv --reuid 65534 --clear-groups cat /run/vault/media/resolv.conf | grep -q '^nameserver 10.66.0.1'
	run ! host setpriv --reuid 65534 --clear-groups flock -n /run/vault/media true
	run ! host setpriv --reuid 65534 --clear-groups flock -n /run/vault/.lock true
	host flock -n /run/vault/media true # the control: root can
	vault down media
}

@test "the guard stays while another vault's link is there, also when its elements were taken by hand" {
	up
	vault up other conf "$LAB/provider2.conf"
	host sh -c 'for s in vaults4 vaults6 endpoints4 endpoints6; do nft flush set inet vault-guard $s; done'
	vault down media
	host nft list chain inet vault-guard forward | grep -q 'iifname "vlt-\*".* drop'
	vault down other
	run ! host nft list table inet vault-guard
}

@test "a signal while up waits for what vaults share ends it when it has it: nothing is left" {
	local before

	before=$(world)
	host mkdir -p /run/vault
	spawn host sh -c 'exec 9> /run/vault/.lock; flock 9; exec sleep 1000'
	holder=$SPAWNED
	retry 5 host sh -c '! flock -n /run/vault/.lock true'
	spawn host "$VAULT" up media conf "$LAB/provider.conf"
	retry 5 host test -d /run/vault/media # from here on signals wait
	host kill -TERM "$SPAWNED"
	sleep 0.2
	host kill -0 "$SPAWNED"
	despawn "$holder"
	retry 10 gone "$SPAWNED"
	grep interrupted "$SPAWNED_OUT"
	[ "$(world)" = "$before" ]
}

@test "from another network namespace than its host's, up and down leave a vault alone" {
	vault up media conf "$LAB/provider.conf"
	host ip netns add elsewhere
	run -1 host ip netns exec elsewhere "$VAULT" down media
	[[ $output == *"not the network namespace of its host"* ]]
	run -1 host ip netns exec elsewhere "$VAULT" up media conf "$LAB/provider.conf"
	[[ $output == *"not the network namespace of its host"* ]]
	host ip netns del elsewhere
	vault -q check media
	vault down media
}
