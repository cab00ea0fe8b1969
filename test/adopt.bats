#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/adopt.bats: `adopt IFNAME`: the tunnel that wg-quick made goes into the vault, and back to be taken down.

# shellcheck disable=SC2154 # what bats' `run` leaves
load helper

teardown() {
	despawn_all
	! host test -e /run/vault/media || vault down media > /dev/null 2>&1 || :
	! host test -e /sys/class/net/wg0 || host ip link delete wg0
	host rm -rf /etc/wireguard
}

# quick LINE…: /etc/wireguard/wg0.conf is the provider's without DNS, with these lines in its [Interface]
quick() {
	host mkdir -p /etc/wireguard
	host sed '/^DNS/d' "$LAB/provider.conf" > "$BATS_TEST_TMPDIR/conf"
	{ echo '[Interface]' && printf '%s\n' "$@" && sed '/^\[Interface\]/d' "$BATS_TEST_TMPDIR/conf"; } |
		host sh -c 'umask 077; cat > /etc/wireguard/wg0.conf'
}

through_tunnel() { [ "$(inside media curl -sS http://203.0.113.80/)" = 198.51.100.1 ]; }
links() { host ip -n media -o link | awk -F'[ :@]+' '{ print $2 }' | sort | xargs; }

# given_back: wg0 is on the host, down, with no address, and no route leads by it
given_back() {
	host ip -d link show wg0 | grep -q wireguard
	run ! grep -qw UP <(host ip -o link show wg0)
	[ -z "$(host ip -o address show dev wg0)" ]
	run ! grep -w wg0 <(host ip route show table all; host ip -6 route show table all)
}

# bats test_tags=tunnel
@test "MV-1 MV-4 adopt: wg-quick's PostUp moves its interface in; again is nothing to do; down gives it back, wg-quick ends it" {
	need kernel-wireguard
	quick 'Table = off' 'ListenPort = 51999' "PostUp = $VAULT up media adopt %i dns 10.66.0.1"
	host ip rule > "$BATS_TEST_TMPDIR/rules"
	host wg-quick up wg0
	[ "$(links)" = "link-media lo wg-media" ]
	run ! host ip link show wg0
	through_tunnel
	host cat /proc/net/udp | grep -qi ":$(printf %04x 51999) "
	run ! grep -qi ":$(printf %04x 51999) " <(inside media cat /proc/net/udp)
	[ "$(inside media ip -o -4 address show dev wg-media | awk '{ print $4 }')" = 10.66.0.2/32 ]
	[ "$(vault exec media curl -sS http://ip.test/)" = 198.51.100.1 ]
	inode=$(host stat -Lc %i /run/netns/media)
	run -0 vault up media adopt wg0 dns 10.66.0.1
	[ "$output" = "media: up, sealed, as described" ]
	inside media ip address flush dev wg-media
	run -0 vault up media adopt wg0 dns 10.66.0.1
	[[ $output == *"+ address 10.66.0.2/32"* ]]
	through_tunnel
	[ "$(host stat -Lc %i /run/netns/media)" = "$inode" ]
	vault down media
	given_back
	host wg-quick down wg0
	run ! host ip link show wg0
	host ip rule | diff "$BATS_TEST_TMPDIR/rules" -
}

# bats test_tags=tunnel
@test "MV-3 adopt: of a tunnel for all the host's traffic nothing is sent past it; what stays on the host is named" {
	need kernel-wireguard
	quick
	host ip rule > "$BATS_TEST_TMPDIR/rules"
	host wg-quick up wg0
	observe isp:to-host --from 10.66.0.2
	run -0 vault up media adopt wg0
	[[ $output == *"table 51820"*"wg-quick-wg0 of nft"* ]]
	through_tunnel
	[ "$(host curl -sS http://203.0.113.80/)" = 192.0.2.2 ]
	inside media ip link delete wg-media
	run ! inside media curl -sS -m 2 http://203.0.113.80/
	must_not_see
	# It is gone; wg-quick makes it anew, and it goes into the same namespace.
	run -2 vault up media adopt wg0
	[[ $output == *"adopt wg0: no such interface"* ]]
	host sh -c 'ip rule del table 51820; ip rule del table main suppress_prefixlength 0
		ip -6 rule del table 51820; ip -6 rule del table main suppress_prefixlength 0; nft delete table ip wg-quick-wg0
		nft delete table ip6 wg-quick-wg0' || :
	host wg-quick up wg0
	run -0 vault up media adopt wg0
	[[ $output == *"tunnel wg-media"* ]]
	through_tunnel
	vault down media
	given_back
	host wg-quick down wg0
	host ip rule | diff "$BATS_TEST_TMPDIR/rules" -
	run ! grep wg-quick <(host nft list tables)
}

# bats test_tags=tunnel
@test "VC-6 adopt: an up that fails gives the interface back, down; one that is refused leaves it as it is" {
	need kernel-wireguard
	quick 'Table = off'
	host wg-quick up wg0
	before=$(host ip -d -o address show dev wg0)
	run -0 vault up media adopt wg0 dry-run
	[[ $output == *"ip link set wg0 netns media name wg-media mtu "* && $output != *setconf* ]]
	host ip netns add media
	run -1 vault up media adopt wg0
	host ip netns del media
	[ "$(host ip -d -o address show dev wg0)" = "$before" ]
	host mount -t tmpfs -o size=4k,mode=755 full /run/vault
	host dd if=/dev/zero of=/run/vault/fill bs=4096 count=1 status=none
	run -1 vault up media adopt wg0
	host umount /run/vault
	[[ $output == *"No space left"* ]]
	given_back
	host wg-quick down wg0
}

@test "adopt: what is no WireGuard interface, or goes with another tunnel's words, is refused" {
	run -2 vault up media adopt none
	[[ $output == *"adopt none: no such interface"*"wg-quick up none"* ]]
	run -2 vault up media adopt lo
	[[ $output == *"adopt lo: not a WireGuard interface"* ]]
	for words in "conf x" "userspace x"; do
		# shellcheck disable=SC2086 # words
		run -2 vault up media adopt lo $words
		[[ $output == *"neither conf nor userspace"* ]]
	done
	for name in a/b abcdefghijklmnop; do
		run -2 vault up media adopt $name
		[[ $output == *"is no name of an interface"* ]]
	done
	run ! host test -e /run/vault/media
}
