#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/scenario/dual-network.bats: a language model that nobody but its orchestrator reaches, by the recipe of
# vault-recipes(7).
#
#                       segment "ai" 192.168.100.0/24: bridge vls-ai, no uplink, no host address
#              .10 +---------------+ .2      :.30          :.40
#        llm -----+                 +----- web     guest         box
#     isolated,                     nginx :80      a VM's tap    a container's veth, by another tool
#     :11434                        tunnel 10.66.0.2
#                                         :
#     client 10.66.0.3 ............ srv, the provider                 lan, isp and the host itself: as in test/lab/lab
#
# shellcheck disable=SC2154 # what bats' `run` leaves
load ../helper
load ../recipe

llm=192.168.100.10 web=192.168.100.2 tunnel=10.66.0.2 net=203.0.113.80

client() { inside client "$@"; }

# A stand-in for the model's server: it knows one path.
model() {
	host sh -c 'mkdir -p $LAB/llm/v1 && echo "{\"data\": [{\"id\": \"a-model\"}]}" > $LAB/llm/v1/models
		cat > $LAB/bin/llama-server && chmod +x $LAB/bin/llama-server' <<- 'END'
		#!/bin/sh
		exec busybox httpd -f -p "$2:$4" -h /run/lab/llm
	END
}

# guest: a machine's tap, which the machine reads and writes frames by; here a process does, whose other end is a tap, too
guest() {
	local end

	host ip netns add guest
	spawn host socat TUN,tun-type=tap,iff-no-pi,tun-name=tap0 "UNIX-SENDTO:$LAB/guest.sock,bind=$LAB/tap.sock"
	spawn inside guest socat TUN,tun-type=tap,iff-no-pi,tun-name=eth0 "UNIX-SENDTO:$LAB/tap.sock,bind=$LAB/guest.sock"
	for end in tap guest; do retry 10 host test -S "$LAB/$end.sock"; done
	host ip link set tap0 master vls-ai up
	host sh -c 'ip -n guest link set lo up && ip -n guest address add 192.168.100.30/24 dev eth0 && ip -n guest link set eth0 up
		ip -n guest route add default via 192.168.100.2'
}

box() {
	host sh -c 'ip netns add box
		ip link add box0 type veth peer name eth0 netns box && ip link set box0 master vls-ai up
		ip -n box link set lo up && ip -n box address add 192.168.100.40/24 dev eth0 && ip -n box link set eth0 up
		ip -n box route add default via 192.168.100.2'
}

setup_file() {
	lab_start
	host which nginx > /dev/null || return 0 # the tests say so
	model
	kitchen
	plain_tunnel client "$LAB/provider2.conf"
	cook dual-network host
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR guest # for the whole file
	box
}

setup() { need nginx jq perl socat; }

# row FROM TO WHAT may|must-not COMMAND…: a row of the table, asked in the background: what may succeed is tried again,
# what must not is tried once.
row() {
	local tries=10 may=true

	[[ $4 == may ]] || tries=1 may=false
	{
		local i observed=false

		for ((i = 0; i < tries; i++)); do
			! "${@:5}" > /dev/null 2>&1 || { observed=true; break; }
		done
		jq -nc --arg from "$1" --arg to "$2" --arg what "$3" --argjson may $may --argjson observed $observed \
			'{$from, $to, $what, $may, $observed, ok: ($may == $observed)}' > "$rows/$1 $2 ${3//\// }"
	} < /dev/null 3>&- 4>&- &
	asked+=($!)
}

# table NAME: begins one. verdict: waits, prints it as one JSON, and fails when a row is not as it should be.
table() {
	rows=$BATS_TEST_TMPDIR/$1 asked=()
	mkdir "$rows"
}

