#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/seal.bats: the kill switch as a matrix: whatever becomes of the tunnel, nothing leaves but by it.
#
# Each test is one state. In it `wire cells` sends by udp, tcp, icmp, packet and raw sockets to four places in both
# families, by the routes and by every interface there is, as root inside; and so does, at the same time, a plain
# namespace (the control), which the host routes for. A cell of the table that is printed: frames of the vault seen
# outside the tunnel / frames of the control seen at the same places.

load helper

kinds=(udp tcp icmp packet raw)

setup_file() {
	lab_start
	host bash -euo pipefail <<- 'END'
		ip netns add plain
		ip link add plain0 type veth peer name out netns plain
		ip address add 10.99.0.1/24 dev plain0
		ip address add fd99::1/64 dev plain0 nodad
		ip link set plain0 up
		ip -n plain address add 10.99.0.2/24 dev out
		ip -n plain address add fd99::2/64 dev out nodad
		ip -n plain link set out up
		ip -n plain route add default via 10.99.0.1
		ip -n plain route add default via fd99::1
	END
}

teardown() {
	despawn_all
	isp nft delete table inet silence 2> /dev/null || :
	vault down media 2> /dev/null || :
}

up() { vault up media conf "$LAB/provider.conf" "$@"; }

mac() { host cat "/sys/class/net/$1/address"; }

# The host's end of the link: what the vault knows the host by.
ends() { host ip -o address show dev vlt-media scope global | awk '{ sub("/.*", "", $4); print $4 }'; }

# send_from NAME FIRST HOSTLINK HOST4 HOST6: all cells, from that namespace
send_from() {
	inside "$1" wire cells --token "$TOKEN" --first "$2" --mac "$(mac "$3")" 203.0.113.9 2001:db8:9::9 \
		192.168.77.2 fd00:77::2 "$4" "$5" 10.66.0.1@53 fd66::1@53
}

# Visitors that a service of the host or of the LAN saw with an address of the vault or of the control.
visits() { host sh -c 'grep -hE "$1" $LAB/host-echo.log $LAB/lan-echo.log | wc -l' - "$1"; }

# matrix STATE: prints it; fails when a cell of the vault saw a frame, or one of the control none
matrix() {
	local ends control status=0 vault_visits plain_visits

	mapfile -t ends < <(ends)
	vault_visits=$(visits ' (10\.200\.|fd76:|10\.66\.|fd66:)') plain_visits=$(visits ' (10\.99\.|fd99:)')
	token
	observe isp:to-host lan:eth0 host:eth0 host:eth1 host:plain0 host:vlt-media --cells "$TOKEN"
	send_from plain 100 plain0 10.99.0.1 fd99::1 > "$BATS_TEST_TMPDIR/control" &
	control=$!
	send_from media 0 vlt-media "${ends[@]}" > "$BATS_TEST_TMPDIR/sent" || status=1
	wait $control || status=1
	seen > "$BATS_TEST_TMPDIR/seen"
	judge "$1" "$BATS_TEST_TMPDIR/seen" > "$BATS_TEST_TMPDIR/table" || status=1
	sed 's/^/# /' "$BATS_TEST_TMPDIR/table" >&3
	((status == 0)) || cat "$BATS_TEST_TMPDIR/sent" "$BATS_TEST_TMPDIR/seen"
	[ "$SEEN" != unknown ]
	[ "$(visits ' (10\.200\.|fd76:|10\.66\.|fd66:)')" = "$vault_visits" ]
	[ "$(visits ' (10\.99\.|fd99:)')" -gt "$plain_visits" ]
	return $status
}

# judge STATE FILE: the table from what the observers saw; `open`: what reaches the host's end of the link is no fault,
# but must be there, else nothing was tried
judge() {
	awk -v state="$1" -v open="$([[ $1 != *flushed* ]] || echo 1)" -v kinds="${kinds[*]}" '
		$3 == "cell" && $4 < 100 && $2 != "host:vlt-media" { outside[$4] += $7 + $9 }
		$3 == "cell" && $4 < 100 && $2 == "host:vlt-media" { link[$4] += $7; outside[$4] += $9 } # $9: an answer
		$3 == "cell" && $4 >= 100 && $2 ~ /^(isp:to-host|lan:eth0)$/ { control[$4 - 100] += $7 + $9 }
		$3 == "cell" && $4 >= 100 && $2 == "host:plain0" { near[$4 - 100] += $7 }
		END {
			n = split(kinds, kind); split("public LAN host resolver", to)
			printf "%-28s", state
			for (d = 1; d <= 4; d++) printf " %-12s", to[d]
			print ""
			for (k = 0; k < n; k++) for (f = 0; f < 2; f++) {
				printf "  %-6s %-19s", kind[k + 1], f ? "IPv6" : "IPv4"
				for (d = 0; d < 4; d++) {
					c = k * 8 + d * 2 + f
					leaks = outside[c] + 0
					# A frame to the host may look like an answer: the guard is who knows (see the visits).
					if (!open && !(kind[k + 1] == "packet" && d == 2)) leaks += link[c]
					seen = d == 2 ? near[c] + 0 : control[c] + 0
					printf " %-12s", leaks " / " seen
					if (leaks || !seen) bad++
					if (open && d < 3 && !link[c]) { bad++; print "never reached the link: " c }
				}
				print ""
			}
			exit bad > 0
		}' "$2"
}

# bats test_tags=tunnel
@test "MV-3 VC-1 BX-1 seal: tunnel up: nothing leaves but by it" {
	up
	token
	must_see srv:wg0 -- inside media wire send udp 203.0.113.9 --token "$TOKEN"
	must_see srv:wg0 -- inside media wire send tcp 2001:db8:9::9 --token "$TOKEN"
	matrix "tunnel up"
	[ "$(inside media curl -sS http://203.0.113.80/)" = 198.51.100.1 ]
}

@test "MV-3 PC-12 L15 seal: the tunnel's interface set down: nothing leaves" {
	up
	inside media curl -sS http://203.0.113.80/
	host ip -n media link set wg-media down
	matrix "tunnel down"
}

@test "MV-3 PC-12 L15 seal: the tunnel's interface deleted: nothing leaves" {
	up
	inside media curl -sS http://203.0.113.80/
	host ip -n media link delete wg-media
	matrix "tunnel deleted"
}

@test "MV-3 PC-12 seal: the userspace WireGuard killed: nothing leaves" {
	need wireguard-go
	up userspace wireguard-go
	inside media curl -sS http://203.0.113.80/
	host kill -KILL "$(host pgrep -f 'wireguard-go -f wg-media')"
	retry 5 lost wg-media
	matrix "userspace WireGuard killed"
}

lost() { ! host ip -n media link show "$1" 2> /dev/null; }

@test "MV-3 PC-3 seal: the server silent: nothing leaves" {
	up
	inside media curl -sS http://203.0.113.80/
	isp nft 'table inet silence { chain forward { type filter hook forward priority 0; udp dport 51820 drop; }; }'
	matrix "server silent"
	run ! inside media curl -sS --max-time 1 http://203.0.113.80/
}

# bats test_tags=tunnel
@test "BX-1 PC-12 L2 seal: the rules flushed by root inside, and routes by the link: the host's guard lets nothing on" {
	local ends

	up
	mapfile -t ends < <(ends)
	inside media nft flush ruleset
	host ip -n media route replace default via "${ends[0]}" dev link-media
	host ip -n media -6 route replace default via "${ends[1]}" dev link-media
	host ip -n media link delete wg-media
	matrix "rules flushed"
}
