#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/address.bats: the addresses of a vault's link are nobody else's, whatever networks, routes, rules and vaults the host
# has; and the host goes on reaching what it did. On the host of the lab (lab/lab), with a LAN of the test's own:
#
#   +------------------+                    +---------------------------+
#   | nas              |--------------------| host                      |
#   +------------------+ eth0       to-nas  +---------------------------+
#     .0.1 (its router)                .0.9 of 10.200.0.0/16, or of what the test says

load helper

setup() {
	host sh -c 'ip netns add nas && ip link add to-nas type veth peer name eth0 netns nas &&
		ip link set to-nas up && ip -n nas link set lo up && ip -n nas link set eth0 up'
}

teardown() {
	despawn_all
	vault down all > /dev/null 2>&1 || :
	host sh -c 'ip netns del nas; ip link del to-nas 2> /dev/null; ip rule flush; ip rule add priority 32766 lookup main
		ip rule add priority 32767 lookup default; ip route flush table 100; ip route del blackhole 10.0.0.0/8
		echo "nameserver 127.0.0.1" > /etc/resolv.conf; rm -rf /run/systemd/resolve' 2> /dev/null || :
}

# net HOST-PREFIX NAS-ADDRESS…: the LAN: the host's address, and the addresses of its neighbour
net() {
	local a

	host ip address add "$1" dev to-nas
	for a in "${@:2}"; do host ip -n nas address add "$a" dev eth0; done
	host ip -n nas route replace default dev eth0
}

up() { vault up "$1" conf "$LAB/provider.conf" "${@:2}" > /dev/null; }

# pool NAME PREFIX: the vault's link is of there
pool() {
	run -0 host ip -o -4 address show dev "vlt-$1"
	[[ $output == *"inet $2"* ]]
}

# url NAME: port 8096 of that vault, at its end of the link
url() { host jq -r '.link.vault_address | "http://" + sub("/.*"; ":8096/")' "/run/vault/$1/vault.json"; }

# serve NAMESPACE TEXT: a web server there, on every address and port 8096, that says TEXT; it answers when this returns
serve() {
	host sh -c "mkdir -p $LAB/serve-$1 && echo '$2' > $LAB/serve-$1/index.html"
	spawn inside "$1" busybox httpd -f -p 8096 -h "$LAB/serve-$1"
	retry 5 inside "$1" curl -sS -o /dev/null http://127.0.0.1:8096/ 2> /dev/null
}

# says TEXT URL [WHO]: to WHO (the host) that URL answers with TEXT
says() { [[ $("${3:-host}" curl -sS -m 60 "$2") == "$1" ]]; }

# world: what a refusal leaves as it was
world() {
	host sh -c 'ip -o address show scope global; ip -4 route show table all; ip rule; ls -A -I .lock /run/vault /run/netns
		nft list ruleset | sed "s/packets [0-9]* bytes [0-9]*//"'
}

@test "L33 HO-4 on a LAN of 10.200.0.0/16 a confined program answers as nobody there: not as its router, not as its file server" {
	local ip

	net 10.200.0.9/16 10.200.0.1/16 10.200.0.2/16
	serve nas "file server"
	for ip in 10.200.0.1 10.200.0.2; do says "file server" http://$ip:8096/; done # the control
	up media
	serve media "confined program"
	says "confined program" "$(url media)" # the control: it would answer
	host ip neigh flush dev to-nas
	for ip in 10.200.0.1 10.200.0.2; do says "file server" http://$ip:8096/; done
	pool media 172.31.252.1/30
	# Nor does the host answer the LAN in the router's place
	host ip neigh flush dev to-nas
	run -0 inside nas arping -D -q -c 2 -w 5 -I eth0 10.200.0.1
	vault down media
	for ip in 10.200.0.1 10.200.0.2; do says "file server" http://$ip:8096/; done
}

