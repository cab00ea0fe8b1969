# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# test/vm/network.bash: what the bats files have in common that run under systemd, in the VM: what is installed, and a
# provider. The machine has an uplink, up0 10.8.0.2, to the namespace srv, 10.8.0.1, which is a WireGuard server
# (10.9.0.1), a resolver (far.test; there alone) and a web server that tells who asked, at port 80.

# The first file of a boot makes it.
provider() {
	[[ $(</proc/1/comm) == systemd && $LAB_BACKEND == kernel ]] || skip "needs systemd as PID 1, in test/vm/vm"
	[[ ! -e /run/netns/srv ]] || return 0
	cp -a "$O/installed/." /
	ip netns add srv
	ip link add up0 type veth peer name to-host netns srv
	ip address add 10.8.0.2/24 dev up0
	ip link set up0 up
	ip -n srv link set lo up
	ip -n srv address add 10.8.0.1/24 dev to-host
	ip -n srv link set to-host up
	ip -n srv link add wg0 type wireguard
	mkdir -p /etc/wireguard /etc/vault
	(umask 077 && wg genkey >/run/srv.key)
	ip netns exec srv wg set wg0 listen-port 51820 private-key /run/srv.key
	ip -n srv address add 10.9.0.1/24 dev wg0
	ip -n srv link set wg0 up
	systemd-run -q --unit=dns -p NetworkNamespacePath=/run/netns/srv dnsmasq --keep-in-foreground --conf-file=/dev/null \
		--no-resolv --no-hosts --listen-address=10.9.0.1 --bind-interfaces --address=/far.test/10.9.0.77 --user=root
	# shellcheck disable=SC2016 # socat's shell expands it
	systemd-run -q --unit=web -p NetworkNamespacePath=/run/netns/srv \
		socat -U TCP-LISTEN:80,fork,reuseaddr 'SYSTEM:echo $SOCAT_PEERADDR'
}

# client NAME ADDRESS: the file that the provider hands out, /etc/wireguard/NAME.conf
client() {
	local key

	key=$(wg genkey)
	ip netns exec srv wg set wg0 peer "$(wg pubkey <<<"$key")" allowed-ips "$2"
	(umask 077 && cat >"/etc/wireguard/$1.conf") <<-END
		[Interface]
		PrivateKey = $key
		Address = $2/32
		DNS = 10.9.0.1
		[Peer]
		PublicKey = $(wg pubkey </run/srv.key)
		AllowedIPs = 0.0.0.0/0
		Endpoint = 10.8.0.1:51820
	END
}

# retry SECONDS COMMAND…: until it succeeds; twelve times as long at most, as the emulated machine is slow
retry() {
	local end=$((SECONDS + 12 * $1))

	until "${@:2}"; do
		((SECONDS <= end)) || { echo "in vain for $((12 * $1)) s: ${*:2}"; return 1; }
		sleep 1
	done
}
