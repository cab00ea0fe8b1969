#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/scenario/media-vault.bats: a host whose media services live in a vault, by the recipe of vault-recipes(7), under
# systemd and with the kernel's WireGuard.
#
#     lan 10.7.0.2 ---- 10.7.0.1 host: nginx, by name         10.8.0.2 ---- 10.8.0.1 srv, and 10.9.0.1 in the tunnel
#                                 10.200.1.1                             (test/vm/network.bash)
#                                     |
#                                 10.200.1.2 media-vault 10.9.0.3: jellyfin :8096, sonarr :8989, prowlarr :9696
# bats file_tags=systemd
# shellcheck disable=SC2154 # what bats' `run` leaves
bats_require_minimum_version 1.5.0
load ../vm/network
load ../recipe

tunnel=wg-media-vault
services=(jellyfin:8096 sonarr:8989 prowlarr:9696)

# Each is a web server that tells its name, and in the journal who asked.
web_service() {
	mkdir -p "/srv/$1"
	echo "this is $1" >"/srv/$1/index.html"
	cat >"/etc/systemd/system/$1.service" <<-END
		[Service]
		DynamicUser=yes
		ExecStart=/bin/busybox httpd -fv -p 10.200.1.2:$2 -h /srv/$1
	END
}

setup_file() {
	local s

	provider
	command -v nginx >/dev/null || skip "needs nginx"
	client privado 10.9.0.3
	ip netns add lan
	ip link add lan0 type veth peer name eth0 netns lan
	ip address add 10.7.0.1/24 dev lan0
	ip link set lan0 up
	ip -n lan address add 10.7.0.2/24 dev eth0
	ip -n lan link set eth0 up
	ip -n lan route add default via 10.7.0.1
	sysctl -qw net.ipv4.ip_forward=1 # as container engines leave it
	ip -n srv route add 10.200.1.0/24 via 10.8.0.2
	# shellcheck disable=SC2016
	systemd-run -q --unit=drip -p NetworkNamespacePath=/run/netns/srv \
		socat -U TCP-LISTEN:81,fork,reuseaddr 'SYSTEM:while date; do sleep 0.2; done'
	for s in "${services[@]}"; do web_service "${s%:*}" "${s#*:}"; done
	systemctl daemon-reload
	systemctl start nginx
	cook media-vault
}

pid_of() { systemctl show -P MainPID "$1"; }

# in_unit UNIT COMMAND…: with that service's network and files
in_unit() { nsenter -t "$(pid_of "$1")" -n -m -- "${@:2}"; }

# ask ADDRESS PORT: who the server there says it is asked by
ask() { timeout 60 bash -c "cat </dev/tcp/$1/$2"; }

# observe IFACE …: what wire(1) of the lab is told to look for, on the host, or in the namespace that in_tunnel=(…) enters; `seen`
# ends it and prints how many there were
observe() {
	"${in_tunnel[@]}" "$O/test/wire" watch "$@" >"$BATS_TEST_TMPDIR/watch" 3>&- &
	watcher=$!
	retry 10 grep -q '^ready' "$BATS_TEST_TMPDIR/watch"
}

seen() {
	kill "$watcher"
	wait "$watcher" || :
	sed -n '$s/^seen //p' "$BATS_TEST_TMPDIR/watch"
}

@test "MV-1 the services see loopback, the tunnel and the host link, and no physical interface" {
	for s in "${services[@]}"; do
		run -0 in_unit "${s%:*}" ip -o link
		[[ $(awk -F'[ :@]+' '{ print $2 }' <<<"$output" | sort | xargs) == "link-medi-"?????" lo $tunnel" ]]
		[ -z "$(in_unit "${s%:*}" find /sys -name up0)" ]
	done
	[ -e /sys/class/net/up0 ] # which the host has
}

