#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/dryrun.bats: what `vault up … dry-run` prints, run by hand, makes what `vault up` makes; printing it makes nothing.

load helper

teardown() {
	despawn_all
	for name in media a.long_name-of-a-vault; do
		! host test -e "/run/netns/$name" || undo "$name"
	done
}

# What there is on the host and in the namespace $1. Left out is what no two vaults share: indexes, MAC addresses and
# what is made of them, how far duplicate detection and the carrier have come, what counters count.
snapshot() {
	host bash -euo pipefail -s -- "$1" <<- 'END'
		name=$1
		tidy() {
			sed -E -e 's/packets [0-9]+ bytes [0-9]+/packets 0 bytes 0/' -e 's/^[0-9]+: //' -e 's/@if[0-9]+/@/' \
				-e 's/(link\/ether) [0-9a-f:]+/\1/' -e 's/fe80:[0-9a-f:]+/fe80::/' -e 's/ tentative//' \
				-e 's/,?(LOWER_UP|NO-CARRIER),?/,/' -e 's/ state [A-Z]+//' -e '/nf_conntrack_count/d' \
				-e '/(anycast|local) fe80::.* dev vlt-/d' -e '/inet6 fe80::/d' \
				-e 's/(bridge_id|designated_[a-z]+) [0-9a-f.:]+/\1/g' -e 's/([a-z]+_timer) +[0-9.]+/\1/g'
		}
		look() {
			echo "# $1"
			"${@:2}" | tidy
		}
		# by_name …: the same by the interface's name: the kernel lists them by their indexes, in an order of its own
		by_name() { look "$@" | sort -s -k 1,1; }
		for where in host inside; do
			run=()
			[[ $where == host ]] || run=(ip netns exec "$name")
			look "$where: rules" "${run[@]}" nft list ruleset
			by_name "$where: addresses" "${run[@]}" ip -o address
			look "$where: stations" "${run[@]}" bridge fdb show | grep sticky || :
			by_name "$where: links" "${run[@]}" ip -d -o link
			for family in -4 -6; do
				look "$where: routes $family" "${run[@]}" ip "$family" route show table all | sort # equals come as they came up
				look "$where: policy $family" "${run[@]}" ip "$family" rule
			done
			look "$where: settings" "${run[@]}" sh -c 'grep -rs "" /proc/sys/net || :'
		done
		tunnel=$("${run[@]}" ip -o link show group 30305 | sed -n 's/^[0-9]*: \(wg-[^:@]*\).*/\1/p')
		socket=/run/wireguard/$tunnel.sock
		[[ ! -S $socket ]] || run=()
		look tunnel "${run[@]}" wg showconf "$tunnel" | sed -E 's/^(ListenPort) = [3-9][0-9]{4}$/\1 = random/'
		look files ls -l "/run/vault/$name" | awk '{ print $1, $3, $4, $9 }' | grep -v 'vault.json$'
		look content head -n 99 "/run/vault/$name"/*.conf
	END
}

# Takes away by hand what was made by hand.
undo() {
	host bash -euo pipefail -s -- "$1" <<- 'END'
		for link in $(ip -o link | sed -n 's/^[0-9]*: \(vl[tgs]-[^:@]*\).*/\1/p'); do ip link delete "$link"; done
		ip netns delete "$1"
		! nft list table inet vault-guard > /dev/null 2>&1 || nft delete table inet vault-guard
		! nft list table bridge vault-guard > /dev/null 2>&1 || nft delete table bridge vault-guard
		rm -rf "/run/vault/$1" /run/vault/.segment-*
		for ((i = 0; i < 200; i++)); do
			[[ -n $(ls -A /run/wireguard) ]] || break # wireguard-go ends with its interface
			sleep 0.02
		done
	END
}

