#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/scenario/vpn-confinement.bats: VPN-Confinement's own example: Transmission in a vault, by the recipe of
# vault-recipes(7). Its web UI answers the LAN; outside, in isp, are a tracker (opentracker, 203.0.113.80, named
# tracker.test) and a peer (203.0.113.9), later a second (203.0.113.10). The provider forwards port 51413, as some do.

# shellcheck disable=SC2154 # what bats' `run` leaves
load ../helper
load ../recipe

ui=192.168.77.1:9091

setup_file() {
	lab_start
	host which transmission-daemon opentracker > /dev/null || return 0 # the tests say so
	outside=$BATS_FILE_TMPDIR/outside
	export outside
	mkdir -p "$outside/tracker" "$outside/done"
	chmod 755 "$BATS_FILE_TMPDIR" "$outside" "$outside/tracker"
	srv nft 'table ip forward { chain prerouting { type nat hook prerouting priority dstnat;
		iifname "eth0" meta l4proto { tcp, udp } th dport 51413 dnat to 10.66.0.2; }; }'
	torrent done/coming.bin
	torrent done/slow.bin
	torrent going.bin
	tracker
	isp ip address add 203.0.113.10/32 dev lo
	peer 203.0.113.9 9091
	retry 20 seeds peer_remote coming.bin
	host bash -euc 'mount -t tmpfs srv /srv; mkdir -p /etc/wireguard; install -m 600 $LAB/provider.conf /etc/wireguard/'
	host ln -s "$VAULT" /run/lab/bin/vault
	cook transmission host
	# As simple as can be: with uTP and encryption it tries one way after the other, and rests for minutes between.
	retry 20 vault_remote --no-utp --encryption-tolerated
}

setup() { need transmission-daemon transmission-remote transmission-create opentracker; }