@test "L33 HO-4 free is what is in no network, however wide, of no next hop, nameserver, rule, route or table" {
	up first
	pool first 10.200.0.1/30 # the control: nothing is in the way of it
	vault down first

	net 10.1.2.3/8
	up media; pool media 172.31.252.1/30; vault down media
	host ip address add 172.31.0.9/16 dev to-nas
	up media; pool media 192.168.252.1/30; vault down media
	host ip address add 192.168.0.9/16 dev to-nas
	up media; pool media 198.18.252.1/30; vault down media
	host ip address flush dev to-nas

	# The first pairs: a next hop that no network has, a nameserver, one behind systemd-resolved, an endpoint's way
	host ip route add 10.99.0.0/16 via 10.200.0.1 dev to-nas onlink
	host sh -c 'echo "nameserver 10.200.0.5" >> /etc/resolv.conf; mkdir -p /run/systemd/resolve
		echo "nameserver 10.200.0.10" > /run/systemd/resolve/resolv.conf'
	up media; pool media 10.200.0.13/30; vault down media
	host sh -c 'echo "nameserver 127.0.0.1" > /etc/resolv.conf; rm /run/systemd/resolve/resolv.conf
		ip route del 10.99.0.0/16'

	# Another table, by a rule to it; by a rule that has other words than a destination; by a route to nowhere
	host sh -c 'ip rule add to 10.0.0.0/8 lookup 100; ip route add default via 192.168.77.2 table 100'
	up media; pool media 172.31.252.1/30; vault down media
	host sh -c 'ip rule del to 10.0.0.0/8; ip rule add lookup 100 priority 50; ip route replace table 100 10.128.0.0/9 via 192.168.77.2
		ip route del default table 100'
	up media; pool media 172.31.252.1/30
	host ping -c 1 -W 30 172.31.252.2
	vault down media
	host sh -c 'ip rule del priority 50; ip rule add from 192.168.77.0/24 lookup 100'
	up media; pool media 172.31.252.1/30; vault down media
	host sh -c 'ip rule del from 192.168.77.0/24; ip route flush table 100; ip route add blackhole 10.0.0.0/8'
	up media; pool media 172.31.252.1/30; vault down media
	host ip route del blackhole 10.0.0.0/8

	# A default in halves is a default
	host sh -c 'ip route add 0.0.0.0/1 via 192.0.2.1; ip route add 128.0.0.0/1 via 192.0.2.1'
	up media; pool media 10.200.0.1/30; vault down media
	host sh -c 'ip route del 0.0.0.0/1; ip route del 128.0.0.0/1'
}

@test "L33 HO-4 where a rule sends 10/8 to another table, the host reaches its vault and its published port" {
	local words="publish 8096 accessible-from 192.168.77.0/24"

	host sh -c 'ip rule add to 10.0.0.0/8 lookup 100; ip route add default via 192.168.77.3 table 100'
	# shellcheck disable=SC2086 # words
	up media $words
	serve media "confined program"
	says "confined program" "$(url media)"
	says "confined program" http://192.168.77.1:8096/ lan
	vault down media
	# The control: on such a host what is given by hand would be out of reach, and is refused.
	run -1 up media host-address 10.200.1.1/30 vault-address 10.200.1.2/30
	[[ $output == *"10.0.0.0/8, a policy rule of priority"* ]]
}

@test "L33 HO-4 none free: refused, naming what is in the way in each pool; up with addresses of one's own is possible" {
	local a before

	for a in 10.1.2.3/8 172.16.0.1/12 192.168.0.1/16 198.18.0.1/15; do host ip address add $a dev to-nas; done
	before=$(world)
	run -1 up media
	for a in "10.200.0.0/16 overlaps 10.0.0.0/8 (the network of to-nas)" "172.31.252.0/22 overlaps 172.16.0.0/12" \
		"192.168.252.0/22 overlaps 192.168.0.0/16" "198.18.252.0/22 overlaps 198.18.0.0/15"; do [[ $output == *"$a"* ]]; done
	[ "$before" = "$(world)" ]
	up media host-address 100.64.7.1/30 vault-address 100.64.7.2/30
	host ping -c 1 -W 30 100.64.7.2
	vault down media
	up media no-link
	vault down media
}

@test "L33 HO-4 IPv6: another's network in its pool: words that need it are refused; else the link has none, and it is said" {
	host ip address add fd76:6175:6c74::1/32 dev to-nas nodad
	run -0 vault up media conf "$LAB/provider.conf"
	[[ $output == *"warning: no free pair of IPv6 addresses is left"*"fd76:6175:6c74::/48 overlaps fd76:6175::/32 (the network of to-nas)"* ]]
	[ "$(host jq -r .link.host_address6 /run/vault/media/vault.json)" = null ]
	vault -q check media
	vault down media
	run -1 up media accessible-from fd00:77::/64
	[[ $output == *"no free pair of addresses"*"fd76:6175::/32"* ]]
	host ip address del fd76:6175:6c74::1/32 dev to-nas
	up media accessible-from fd00:77::/64 # the control
	[ "$(host jq -r .link.host_address6 /run/vault/media/vault.json)" = fd76:6175:6c74::1/126 ]
	vault down media
}

