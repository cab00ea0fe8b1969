#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/check.bats: `check` sees every mutation of a vault, by its id, and cries wolf at none. What it does not know it
# calls unknown; and it sends nothing and changes nothing.

load helper

setup() {
	vault up media conf "$LAB/provider.conf" > "$BATS_TEST_TMPDIR/up"
}

teardown() {
	despawn_all
	vault down media > "$BATS_TEST_TMPDIR/down" 2>&1 || :
}

sound() {
	run -0 vault check "$@" media
	[[ ${lines[-1]} == "media: sound" ]]
}

# mutation ID COMMAND…: one check says sound, COMMAND breaks the vault, one check names ID and exits with 1; then UNDO
# (default: vault up) is run, and one check says sound again. The table of all is printed at the end.
mutations=0
mutation() {
	local id=$1 named
	shift
	"$@" || { echo "cannot mutate: $*"; return 1; }
	run vault check media
	named=$(grep -c "^FAIL  *$id  " <<< "$output" || :)
	printf '# %-18s %s\n' "$id" "$*" >&3
	[[ $status == 1 && $named != 0 ]] || { echo "$output"; echo "not seen as $id (exit $status): $*"; return 1; }
	if [[ -n ${UNDO:-} ]]; then
		eval "$UNDO" || { echo "cannot undo: $UNDO"; return 1; }
	else
		vault up media conf "$LAB/provider.conf" > "$BATS_TEST_TMPDIR/again"
	fi
	run vault check media
	[[ $status == 0 ]] || { grep -v ^ok <<< "$output"; echo "not sound again after: $*"; return 1; }
	mutations=$((mutations + 1))
}

media() { inside media "$@"; }
media_sysctl() { media sysctl -qw "$@"; }
server() { host cat "$LAB/keys/server.pub"; }
peer() { media wg set wg-media peer "$(server)" "$@"; }

@test "MV-3 L28 mutations of the kill switch are seen" {
	mutation seal media nft delete table inet vault
	mutation seal media nft flush ruleset
	mutation seal media nft flush chain inet vault output
	mutation seal media nft flush chain inet vault input
	mutation seal media nft insert rule inet vault output accept
	mutation seal media nft add rule inet vault output counter
	mutation seal media nft add rule inet vault forward accept
	mutation seal media nft chain inet vault output '{ policy accept; }'
	mutation seal media nft chain inet vault input '{ policy accept; }'
	mutation seal media nft chain inet vault forward '{ policy accept; }'
	mutation seal media nft add chain inet vault more
	mutation seal media nft add chain inet vault early '{ type filter hook output priority -300; policy accept; }'
	mutation seal media nft add element inet vault resolvers4 '{ 9.9.9.9 }'
	mutation seal media nft delete element inet vault resolvers4 '{ 10.66.0.1 }'
	mutation seal media nft add set inet vault more '{ type ipv4_addr; }'
	mutation seal media nft add counter inet vault more
	mutation seal media nft add table inet vault '{ flags dormant; }'
	mutation seal media sh -c 'nft delete rule inet vault output handle $(nft -a list chain inet vault output | sed -n "s/.*# handle //p" | tail -n 1)'
	mutation frames media nft delete table netdev vault-link
	mutation frames media nft delete table netdev vault-tunnel
	mutation frames media nft flush table netdev vault-link
	mutation frames media sh -c 'nft chain netdev vault-tunnel $(nft list table netdev vault-tunnel | sed -n "s/.*chain \([^ ]*\) .*/\1/p" | head -n 1) "{ policy accept; }"; nft flush table netdev vault-tunnel'
	UNDO='media nft delete table ip nat' mutation stranger media nft add table ip nat
	UNDO='media nft delete table netdev f' mutation stranger media nft add table netdev f
}

@test "mutations of the guard on the host are seen" {
	mutation guard host nft delete table inet vault
	mutation guard host nft flush chain inet vault forward
	mutation guard host nft flush chain inet vault input
	mutation guard host nft insert rule inet vault forward accept
	mutation guard host nft delete element inet vault vaults4 '{ "vlt-media" . 10.200.0.2 }'
	mutation guard host nft delete element inet vault vaults6 '{ "vlt-media" . fd76:6175:6c74::2 }'
	mutation guard host nft add element inet vault vaults4 '{ "vlt-media" . 10.200.0.77 }'
	mutation guard host nft add table inet vault '{ flags dormant; }'
	mutation guard host nft chain inet vault forward '{ policy drop; }'
	UNDO='host nft delete chain inet vault more' mutation guard host nft add chain inet vault more
}

@test "MV-1 mutations of interfaces are seen" {
	mutation link host ip link del vlt-media
	mutation link host ip link set vlt-media down
	mutation link host sh -c 'ip link add br9 type bridge; ip link set vlt-media master br9'
	mutation link host ip address del 10.200.0.1/30 dev vlt-media
	mutation link host ip address add 192.168.99.1/24 dev vlt-media
	mutation link host ip link set vlt-media down name other
	mutation link media ip link set link-media group 0
	mutation link media sh -c 'ip link set link-media down; ip link set link-media name eth0'
	mutation interface media ip link set link-media down
	mutation interface media ip link set lo down
	mutation interface media ip link set wg-media down
	mutation interface media ip link set wg-media mtu 1300
	mutation tunnel media ip link del wg-media
	mutation tunnel media sh -c 'ip link del wg-media; ip link add wg-media type bridge'
	mutation tunnel media ip link set wg-media group 0
	UNDO='media ip link del br9' mutation stranger media ip link add br9 type bridge
	UNDO='host ip link del leg9' mutation stranger host ip link add leg9 type veth peer name leg8 netns media
	UNDO='media ip link set tunl0 down || media ip link del tunl0' mutation stranger media sh -c 'ip link show tunl0 > /dev/null 2>&1 || ip link add tunl0 type bridge; ip link set tunl0 up'
}

