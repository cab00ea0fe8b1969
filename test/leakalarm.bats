#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/leakalarm.bats: what is no leak of the vault's, and must not be called one, as `on-leak down` would act on it: each
# with its twin, a true leak of the same shape, which is seen and acted upon.

load helper

teardown() {
	despawn_all
	vault -q down all
	host sh -c 'for d in d0 wgs; do ip link delete $d; done' 2> /dev/null || :
}

up() { vault -q up media conf "${conf:-$LAB/provider.conf}" "$@"; }

# no_alarm: nothing leaks, nothing is done
no_alarm() {
	run --separate-stderr vault -j leaktest media on-leak down
	jq -r '.verdict, (.probes[] | select(.verdict == "LEAK") | "\(.id): \(.evidence[0].interface) \(.evidence[0].summary)")' <<< "$output"
	[ "$status $(jq -r .verdict <<< "$output")" = "0 sealed" ] ||
		{ jq -c '{control, unknown: [.probes[] | select(.verdict == "unknown")]}' <<< "$output"; return 1; }
	host test -e /run/netns/media
}

# alarm ID: that probe finds a leak, and the vault goes
alarm() {
	run -1 --separate-stderr vault -j leaktest media on-leak down
	jq -c '.probes[] | select(.verdict == "LEAK") | [.id, .evidence[0]]' <<< "$output"
	jq -e --arg id "$1" '.probes[] | select(.id == $id).verdict == "LEAK"' <<< "$output"
	jq -e '.action.what == "down" and .action.done' <<< "$output"
	run ! host test -e /run/netns/media
}

@test "L36 HO-9: a packet from elsewhere with the tunnel's address as its source is not the vault's; one that leaves the vault by another interface is" {
	local mac

	up
	mac=$(host cat /sys/class/net/eth0/address)
	token
	must_see lan:eth0 --from 10.66.0.2 -- isp wire send packet 192.168.77.2 --iface to-host --src 10.66.0.2 --mac "$mac" --token "$TOKEN"
	spawn isp sh -c 'while :; do "$@"; sleep 0.02; done' - "$WIRE" send packet 192.168.77.2 --iface to-host --src 10.66.0.2 \
		--mac "$mac" --token 00112233
	no_alarm
	despawn_all
	host ip link add link eth0 name mv0 netns media type macvlan
	host ip -n media link set mv0 up
	spawn inside media sh -c 'while :; do "$@"; sleep 0.02; done' - "$WIRE" send packet 203.0.113.9 --iface mv0 --src 10.66.0.2 \
		--mac ff:ff:ff:ff:ff:ff --token 00112233
	must_see isp:to-host --from 10.66.0.2 -- sleep 0.1
	alarm others
}

# scan: who is asked for are all of the LAN; $SCANNED of them at once, as those that answer not are asked for again and again
scan() {
	spawn host bash -c 'while :; do for i in {4..254}; do echo > /dev/udp/192.168.77.$i/9; done; sleep 0.1; done'
	retry 5 host bash -c '(($(ip neigh show dev eth1 | grep -c "INCOMPLETE\|FAILED") > 150))'
}

@test "L36 HO-9: the host scans its LAN while a leak test runs: it looks for its own neighbours; what it looks for because the guard lets the vault out is a leak" {
	up accessible-from 192.168.77.0/24
	scan
	for _ in 1 2 3; do no_alarm; done
	# The filter inside lets by what looks like an answer; nobody is there to take it, and the host asks for him.
	host nft insert rule inet vault-guard forward iifname vlt-media ip daddr 192.168.77.0/24 accept
	alarm frame-link
	despawn_all
	up accessible-from 192.168.77.0/24
	host nft insert rule inet vault-guard forward iifname vlt-media ip daddr 192.168.77.0/24 accept
	alarm frame-link
}

@test "L36 HO-9: an address of the host beside the tunnel's own makes no probe's packet one of the tunnel's; a packet that goes into the tunnel from another's address is a leak" {
	up
	host ip link add d0 type veth peer name d1
	host ip address add 10.66.0.3/29 dev d0
	host ip link set d0 up
	host ip link set d1 up
	for _ in 1 2 3; do no_alarm; done
	inside media nft delete table netdev vault-tunnel
	alarm frame-tunnel
}