@test "MV-2 nginx on the host leads each name to its service at 10.200.1.2, and sees it from 10.200.1.1" {
	[[ $(ip -o address show) == *"10.200.1.1/30"* ]]
	[[ $(ip -n media-vault -o address show) == *"10.200.1.2/30"* ]]
	for s in "${services[@]}"; do
		name=${s%:*}
		[ "$(ip netns exec lan curl -sSm 60 --resolve "$name.home:80:10.7.0.1" "http://$name.home/")" = "this is $name" ]
		journalctl -q -u "$name" -o cat | grep -q '10\.200\.1\.1'
	done
	# The answers went back by the link: the tunnel carried nothing for the LAN or the host.
	in_tunnel=(ip netns exec media-vault)
	observe "$tunnel" --to 10.7.0.2 --to 10.200.1.1
	ip netns exec lan curl -sSm 60 --resolve jellyfin.home:80:10.7.0.1 http://jellyfin.home/
	[ "$(seen)" = 0 ]
	observe "$tunnel" --to 10.7.0.2 # the control
	ip netns exec media-vault "$O/test/wire" send udp 10.7.0.2
	[ "$(seen)" -gt 0 ]
	in_tunnel=()
	# The LAN reaches them by the proxy alone.
	run ! ip netns exec lan curl -sSm 2 http://10.200.1.2:8096/
}

@test "MV-4 the tunnel's encrypted socket is the host's, its interface the vault's" {
	port=$(ip netns exec media-vault wg show all listen-port | awk '{ print $2 }')
	[ -n "$(ss -Hlun "sport = :$port")" ]
	[ -z "$(ip netns exec media-vault ss -Hlun "sport = :$port")" ]
	[ -z "$(ip link show type wireguard)" ]
	ip -n media-vault link show type wireguard | grep -qF "$tunnel"
}

@test "MV-5 systemctl and check confirm that the services are in the vault" {
	for s in "${services[@]}"; do
		[ "$(systemctl show -p NetworkNamespacePath "${s%:*}")" = NetworkNamespacePath=/run/netns/media-vault ]
	done
	run -0 vault check media-vault unit jellyfin unit sonarr unit prowlarr
	[[ $output == *"media-vault: sound"* ]]
	run -1 vault check media-vault unit nginx
	[[ $output == *FAIL*process-netns* ]]
}

@test "MV-6 ip netns exec works; the address seen from inside is the VPN's, from the host the host's" {
	[ "$(ip netns exec media-vault bash -c 'cat </dev/tcp/10.8.0.1/80')" = 10.9.0.3 ]
	[ "$(in_unit sonarr bash -c 'cat </dev/tcp/10.8.0.1/80')" = 10.9.0.3 ]
	[ "$(ask 10.8.0.1 80)" = 10.8.0.2 ]
}

@test "MV-3 the tunnel is gone: a connection in flight ends in the dark, nothing passes the uplink; reloaded, it is back" {
	said=$BATS_TEST_TMPDIR/drip
	pids=$(for s in "${services[@]}"; do pid_of "${s%:*}"; done)
	[ "$(ip -n media-vault route show default table all | awk '!/^unreachable/ { print $3 }')" = $tunnel ]
	in_unit jellyfin bash -c 'cat </dev/tcp/10.8.0.1/81' >"$said" 2>&1 3>&- &
	reader=$!
	retry 20 test -s "$said"
	# What would be seen: the vault's addresses on the uplink.
	ip address add 10.9.0.3/32 dev lo
	observe up0 --from 10.9.0.3 --from 10.200.1.2
	"$O/test/wire" send udp 10.8.0.1 --src 10.9.0.3 --port 9
	[ "$(seen)" -gt 0 ]
	ip address delete 10.9.0.3/32 dev lo

	observe up0 --from 10.9.0.3 --from 10.200.1.2
	systemctl stop vault-heal@media-vault.timer # which would bring it back
	ip -n media-vault link delete $tunnel
	sleep 1 # what was on its way
	size=$(stat -c %s "$said")
	run ! in_unit jellyfin timeout 3 bash -c 'cat </dev/tcp/10.8.0.1/80'
	run ! in_unit sonarr "$O/test/wire" send udp 10.8.0.1 --port 9
	[ "$(stat -c %s "$said")" = "$size" ]
	[ "$(ip netns exec lan curl -sSm 60 --resolve sonarr.home:80:10.7.0.1 http://sonarr.home/)" = "this is sonarr" ]
	[ "$(seen)" = 0 ]
	kill "$reader"
	wait "$reader" || :

	systemctl reload vault@media-vault
	systemctl start vault-heal@media-vault.timer
	[ "$(in_unit jellyfin bash -c 'cat </dev/tcp/10.8.0.1/80')" = 10.9.0.3 ]
	[ "$(for s in "${services[@]}"; do pid_of "${s%:*}"; done)" = "$pids" ]
}

silent() { ! vault check media-vault >/dev/null; }

@test "MV-7 a server that never answers: check says so, with its endpoint and the mend" {
	systemctl stop vault@media-vault
	ip netns exec srv nft 'table inet dead { chain input { type filter hook input priority 0; udp dport 51820 drop; }; }'
	sed -i '/^wait-handshake/d' /etc/vault/media-vault.conf
	systemctl start vault@media-vault
	ip netns exec media-vault "$O/test/wire" send udp 10.8.0.1 --port 9
	retry 20 silent
	run -1 vault check media-vault
	[[ $output =~ FAIL\ +handshake.*10.8.0.1:51820:\ [1-9][0-9]*\ bytes\ sent\ and\ none\ received.*vault\ up\ media-vault ]]
	ip netns exec srv nft delete table inet dead
	retry 60 ip netns exec media-vault timeout 10 bash -c 'cat </dev/tcp/10.8.0.1/80'
	vault check media-vault
	systemctl stop vault@media-vault
	[ "$(systemctl is-active jellyfin)" = inactive ]
}