# same NAME CONF [WORDS…]: the printed commands with the file's keys, then `vault up` itself; both leave the same
same() {
	local name=$1 conf=$2 script=$LAB/by-hand.sh

	vault up "$name" conf "$conf" "${@:3}" dry-run > "$BATS_TEST_TMPDIR/printed"
	host sed -n 's/^\(PrivateKey\|PresharedKey\) = .*/s|^\1 = (hidden)$|&|/p' "$conf" > "$BATS_TEST_TMPDIR/keys"
	[ "$(grep -c '(hidden)' "$BATS_TEST_TMPDIR/printed")" = "$(wc -l < "$BATS_TEST_TMPDIR/keys")" ]
	sed -f "$BATS_TEST_TMPDIR/keys" "$BATS_TEST_TMPDIR/printed" > "$BATS_TEST_TMPDIR/filled"
	host sh -c "cat > $script" < "$BATS_TEST_TMPDIR/filled"
	host sh -eu "$script" > "$BATS_TEST_TMPDIR/out" 2>&1 || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
	cat "$BATS_TEST_TMPDIR/out"
	[ ! -s "$BATS_TEST_TMPDIR/out" ] # not even a warning
	snapshot "$name" > "$BATS_TEST_TMPDIR/by-hand"
	works "$name" "$conf"
	undo "$name"
	vault up "$name" conf "$conf" "${@:3}"
	snapshot "$name" > "$BATS_TEST_TMPDIR/by-vault"
	works "$name" "$conf"
	vault down "$name"
	diff -u "$BATS_TEST_TMPDIR/by-hand" "$BATS_TEST_TMPDIR/by-vault"
	grep -q 'policy drop' "$BATS_TEST_TMPDIR/by-hand" # it was no comparison of nothing
}

works() {
	local url=http://10.66.0.1/

	[[ $2 != */provider6.conf ]] || url='http://[fd66::1]/'
	[ -n "$(inside "$1" curl -sS --max-time 60 "$url")" ]
}

# bats test_tags=tunnel
@test "BX-6 dry-run's commands, run as printed, make what up makes: IPv4 and IPv6" {
	same media "$LAB/provider.conf"
}

@test "BX-6 the same for IPv4 alone, without a link" {
	same media "$LAB/provider4.conf" no-link
}

@test "BX-6 the same for IPv4 alone, for IPv6 alone, and for both without a link" {
	same media "$LAB/provider4.conf"
	same media "$LAB/provider6.conf"
	same media "$LAB/provider.conf" no-link
}

@test "BX-6 the same for addresses of the admin's choice, a resolver inside their network, another MTU, a long name" {
	same a.long_name-of-a-vault "$LAB/provider.conf" host-address 10.20.30.1/24 vault-address 10.20.30.2/24 \
		host-address fd00:5::1/64 vault-address fd00:5::2/64 dns 10.20.30.40,10.66.0.1 mtu 1300
}

@test "BX-6 the same for preshared key, keepalive, port and mark" {
	host sh -c "umask 077
		sed -e 's/^DNS.*/&, lan.example, test/' -e '/^PrivateKey/a ListenPort = 5555\nFwMark = 0x51' \
		-e 's/^PersistentKeepalive.*/PersistentKeepalive = 33/' $LAB/provider2.conf > $LAB/rich.conf"
	same media "$LAB/rich.conf"
	grep -q 'ListenPort = 5555' "$BATS_TEST_TMPDIR/by-vault"
	grep -qi 'FwMark = 0x51' "$BATS_TEST_TMPDIR/by-vault"
	grep -q 'PersistentKeepalive = 33' "$BATS_TEST_TMPDIR/by-vault"
	grep -q 'PresharedKey' "$BATS_TEST_TMPDIR/by-vault"
}

@test "BX-6 the same for what may be reached over the link, and on the tunnel" {
	same media "$LAB/provider.conf" accessible-from 192.168.77.0/24,fd00:77::/64 publish 8080:80 \
		publish 192.168.77.1:8081:81/both publish '[fd00:77::1]:8082' open-port 6881-6889/both allow-host 631 \
		allow-to 192.0.2.0/24/udp allow-to '[fd00:9::/64]:9000-9009' allow-to 192.0.2.9/icmp
	same media "$LAB/provider4.conf" accessible-from fd00:77::/64 publish 127.0.0.1:8080 allow-to 192.168.77.2 2> /dev/null
}

