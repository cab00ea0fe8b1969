#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/scenario/firewalls.bats: the firewalls of the distribution, as their packages have them, on the host of a vault that is
# published to the LAN. Each is started before it, or under it: what refuses the vault's traffic is told, and the remedies are typed as
# they are printed. Then it is reloaded, stopped and started again, while a process inside sends by every way: nothing gets out.
#
# shellcheck disable=SC2154 # what bats' `run` leaves
load ../helper

asked=(publish 9091 accessible-from 192.168.77.0/24)
far=203.0.113.80

teardown() {
	despawn_all
	vault down media kill 1 > "$BATS_TEST_TMPDIR/down" 2>&1 || :
	host nft flush ruleset
	host sysctl -qw net.ipv4.ip_forward=1
}

# own FOLDER…: a copy of it in the lab alone, for programs that write there; one that is not there is empty
own() {
	local folder

	for folder; do
		host sh -c 'mkdir -p "$1" "$LAB/own$1" && cp -a "$1/." "$LAB/own$1" && mount --bind "$LAB/own$1" "$1"' sh "$folder"
	done
}

up() { vault up media conf "$LAB/provider.conf" "${asked[@]}"; }
by_tunnel() { [[ $(vault exec media curl -sS -m 30 http://$far/) == 198.51.100.1 ]]; }
sound() { vault -q check media; }
reached() { [[ $(lan curl -sS -m 20 http://192.168.77.1:9091/) == 192.168.77.2 ]]; }
refused() { ! lan curl -sS -m 3 -o /dev/null http://192.168.77.1:9091/; }
serve() {
	spawn inside media busybox httpd -f -p 9091 -h /run/lab/www
	retry 5 inside media sh -c 'busybox nc -w 1 127.0.0.1 9091 < /dev/null'
}

# What stands in the way, as check tells of it, and as it is printed
remedies() { vault -j check media | jq -r '.[0].checks[] | select(.id == "forwarding" and .verdict != "ok") | .remedy // empty'; }
told_and_mended() {
	run -0 remedies
	[[ $output == *"$1"* ]] || { echo "not among the remedies: $1: $output"; return 1; }
	host sh -ec "$output"
	run -0 remedies
	[[ ! $output ]]
	reached
}

# sends SECONDS: the token from inside, as root without any rules there, by the tunnel or what is left of it, and by the link
sends() {
	# shellcheck disable=SC2016 # the inner shell's
	inside media bash -c 'nft flush ruleset; ip link set wg-media down; ip route replace 203.0.113.80 via 10.200.0.1
		end=$(($(date +%s) + $2)); while [ $(date +%s) -lt $end ]; do
			for from in "" ,so-bindtodevice=link-media; do printf "%b" "$1" | socat -u - UDP4-SENDTO:203.0.113.80:9$from 2> /dev/null; done
			sleep 0.05
		done' bash "$payload" "$1" || :
}

# What printf makes the token of
new_token() {
	token
	# shellcheck disable=SC2001 # of each two
	payload=$(sed 's/../\\x&/g' <<< "$TOKEN")
}

# nothing_gets_out COMMAND…: while it sends, COMMAND is run. The guard's elements and the second wall are what holds.
nothing_gets_out() {
	new_token
	observe isp:to-host
	sends 600 &
	sleep 0.3
	"$@" > "$BATS_TEST_TMPDIR/done" 2>&1 || { cat "$BATS_TEST_TMPDIR/done"; return 1; }
	sleep 0.3
	kill $! || :
	must_not_see
	vault up media as-made > "$BATS_TEST_TMPDIR/up"
}

@test "HO-7 HO-17 ufw: told and mended as printed; reloaded, stopped and started under a vault that sends, nothing gets out" {
	host which ufw > /dev/null || skip "needs ufw"
	own /etc/ufw /etc/default
	host ufw --force enable
	run -0 --separate-stderr up
	[[ $stderr == *"table ip filter, chain FORWARD) drops by policy and does not name vlt-media"* ]]
	serve
	refused
	by_tunnel
	told_and_mended 'nft insert rule ip filter FORWARD oifname vlt-media accept'
	nothing_gets_out host sh -ec 'ufw reload; ufw disable; ufw --force enable'
	sound
	by_tunnel
	reached
	host ufw --force reset > "$BATS_TEST_TMPDIR/reset"
	# By its own words, which last beyond a boot
	host sh -ec 'ufw --force enable; iptables -D FORWARD -i vlt-media -j ACCEPT; iptables -D FORWARD -o vlt-media -j ACCEPT'
	refused
	host sh -ec 'ufw route allow in on vlt-media; ufw route allow out on vlt-media'
	run -0 remedies
	[[ ! $output ]]
	reached
	host ufw disable
}

@test "HO-7 HO-17 firewalld: told and mended as printed; reloaded under a vault that sends, nothing gets out" {
	host which firewalld dbus-daemon > /dev/null || skip "needs firewalld and dbus"
	own /etc/firewalld /var/log
	host mkdir -p /run/dbus
	spawn host dbus-daemon --system --nofork --nopidfile
	spawn host firewalld --nofork --nopid
	retry 5 host firewall-cmd --state || skip "firewalld does not start here: $(tail -n 1 "$SPAWNED_OUT")"
	run -0 --separate-stderr up
	[[ $stderr == *"table inet firewalld, chain filter_FORWARD) refuses what no rule of it accepts and does not name vlt-media"* ]]
	serve
	by_tunnel
	told_and_mended 'nft insert rule inet firewalld filter_FORWARD oifname vlt-media accept'
	nothing_gets_out host sh -ec 'firewall-cmd --reload; firewall-cmd --complete-reload'
	sound
	by_tunnel
	run -0 remedies
	[[ $output == *"filter_FORWARD"* ]] # it has made its rules anew
	host sh -ec 'firewall-cmd --permanent --zone=trusted --add-interface=vlt-media; firewall-cmd --reload'
	run -0 remedies
	[[ ! $output ]]
	sound
	reached
}

# docker_up: dockerd, of which the firewall alone is of interest here
docker_up() {
	spawn host dockerd --storage-driver vfs -H "unix://$LAB/docker.sock" --exec-root "$LAB/docker" -p "$LAB/docker.pid"
	retry 5 host docker -H "unix://$LAB/docker.sock" info > /dev/null 2>&1
}

docker_again() {
	despawn "$SPAWNED"
	docker_up
}

# The hierarchies of cgroup-v1 that dockerd asks for, in the lab alone
cgroups() {
	host sh -c 'mount -t tmpfs cgroup /sys/fs/cgroup && cd /sys/fs/cgroup || exit
		for one in $(awk "!/^#/ && \$4 { print \$1 }" /proc/cgroups); do mkdir $one; mount -t cgroup -o $one cgroup $one 2> /dev/null || rmdir $one; done
		mkdir systemd && mount -t cgroup -o none,name=systemd cgroup systemd'
}

@test "HO-7 HO-17 docker: the policy that it sets is told and mended as printed; restarted under a vault that sends, nothing gets out" {
	host which dockerd > /dev/null || skip "needs docker"
	own /var/lib/docker /var/lib/containerd /etc/docker
	cgroups
	host sysctl -qw net.ipv4.ip_forward=0 # where that is so, it drops by policy
	docker_up || skip "dockerd does not start here: $(tail -n 1 "$SPAWNED_OUT")"
	run -0 --separate-stderr up
	[[ $stderr == *"table ip filter, chain FORWARD) drops by policy and does not name vlt-media"* ]]
	serve
	by_tunnel
	told_and_mended 'nft insert rule ip filter FORWARD oifname vlt-media accept'
	nothing_gets_out docker_again
	sound
	by_tunnel
	reached
	despawn "$SPAWNED"
}

@test "HO-7 HO-14 HO-17 nft -f /etc/nftables.conf, which flushes all rules, under a vault that sends: found, mended as printed, nothing gets out" {
	host test -e /etc/nftables.conf || skip "needs the package's /etc/nftables.conf"
	host grep -qx 'flush ruleset' /etc/nftables.conf
	up
	serve
	reached
	nothing_gets_out host nft -f /etc/nftables.conf
	host nft -f /etc/nftables.conf
	run -0 vault check media remedy
	[[ $output == "vault up media as-made" ]]
	host sh -c '"$0" up media as-made' "$VAULT"
	sound
	by_tunnel
	reached
}

@test "HO-17 what is sent there would be seen, were the guard and the second wall gone" {
	up
	new_token
	host nft flush ruleset
	host tc qdisc del dev vlt-media clsact
	must_see isp:to-host -- sends 2
}