@test "L33 HO-4 addresses of one's own that are in the way of something: refused, it is named, and nothing is changed" {
	local before

	# refused TEXT WORDS…
	refused() {
		run -1 up media "${@:2}"
		echo "$output"
		[[ $output == *"$1"* ]]
		[ "$before" = "$(world)" ]
	}
	up first host-address 10.9.9.1/30 vault-address 10.9.9.2/30
	host sh -c 'ip route add 10.50.0.0/16 via 192.168.77.2; echo "nameserver 10.51.0.53" >> /etc/resolv.conf
		ip route add 10.98.0.0/16 via 10.52.0.1 dev to-nas onlink; ip address add 10.53.0.7/32 dev lo
		ip rule add to 10.54.0.0/16 lookup 100'
	before=$(world)
	refused "192.168.77.0/24, the network of eth1" host-address 192.168.77.9/25 vault-address 192.168.77.10/25
	refused "10.9.9.0/30, the link of vault first" host-address 10.9.9.1/30 vault-address 10.9.9.2/30
	refused "10.9.9.0/30, the link of vault first" host-address 10.9.8.1/23 vault-address 10.9.8.2/23
	refused "10.53.0.7/32, the network of lo" host-address 10.53.0.1/24 vault-address 10.53.0.7/24
	refused "10.50.0.0/16, a route by eth1" host-address 10.50.1.1/24 vault-address 10.50.1.2/24
	refused "10.51.0.53/32, the host's nameserver" host-address 10.51.0.1/24 vault-address 10.51.0.2/24
	refused "10.52.0.1/32, the next hop of a route" host-address 10.52.0.5/24 vault-address 10.52.0.6/24
	refused "10.54.0.0/16, a policy rule" host-address 10.54.0.5/24 vault-address 10.54.0.6/24
	refused "fd00:77::/64, the network of eth1" host-address fd00:77::5/126 vault-address fd00:77::6/126
	# One of a vault whose link is away at this moment
	host ip link del vlt-first
	before=$(world)
	refused "10.9.9.0/30, the link of vault first" host-address 10.9.9.1/30 vault-address 10.9.9.2/30
	up first
	host ping -c 1 -W 30 10.9.9.2
	# The control, and its own are in nobody's way: up again, and words that move it
	up media host-address 10.55.0.1/24 vault-address 10.55.0.2/24
	host ping -c 1 -W 30 10.55.0.2
	run -0 vault up media conf "$LAB/provider.conf" host-address 10.55.0.1/24 vault-address 10.55.0.2/24
	[[ $output == *"as described"* ]]
	up media host-address 10.55.0.5/24 vault-address 10.55.0.6/24
	host ping -c 1 -W 30 10.55.0.6
	before=$(world)
	run -1 up media host-address 192.168.77.9/25 vault-address 192.168.77.10/25
	[[ $output == *"the network of eth1"* ]]
	[ "$before" = "$(world)" ]
	host ping -c 1 -W 30 10.55.0.6
	vault down all
	host sh -c 'ip route del 10.50.0.0/16; ip route del 10.98.0.0/16; ip address del 10.53.0.7/32 dev lo'
}

@test "L33 HO-4 the tunnel's own network, resolvers and peers' networks are not taken for the link; by hand: refused" {
	local conf=$LAB/wide.conf

	host sh -c "sed 's|^Address = .*|Address = 10.200.0.5/16|; s|^DNS = .*|DNS = 10.200.0.1|' $LAB/provider4.conf > $conf; chmod 600 $conf"
	vault up media conf "$conf" > /dev/null
	pool media 172.31.252.1/30
	vault down media
	run -2 vault up media conf "$conf" host-address 10.200.7.1/30 vault-address 10.200.7.2/30
	[[ $output == *"host-address 10.200.7.1/30: that is in the tunnel's network 10.200.0.0/16"* ]]
	host sh -c "sed -i 's|^Address = .*|Address = 10.200.0.1/32|; s|^DNS = .*|DNS = 10.200.0.5|' $conf"
	vault up media conf "$conf" > /dev/null
	pool media 10.200.0.9/30
	vault down media
	run -2 vault up media conf "$conf" host-address 10.200.0.6/30 vault-address 10.200.0.5/30
	[[ $output == *"vault-address 10.200.0.5/30: that is the vault's resolver"* ]]
	host sh -c "sed -i 's|^Address = .*|Address = 10.66.0.2/32|; s|^DNS = .*|DNS = 10.66.0.1|; s|^AllowedIPs = .*|AllowedIPs = 10.0.0.0/8|' $conf"
	vault up media conf "$conf" > /dev/null
	pool media 172.31.252.1/30
	vault down media
}