@test "L14 mutations of addresses, routes and policy rules are seen" {
	local r=32000
	mutation address media ip address del 10.66.0.2/32 dev wg-media
	mutation address media ip address add 10.9.9.9/32 dev wg-media
	mutation address media ip address add 192.168.9.9/24 dev link-media
	mutation address media ip address del 10.200.0.2/30 dev link-media
	mutation address media ip -6 address del fd66::2/128 dev wg-media
	mutation address media ip -6 address add 2001:db8:5::5/64 dev link-media
	UNDO='media ip address del 203.0.113.80/32 dev lo' mutation address media ip address add 203.0.113.80/32 dev lo
	mutation route media ip route del default
	mutation route media ip route del unreachable default metric 4294967295
	mutation route media ip -6 route del unreachable default metric 4294967295
	mutation route media ip route add 1.2.3.0/24 via 10.200.0.1
	mutation route media ip route add default via 10.200.0.1 metric 5
	mutation route media ip route add blackhole 9.9.9.9
	mutation route media ip route change default dev wg-media src 10.200.0.2
	mutation route media ip -6 route add 2001:db8:7::/48 dev link-media
	UNDO='media ip route del 1.2.3.0/24 proto kernel' mutation route media ip route add 1.2.3.0/24 dev link-media proto kernel
	UNDO='media ip route flush table 77' mutation route media ip route add default via 10.200.0.1 table 77
	UNDO='media ip route del local 0.0.0.0/0 dev lo table local' mutation route media ip route add local 0.0.0.0/0 dev lo table local
	UNDO="media ip rule del priority $r" mutation rule media ip rule add priority $r table 77
	UNDO="media ip rule del priority $r" mutation rule media ip rule add priority $r fwmark 1 table main
	UNDO="media ip -6 rule del priority $r" mutation rule media ip -6 rule add priority $r from all prohibit
	UNDO='media ip rule add priority 32766 table main' mutation rule media ip rule del priority 32766
	UNDO='media ip -6 rule add priority 0 table local' mutation rule media ip -6 rule del priority 0
}

@test "L9 L20 mutations of settings are seen" {
	mutation sysctl media_sysctl net.ipv4.ip_forward=1
	mutation sysctl media_sysctl net.ipv4.conf.all.rp_filter=0
	mutation sysctl media_sysctl net.ipv4.conf.link-media.rp_filter=0
	mutation sysctl media_sysctl net.ipv4.conf.default.arp_ignore=0
	mutation sysctl media_sysctl net.ipv4.conf.all.accept_redirects=1
	mutation sysctl media_sysctl net.ipv4.conf.link-media.accept_redirects=1
	mutation sysctl media_sysctl net.ipv6.conf.all.forwarding=1
	mutation sysctl media_sysctl net.ipv6.conf.default.accept_ra=2
	mutation sysctl media_sysctl net.ipv6.conf.link-media.accept_ra=2
	mutation sysctl media_sysctl net.ipv6.conf.wg-media.disable_ipv6=1
	mutation sysctl media_sysctl net.ipv4.ping_group_range='1 0'
}

@test "MV-4 MV-7 L18 mutations of the tunnel are seen" {
	mutation peers peer remove
	mutation peers peer allowed-ips 10.66.0.0/24
	mutation peers media wg set wg-media peer "$(host cat "$LAB/keys/client2.pub")" allowed-ips 1.1.1.1/32
	mutation peers media wg set wg-media private-key "$LAB/keys/client2"
	mutation peers peer preshared-key "$LAB/keys/shared"
	mutation peers peer persistent-keepalive 7
	mutation peers media wg set wg-media fwmark 0x77
	mutation endpoint peer endpoint 198.51.100.2:51820
	mutation endpoint peer endpoint 198.51.100.1:51821
	mutation endpoint peer endpoint '[2001:db8:2::1]:51820'
	if [[ $LAB_BACKEND == userspace ]]; then
		mutation program kill_program
		mutation tunnel kill_program
		mutation program host rm /run/wireguard/wg-media.sock
	fi
}

program_pid() { host sh -c 'for p in /proc/[0-9]*; do tr "\0" "\n" < $p/environ 2> /dev/null | grep -qx VAULT_INTERFACE=wg-media && echo ${p#/proc/}; done | head -n 1'; }

kill_program() {
	local pid

	pid=$(program_pid)
	host kill -KILL "$pid"
	retry 5 gone "$pid"
}

@test "VC-2 L5 mutations of files, name and description are seen" {
	mutation resolv.conf host sh -c 'echo nameserver 9.9.9.9 > /run/vault/media/resolv.conf'
	mutation resolv.conf host rm /run/vault/media/resolv.conf
	mutation nsswitch.conf host sh -c 'echo hosts: resolve > /run/vault/media/nsswitch.conf'
	UNDO='vault down media; host ip netns del media; vault up media conf $LAB/provider.conf > $BATS_TEST_TMPDIR/again' \
		mutation netns host sh -c 'umount /run/netns/media; rm /run/netns/media; ip netns add media'
	mutation netns host sh -c 'umount /run/netns/media; rm /run/netns/media'
	mutation netns host umount /run/netns/media
	mutation state host sed -i 's/"schema": 1,/"schema": 1, "more": 1,/' /run/vault/media/vault.json
}