verdict() {
	wait "${asked[@]}"
	jq -s . "$rows"/* > "$rows.json"
	jq -r '.[] | "# \(if .ok then "ok  " else "FAIL" end) \(.from) to \(.to), \(.what): \(if .may then "may" else "must not" end)"' \
		"$rows.json" >&3
	[ "$(jq length "$rows.json")" = ${#asked[@]} ]
	[ "$(jq -c "map(select(.ok | not))" "$rows.json" | tee /dev/stderr)" = "[]" ]
}

http() { "${@:2}" curl -sfm 2 "http://$1"; }
name() { "${@:2}" busybox nslookup ip.test "$1"; }

# ---- as it is --------------------------------------------------------------------------------------------------------

@test "DN-1 the segment is a bridge with the members' legs in it: no uplink, no gateway, no address of the host" {
	[ "$(host ip -j link show master vls-ai | jq -r '.[].ifname' | sort | xargs)" = "box0 tap0 vlg-llm vlg-web" ]
	[ "$(host ip -j address show vls-ai | jq '.[0].addr_info | length')" = 0 ]
	[[ $(host ip route show table all) != *192.168.100* ]]
	[ "$(inside llm ip -j route show table all type unicast | jq -r '.[].dst' | xargs)" = 192.168.100.0/24 ]
	[ "$(inside llm ip -j link | jq -r '.[].ifname' | sort | xargs)" = "lo seg-ai" ]
	vault check llm web
}

@test "DN-2 the model's vault has no way out, and says so; it is asked by its name" {
	run ! inside llm ping -c 1 $net
	[[ $output == *"Network is unreachable"* ]]
	run ! vault exec llm getent ahosts ip.test
	[ "$(vault exec web getent hosts llm | awk '{ print $1 }')" = $llm ]
	[ "$(vault exec llm getent hosts web | awk '{ print $1 }')" = $web ]
	vault exec web curl -sfm 20 http://llm:11434/v1/models | jq -e '.data[0].id == "a-model"'
}

@test "DN-3 DN-4 a WireGuard client asks the orchestrator, which asks the model; it is seen by its own address" {
	http $tunnel/v1/models client | jq -e '.data[0].id == "a-model"'
	host grep '^10\.66\.0\.3 .*GET /v1/models' /var/log/nginx/web.log
	[ "$(vault exec web curl -sfm 20 http://$net/)" = 198.51.100.1 ] # and it has the internet, as the VPN's
}

# Who asks whom for what, and may or must not.
all_rows() {
	local who

	row client web "port 80 of the tunnel" may http $tunnel/v1/models client
	row srv web "port 80 of the tunnel" may http $tunnel/v1/models srv
	row web llm "port 11434" may http $llm:11434/v1/models inside web
	row web internet "as the VPN" may http $net inside web
	row web "the VPN's resolver" DNS may name 10.66.0.1 inside web
	row guest llm "port 11434" may http $llm:11434/v1/models inside guest
	row guest web "port 80 of the segment" may http $web/v1/models inside guest
	row box llm "port 11434" may http $llm:11434/v1/models inside box
	row box guest ping may inside box ping -c 1 -W 1 192.168.100.30
	for who in client srv isp lan lan2 host; do
		row $who llm "port 11434" must-not http $llm:11434/v1/models $who
		row $who llm ping must-not $who ping -c 1 -W 1 $llm
		row $who web "port 80 of the segment" must-not http $web/v1/models $who
		row $who guest ping must-not $who ping -c 1 -W 1 192.168.100.30
	done
	for who in client srv lan; do
		row $who web "port 9 of the tunnel" must-not $who curl -m 2 telnet://$tunnel:9
	done
	for who in isp lan; do row $who web "port 80 of the link" must-not http 10.200.0.2/v1/models $who; done
	for who in llm guest box; do
		row $who internet "port 80" must-not http $net inside $who
		row $who internet "port 80 by IPv6" must-not http '[2001:db8:9::80]' inside $who
		row $who internet ping must-not inside $who ping -c 1 -W 1 $net
		row $who "the VPN's resolver" DNS must-not name 10.66.0.1 inside $who
		row $who host "its web port" must-not inside $who curl -m 2 telnet://192.0.2.2:9
		row $who lan "port 80" must-not http 192.168.77.2 inside $who
		row $who client ping must-not inside $who ping -c 1 -W 1 10.66.0.3
		row $who web "port 80 of the tunnel" must-not http $tunnel/v1/models inside $who
	done
}

@test "DN-6 who may reach whom: the whole table, as one JSON" {
	spawn inside web wire echo 9
	table plain
	all_rows
	verdict
}

# ---- under attack ----------------------------------------------------------------------------------------------------

# Everybody lies: the host forwards and takes an address on the segment, the provider and the LAN route it there, root
# makes routers of the members, and the client an address of the segment.
forge() {
	local key1 key2

	key1=$(srv wg show wg0 allowed-ips | awk '/10\.66\.0\.2/ { print $1 }')
	key2=$(srv wg show wg0 allowed-ips | awk '/10\.66\.0\.3/ { print $1 }')
	srv wg set wg0 peer "$key1" allowed-ips 10.66.0.2/32,fd66::2/128,192.168.100.0/24 \
		peer "$key2" allowed-ips 10.66.0.3/32,fd66::3/128,192.168.100.77/32
	srv ip route replace 192.168.100.0/24 dev wg0
	inside client ip address add 192.168.100.77/32 dev tun-client
	lan ip route replace 192.168.100.0/24 via 192.168.77.1
	lan2 ip route replace 192.168.100.0/24 via 192.168.77.1
	isp ip route replace 192.168.100.0/24 via 192.0.2.2
	host sh -c 'sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.forwarding=1 net.ipv4.conf.vls-ai.forwarding=1
		sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.vls-ai.rp_filter=0
		ip link set vls-ai arp on; ip address add 192.168.100.1/24 dev vls-ai'
	inside web sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.wg-web.rp_filter=0 net.ipv4.conf.seg-ai.rp_filter=0 net.ipv4.conf.all.arp_ignore=0
	inside llm ip route add default via $web
}

# What `forge` did to others than vaults. (`vault up` mends those.)
honest() {
	host ip address del 192.168.100.1/24 dev vls-ai
	host ip link set vls-ai arp off
	inside client ip address del 192.168.100.77/32 dev tun-client
}

@test "DN-3 DN-4 DN-6 the same table, when the host forwards and has an address there, routes lead there, and root makes routers of members" {
	spawn inside web wire echo 9
	forge
	table forged
	all_rows
	row client llm "from an address of the segment" must-not client curl -sfm 2 --interface 192.168.100.77 http://$llm:11434/v1/models
	row client web "from an address of the segment" must-not client curl -sfm 2 --interface 192.168.100.77 http://$tunnel/v1/models
	verdict
	run -1 vault check web llm
	honest
	vault up llm
	vault up web
	vault check llm web
}

@test "DN-4 forged sources and routes, frame by frame: nothing of the client comes to the segment, nothing of the segment leaves it" {
	local mac

	token
	mac=$(inside web cat /sys/class/net/seg-ai/address)
	# What it comes to is the orchestrator's end of the tunnel ...
	must_see web:wg-web -- srv wire send udp $llm --token "$TOKEN"
	# ... and no further, from whomever.
	must_not_see llm:seg-ai guest:eth0 host:vls-ai -- host sh -c "
		for from in 10.66.0.1 $web $llm 192.168.100.30; do
			srv wire send packet $llm --iface wg0 --src \$from --token $TOKEN
			srv wire send packet 192.168.100.255 --iface wg0 --src \$from --token $TOKEN
			srv wire send syn $tunnel --iface wg0 --src \$from --port 80
		done
		client() { ip netns exec client \"\$@\"; }
		client wire send udp $llm --token $TOKEN; client wire send icmp $llm --token $TOKEN
		lan wire send udp $llm --token $TOKEN; isp wire send udp $llm --token $TOKEN; wire send udp $llm --token $TOKEN"
	# An answer to who lies about his address would go to the one he names.
	must_not_see llm:seg-ai --from $tunnel --from 10.200.0.2 -- srv wire send syn $tunnel --src $llm --port 80
	# The way out, by frames to the one member that has one, and by a route.
	must_see llm:seg-ai -- inside llm wire send udp $web --token "$TOKEN"
	must_not_see web:wg-web srv:wg0 isp:to-host lan:eth0 host:vlt-web -- host sh -c "
		for who in llm guest box; do
			ip=\$(ip -n \$who -j -4 address show scope global | jq -r '.[].addr_info[0].local')
			iface=eth0; [ \$who != llm ] || iface=seg-ai
			ip netns exec \$who wire send packet $net --iface \$iface --src \$ip --mac $mac --token $TOKEN
			ip netns exec \$who wire send packet $net --iface \$iface --src $web --mac $mac --token $TOKEN
			ip netns exec \$who wire send packet 10.66.0.1 --iface \$iface --src \$ip --mac $mac --port 53 --token $TOKEN
		done"
}

# tagged ADDRESS MAC: a frame from the box, with a VLAN's tag; its kernel need not know how
tagged() {
	inside box perl -e '
		my ($to, $mac, $token) = @ARGV;
		socket(my $s, 17, 3, 0) or die;
		open my $f, "<", "/sys/class/net/eth0/ifindex" or die;
		my $data = pack("n4", 9, 9, 8 + length($token) / 2, 0) . pack("H*", $token);
		my $ip = pack("C2nN C2n a4 a4", 0x45, 0, 20 + length $data, 0, 64, 17, 0, pack("C4", 192, 168, 100, 40),
			pack("C4", split /\./, $to));
		my $frame = pack("H12", $mac =~ s/://gr) . pack("H12", "0276c0a86428") . pack("n3", 0x8100, 7, 0x0800) . $ip . $data;
		send($s, $frame, 0, pack("S n l x8", 17, 0x8100, <$f>) . "\0" x 4) or die $!;' "$1" "$2" "$TOKEN"
}

@test "DN-5 what another tool plugs in is a member like any other: it can be no other member, and not the host" {
	local mac

	token
	must_see llm:seg-ai -- inside box wire send udp $llm --token "$TOKEN" # the control: it is one
	mac=$(inside llm cat /sys/class/net/seg-ai/address)
	# as another member, by address; from beyond the segment; tagged
	must_see box:eth0 -- tagged $llm "$mac"
	must_not_see llm:seg-ai -- host sh -c "
		for from in $web $llm 10.66.0.3 203.0.113.9 192.168.77.2; do
			ip netns exec box wire send packet $llm --iface eth0 --src \$from --mac $mac --token $TOKEN
			ip netns exec guest wire send packet $llm --iface eth0 --src \$from --mac $mac --token $TOKEN
		done"
	must_not_see llm:seg-ai -- tagged $llm "$mac"
	# who takes the model's address and MAC does not get what is for it
	inside box ip address add $llm/24 dev eth0
	inside box ip link set eth0 address "$mac"
	inside box arping -q -c 3 -A -I eth0 $llm || :
	inside web ip neigh flush dev seg-ai
	retry 5 http $llm:11434/v1/models inside web
	must_not_see box:eth0 -- inside web wire send udp $llm --token "$TOKEN"
	must_see llm:seg-ai -- inside web wire send udp $llm --token "$TOKEN"
}

@test "DN-3 without the rules inside, a router is made of the orchestrator in vain; without those of the host as well it is one" {
	inside web sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.wg-web.rp_filter=0
	inside web nft flush ruleset
	token
	must_not_see llm:seg-ai -- client wire send udp $llm --token "$TOKEN"
	run -1 vault check web
	[[ $(host nft list ruleset) == *dropped_forged* ]]
	# The control: this is what the host's rules stop.
	host nft delete table bridge vault-guard
	must_see llm:seg-ai -- client wire send udp $llm --token "$TOKEN"
	vault up web
	must_not_see llm:seg-ai -- client wire send udp $llm --token "$TOKEN"
	vault check web
}

@test "DN-1 the segment stays as long as anybody is plugged in, and goes with the last" {
	vault down web
	[ "$(inside box ping -c 1 -W 30 $llm | grep -c ' 0% packet loss')" = 1 ]
	vault down llm
	host ip link del box0
	host ip link set tap0 nomaster
	run -1 vault down llm
	run ! host ip link show vls-ai
	run ! host nft list table bridge vault-guard
}