# torrent FILE: 4 MB of anything, and NAME.torrent, which the tracker will know
torrent() {
	local name=${1##*/}

	head -c 4M /dev/urandom > "$outside/$1"
	transmission-create -o "$outside/$name.torrent" -t http://tracker.test:6969/announce "$outside/$1" > /dev/null
	hash_of "$name" >> "$outside/tracker/known"
}

hash_of() { transmission-show "$outside/$1.torrent" | sed -n 's/^ *Hash: //p'; }

# All that it is told goes to a log: who connects, and what they say.
tracker() {
	isp setsid -f strace -f -qq -s 1000 -e trace=accept,accept4,read,recvfrom -o "$outside/tracker.log" \
		opentracker -i 203.0.113.80 -p 6969 -d "$outside/tracker" -w /known \
		< /dev/null > "$outside/tracker.out" 2>&1 3>&- 4>&-
}

# peer ADDRESS RPC-PORT: begins one
peer() {
	mkdir "$outside/$1"
	cat > "$outside/$1/settings.json" <<- END
		{ "bind-address-ipv4": "$1", "download-dir": "$outside/done", "dht-enabled": false, "lpd-enabled": false,
		  "pex-enabled": false, "utp-enabled": false, "encryption": 0,
		  "port-forwarding-enabled": false, "rpc-bind-address": "127.0.0.1", "rpc-port": $2 }
	END
	isp setsid -f transmission-daemon --foreground --config-dir "$outside/$1" < /dev/null > "$outside/$1/out" 2>&1 3>&- 4>&-
}

peer_remote() { isp transmission-remote 127.0.0.1:9091 "$@"; }
second_remote() { isp transmission-remote 127.0.0.1:9092 "$@"; }
vault_remote() { lan transmission-remote $ui "$@"; }

# alone: torrents of before are no matter any more. Transmission opens a connection for each, greets one at a time from an address,
# and leaves a peer that did not greet it alone for a quarter of an hour: of two that begin at once one may never.
alone() { vault_remote -t all -r && peer_remote -t all -r; } > /dev/null

# seeds WHOSE NAME: it has it, whole, and the tracker knows
seeds() { "$1" -a "$outside/$2.torrent" > /dev/null && retry 20 told "$1" "$2" && retry 20 whole "$1" "$2"; }

told() { "$1" -t "$(hash_of "$2")" -it | grep 'Got a list of' > /dev/null; }
whole() { [ "$(percent "$1" "$2")" = 100 ]; }

# percent WHOSE NAME: how much of it there is
percent() { "$1" -t "$(hash_of "$2")" -i | sed -n 's/^ *Percent Done: \([0-9.]*\)%/\1/p'; }
has_some() { awk '{ exit !($1 > 5) }' <<< "$(percent "$@")"; }

# stands WHOSE NAME: nothing has come for three seconds. (What had come before may still be on its way to the disk.)
stands() {
	got=$(percent "$@")
	sleep 3
	[ "$(percent "$@")" = "$got" ]
}

tunnel_leads() { [ "$(vault exec torrent curl -sm 2 http://203.0.113.80/)" = 198.51.100.1 ]; }

same() { host sh -c 'cmp -s "$1" "$2" || { sleep 0.5; exit 1; }' sh "$@" 2> /dev/null; }

# Every frame of the torrent's that is not in the tunnel.
torrent_places=(isp:to-host host:vlt-torrent)
for a in 203.0.113.9 203.0.113.10 203.0.113.80; do torrent_places+=(--to "$a" --from "$a"); done

@test "VC-13 VC-7 VC-8 Transmission's web UI answers the LAN, by a published port, and nobody else" {
	retry 20 lan curl -sfm 2 -o "$BATS_TEST_TMPDIR/page" "http://$ui/transmission/web/"
	grep -q '<title>Transmission' "$BATS_TEST_TMPDIR/page"
	run ! isp curl -sfm 2 -o /dev/null http://192.0.2.2:9091/transmission/web/
	run ! srv curl -sfm 2 -o /dev/null http://10.66.0.2:9091/transmission/web/
	host curl -sf -o /dev/null http://127.0.0.1:9091/transmission/web/
	run -0 vault check torrent
	[[ $output == *transmission-da*"torrent: sound"* ]]
}

@test "VC-13 a torrent of a peer outside is fetched into the vault by the tunnel; names and tracker by the VPN alone" {
	retry 20 lan curl -sfm 2 -o /dev/null "http://$ui/transmission/web/"
	must_see isp:to-host --to 203.0.113.80 -- host curl -sm 60 -o /dev/null http://203.0.113.80/ # what nothing stops is seen
	observe "${torrent_places[@]}"
	host sh -c ': > $LAB/host-dns.log'
	vault_remote -a "$outside/coming.bin.torrent"
	retry 60 same /srv/transmission/done/coming.bin "$outside/done/coming.bin"
	must_not_see
	host grep -q 'query.* tracker.test from 10.66.0.2' /run/lab/srv-dns.log
	run ! host grep tracker.test /run/lab/host-dns.log
}

@test "VC-13 VC-9 a torrent made in the vault is seeded to a peer outside, who comes in by the open port" {
	alone
	observe "${torrent_places[@]}"
	host install -o debian-transmission "$outside/going.bin" /srv/transmission/done/
	seeds vault_remote going.bin
	peer_remote -a "$outside/going.bin.torrent"
	retry 60 same "$outside/going.bin" "$outside/done/going.bin"
	must_not_see
	isp bash -c '< /dev/tcp/198.51.100.1/51413'
	run ! isp timeout 2 bash -c '< /dev/tcp/198.51.100.1/9091'
}

@test "VC-13 the tracker has seen the VPN's address and its other client's, and heard of no other of the host's" {
	[ "$(sed -n 's/.*accept.*inet_addr("\([^"]*\)").*/\1/p' "$outside/tracker.log" | sort -u | xargs)" = \
		"198.51.100.1 203.0.113.9" ]
	[ "$(grep -c 'GET /announce?.*port=51413' "$outside/tracker.log")" -ge 4 ]
	run ! grep -E '192\.0\.2\.2|10\.200\.|fd76|2001:db8:1:' "$outside/tracker.log"
}

@test "VC-13 MV-3 PC-12 the tunnel killed in mid-transfer: it stands still, nothing passes outside; the tunnel back, it goes on" {
	local got

	alone
	peer_remote -u 100
	seeds peer_remote slow.bin
	vault_remote -a "$outside/slow.bin.torrent"
	retry 60 has_some vault_remote slow.bin
	observe "${torrent_places[@]}"
	host ip -n torrent link delete wg-torrent
	retry 10 stands vault_remote slow.bin # at 100 kB/s it would be another tenth, soon whole
	awk '{ exit !($1 < 99) }' <<< "$got"
	run -1 vault check torrent
	run ! vault exec torrent curl -sm 1 http://203.0.113.80/
	must_not_see
	observe "${torrent_places[@]}"
	vault up torrent
	retry 20 tunnel_leads
	# Each of the two may have found the other silent, and leave it alone. What it goes on by for sure is another peer, one that
	# comes in by the open port.
	peer 203.0.113.10 9092
	retry 20 seeds second_remote slow.bin
	retry 60 same /srv/transmission/done/slow.bin "$outside/done/slow.bin"
	must_not_see
	vault check torrent
}
