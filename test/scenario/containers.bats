#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/scenario/containers.bats: containers of podman in a vault and on a segment behind a gateway vault, by the recipes
# of vault-recipes(7), under systemd and with the kernel's WireGuard. The image is busybox, made here.
#
#     app  in the vault `box`, 10.9.0.5, whose network namespace it joins
#     bare of no network, until a leg of the segment `lan` is put into it by hand: out by `gw` 10.9.0.6, at 192.168.100.1
#     web  on podman's network `lan`, which is the bridge of that segment: by CNI, and by netavark
# bats file_tags=systemd
# shellcheck disable=SC2154 # what bats' `run` leaves
bats_require_minimum_version 1.5.0
load ../vm/network
load ../recipe
load ../outside

image=docker.io/library/busybox

# With what the engine needs where no distribution has set it up: layers as plain folders.
engine() {
	local root=$BATS_FILE_TMPDIR/root applet

	printf '%s\n' '[storage]' 'driver = "vfs"' 'runroot = "/run/containers/storage"' \
		'graphroot = "/var/lib/containers/storage"' >/etc/containers/storage.conf
	mkdir -p "$root"/{bin,etc}
	cp /bin/busybox "$root/bin"
	for applet in cat httpd nc nslookup sh sleep timeout; do ln -s busybox "$root/bin/$applet"; done
	echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
	tar -C "$root" -c . >"$root.tar"
	podman import "$root.tar" $image
}

setup_file() {
	provider
	command -v podman >/dev/null || skip "needs podman"
	client box 10.9.0.5
	client gw 10.9.0.6
	count_outside on_srv
	engine
	cook podman
}

setup() { cd /; }

teardown() {
	local container

	for container in bare web; do
		! podman container exists "$container" || podman rm -f -t 0 "$container"
	done
}

on_srv() { ip netns exec srv "$@"; }
outside() { went_outside on_srv; }

in_app() { podman exec "${app:-app}" "$@"; }
seen_as() { [ "$(in_app nc -w 60 10.8.0.1 80)" = "$1" ]; }
resolves() { [[ $(in_app nslookup -type=a far.test) == *10.9.0.77* ]]; }
pid_of() { podman inspect -f '{{.State.Pid}}' "$1"; }

# it_is_dark: nothing comes through, nothing leaves otherwise
it_is_dark() {
	local before

	before=$(outside)
	run ! in_app nc -w 3 10.8.0.1 80
	run ! in_app timeout 3 nslookup far.test
	[ "$(outside)" = "$before" ]
	timeout 60 bash -c 'cat </dev/tcp/10.8.0.1/80'
	(($(outside) > before)) # so it can be told
}

@test "PC-13 a podman container in a vault: the address seen is the VPN's, names are asked of its resolver, it is confined" {
	[ "$(in_app nc 10.8.0.1 80)" = 10.9.0.5 ]
	[ "$(timeout 60 bash -c 'cat </dev/tcp/10.8.0.1/80')" = 10.8.0.2 ] # so the server can tell
	retry 5 resolves
	[ "$(in_app cat /etc/resolv.conf)" = "$(cat /run/vault/box/resolv.conf)" ]
	vault check box pid "$(pid_of app)"
	[ "$(curl -sS http://10.200.0.2:8080/hostname)" = "$(in_app cat /etc/hostname)" ] # the host's way in
	# What podman hands a container that is not told otherwise is the host's resolver, which is not reached.
	podman run -d --name plain --network ns:/run/netns/box $image sleep 1000
	[ "$(app=plain in_app cat /etc/resolv.conf)" != "$(cat /run/vault/box/resolv.conf)" ]
	vault check box pid "$(pid_of plain)" # a file of its own: the rules let it ask nobody else
	app=plain run ! in_app timeout 3 nslookup far.test
	podman rm -f -t 0 plain
	vault up box
}

@test "PC-13 L2 L23 a container in a vault has no capability that opens it; where it is given one, check tells" {
	vault check box pid "$(pid_of app)"
	podman run -d --name mighty --network ns:/run/netns/box --cap-add net_raw $image sleep 1000
	run ! vault check box pid "$(pid_of mighty)"
	[[ $output == *FAIL*process-caps* ]]
	podman rm -f -t 0 mighty
	vault up box
}

@test "PC-13 MV-3 the tunnel killed: the container has no network and nothing passes outside; up again, and it has" {
	ip -n box link delete wg-box
	it_is_dark
	vault up box
	[ "$(in_app nc 10.8.0.1 80)" = 10.9.0.5 ]
}

# backend NAME: what podman makes its networks by from now on
backend() {
	mkdir -p /etc/containers
	printf '[network]\nnetwork_backend = "%s"\n' "$1" >/etc/containers/containers.conf
	[ "$(podman info -f '{{.Host.NetworkBackend}}' 2>&1)" = "$1" ] || skip "needs podman with $1"
}

# by_gateway CONTAINER: it goes out by the gateway vault alone, and goes dark with it
by_gateway() {
	app=$1
	[ "$(in_app nc 10.8.0.1 80)" = 10.9.0.6 ]
	retry 5 resolves
	vault check gw
	[ -z "$(ip -j address show dev vls-lan | jq -r '.[].addr_info[].local')" ] # the host is not on it
	ip -n gw link delete wg-gw
	it_is_dark
	vault down gw
	it_is_dark
	vault up gw
	retry 10 seen_as 10.9.0.6
}

@test "PC-13 PC-2 CNI: a container with a leg made by hand goes out by the gateway vault, and goes dark with it" {
	backend cni
	cook podman-segment
	by_gateway bare
}

@test "PC-13 PC-2 netavark: a container with a leg made by hand goes out by the gateway vault, and goes dark with it" {
	backend netavark
	cook podman-segment
	by_gateway bare
}

@test "PC-13 PC-2 CNI: containers on a network that is a segment go out by the gateway vault, and go dark with it" {
	[ -x /usr/lib/cni/bridge ] || [ -x /opt/cni/bin/bridge ] || [ -x /usr/libexec/cni/bridge ] || skip "needs the plugins of CNI"
	backend cni
	cook podman-cni
	by_gateway web
}

@test "PC-13 PC-2 netavark: containers on a network that is a segment go out by the gateway vault, and go dark with it" {
	local version

	backend netavark
	version=$(podman info -f '{{.Host.NetworkBackendInfo.Version}}' 2>/dev/null) || version=""
	[[ $(printf '%s\n' 1.14 "${version##* }" | sort -V | head -n 1) == 1.14 ]] || skip "${version:-this netavark} has no unmanaged bridges (1.14)"
	cook podman-netavark
	by_gateway web
}

@test "PC-13 netavark: a container in a vault is confined, too" {
	backend netavark
	podman rm -f -t 0 app
	cook podman
	[ "$(in_app nc 10.8.0.1 80)" = 10.9.0.5 ]
	vault check box pid "$(pid_of app)"
}