@test "BX-6 the same for the gateway of a segment" {
	same media "$LAB/provider.conf" segment lan 10.9.0.1/24 gateway
	same media "$LAB/provider.conf" segment lan fd00:9::1/64 gateway no-link
}

@test "BX-6 dry-run needs no privilege" {
	host sh -c "install -m 755 '$VAULT' $LAB/bin/vault && install -o 65534 -m 600 $LAB/provider.conf $LAB/nobody.conf"
	host setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all \
		"$LAB/bin/vault" up media conf "$LAB/nobody.conf" dry-run > "$BATS_TEST_TMPDIR/nobody"
	host "$LAB/bin/vault" up media conf "$LAB/nobody.conf" dry-run > "$BATS_TEST_TMPDIR/root"
	diff -u "$BATS_TEST_TMPDIR/root" "$BATS_TEST_TMPDIR/nobody"
	# The control: without dry-run the same user gets nowhere, and is told why.
	run -1 host setpriv --reuid 65534 --regid 65534 --clear-groups "$LAB/bin/vault" up media conf "$LAB/nobody.conf"
	[[ $output == *"ermission denied"* || $output == *"not permitted"* ]]
	host rm "$LAB/bin/vault"
}

# All of the host that a vault could touch.
host_now() {
	host sh -c 'nft list ruleset; ip -d link; ip address; ip route show table all; ip -6 route show table all; ip rule
		ip netns; find /run /etc -newer /run/lab/mark ! -path "/run/lab/*"; find /run/vault /run/wireguard /run/netns
		for p in /proc/[0-9]*/comm; do cat "$p" 2> /dev/null; done | grep -c wireguard; grep -rs "" /proc/sys/net' |
		sed '/nf_conntrack_count/d'
}

@test "BX-6 dry-run changes nothing, and prints no key" {
	host touch /run/lab/mark
	host_now > "$BATS_TEST_TMPDIR/before"
	vault up media conf "$LAB/provider2.conf" dry-run > "$BATS_TEST_TMPDIR/printed"
	vault -j up media conf "$LAB/provider2.conf" dry-run > "$BATS_TEST_TMPDIR/json"
	vault up media conf "$LAB/provider4.conf" no-link dry-run > /dev/null
	host_now > "$BATS_TEST_TMPDIR/after"
	diff -u "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	for key in client2 shared; do
		run ! grep -F "$(host cat "$LAB/keys/$key")" "$BATS_TEST_TMPDIR/printed" "$BATS_TEST_TMPDIR/json"
	done
	# The control: up itself does show there.
	vault up media conf "$LAB/provider.conf" > /dev/null
	host_now > "$BATS_TEST_TMPDIR/up"
	run -1 diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/up"
	vault down media
}

@test "BX-6 dry-run for a vault that is up prints the same, and leaves it alone" {
	vault up media conf "$LAB/provider.conf" host-address 10.9.9.1/30 vault-address 10.9.9.2/30 > /dev/null
	snapshot media > "$BATS_TEST_TMPDIR/before"
	vault up media conf "$LAB/provider.conf" host-address 10.9.9.1/30 vault-address 10.9.9.2/30 dry-run > "$BATS_TEST_TMPDIR/up"
	snapshot media > "$BATS_TEST_TMPDIR/after"
	vault down media
	vault up media conf "$LAB/provider.conf" host-address 10.9.9.1/30 vault-address 10.9.9.2/30 dry-run > "$BATS_TEST_TMPDIR/down"
	diff -u "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	diff -u "$BATS_TEST_TMPDIR/down" "$BATS_TEST_TMPDIR/up"
}