# serve: the tunnel's server on the host itself; its file in $conf
serve() {
	conf=$LAB/self.conf
	host bash -euo pipefail <<- 'END'
		if [[ $LAB_BACKEND == kernel ]]; then
			ip link add wgs type wireguard
		else
			WG_PROCESS_FOREGROUND=1 LOG_LEVEL=error wireguard-go -f wgs < /dev/null > /dev/null 2>&1 3>&- 4>&- &
			for ((i = 0; i < 3000; i++)); do [[ ! -S /run/wireguard/wgs.sock ]] || break; sleep 0.01; done
		fi
		umask 077
		wg genkey > "$LAB/keys/self"
		sed -n 's/^PrivateKey = //p' "$LAB/provider4.conf" | wg pubkey > "$LAB/keys/self-client.pub"
		wg set wgs listen-port 51999 private-key "$LAB/keys/self" peer "$(< "$LAB/keys/self-client.pub")" allowed-ips 10.66.0.2/32
		ip address add 10.66.0.1/24 dev wgs
		ip link set wgs up
		sed "/^PresharedKey/d; s|^PublicKey = .*|PublicKey = $(wg pubkey < "$LAB/keys/self")|; s|^Endpoint = .*|Endpoint = 192.168.77.1:51999|" \
			"$LAB/provider4.conf" > "$LAB/self.conf"
	END
}

@test "L36 HO-9: a tunnel whose server is this very host: what comes out of it on the host is no leak, and addresses that are the same say nothing; what comes out of the link is" {
	serve
	up
	[ "$(inside media curl -sS -m 60 http://203.0.113.80/)" = 192.0.2.2 ] # as the host is seen
	must_see lan:eth0 --from 10.66.0.2 -- inside media wire send udp 192.168.77.2 --port 9 --token 00
	spawn host "$VAULT" exec media -- sh -c 'while :; do "$@"; sleep 0.02; done' - "$WIRE" send udp 192.168.77.2 --port 9 --token 00112233
	for _ in 1 2 3; do no_alarm; done
	run -3 --separate-stderr vault -j leaktest media probe udp-public echo http://203.0.113.80/ on-leak down
	[ "$(jq -r '.addresses[0].verdict' <<< "$output")" = unknown ]
	[[ $(jq -r '.addresses[0].detail' <<< "$output") == *"192.168.77.1"*"this host"* ]]
	inside media nft flush ruleset
	alarm link-udp
}

# repeater: a program inside reads what a run sends on the loopback, as whoever has all ports there may, and sends the mark
# through the tunnel with the number of each other packet
repeater() {
	spawn host "$VAULT" exec media keep-caps -- perl -MSocket -e '
		socket(my $in, PF_INET, SOCK_RAW, 17) or die;
		bind($in, sockaddr_in(0, inet_aton("127.0.0.76"))) or die;
		socket(my $out, PF_INET, SOCK_DGRAM, 0) or die;
		$| = 1;
		print "ready\n";
		while (defined recv($in, my $packet, 2000, 0)) {
			my ($tag, $token) = unpack "x28 a2 x2 a16", $packet;
			for (1 .. 10) {
				for (11 .. 800) {
					send($out, $tag . pack("n", $_) . $token, 0, sockaddr_in(9999, inet_aton("203.0.113.9"))) or die;
				}
				select undef, undef, undef, 0.05;
			}
			print "repeated\n";
		}'
	retry 5 grep -q ready "$SPAWNED_OUT"
}

@test "L36 HO-9: a program inside that reads a mark, and repeats it for all packets, makes none of them a leak; the packet itself is one" {
	up
	repeater
	for _ in 1 2 3; do no_alarm; done
	retry 5 grep -q repeated "$SPAWNED_OUT"
	inside media nft delete table netdev vault-tunnel
	alarm frame-tunnel
}

@test "L36 HO-9: a program inside that has all ports makes what needs one unknown, with that reason, and no leak; a leak by what needs none is found all the same" {
	up
	inside media sysctl -qw net.ipv4.ip_local_port_range="40000 40009"
	for port in {40000..40009}; do
		spawn host "$VAULT" exec media -- socat -u "UDP6-RECV:$port" /dev/null
		spawn host "$VAULT" exec media -- socat -u "TCP6-LISTEN:$port" /dev/null
	done
	retry 5 inside media sh -c '[ $(ss -Hlnut | wc -l) -ge 20 ]'
	run -3 --separate-stderr vault -j leaktest media on-leak down
	jq -r '.control.detail, (.probes[] | "\(.id) \(.verdict) \(.detail)")' <<< "$output"
	jq -e '.control.verdict == "seen" and all(.probes[]; .verdict != "LEAK")' <<< "$output"
	jq -e '[.probes[] | select(.id == "udp-public" or .id == "tcp-public") | .verdict == "unknown" and (.detail | contains("no port is free"))] == [true, true]' <<< "$output"
	jq -e '[.probes[] | select(.id == "frame-link" or .id == "raw" or .id == "icmp-public").verdict] | unique == ["sealed"]' <<< "$output"
	host test -e /run/netns/media
	inside media nft delete table netdev vault-link
	alarm frame-link
}
