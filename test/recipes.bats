#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/recipes.bats: recipes of vault-recipes(7) that no scenario is made of (test/recipe.bash says how they are run).

# shellcheck disable=SC2154 # what bats' `run` leaves
load helper
load recipe

setup_file() {
	lab_start
	host bash -euc 'ln -s "$1" /run/lab/bin/vault; mkdir -p /etc/wireguard; install -m 600 $LAB/provider.conf /etc/wireguard/' sh "$VAULT"
}

# A machine that asks, over and over, for a name, and who it is: `asked ADDRESS-OF-THE-NAME SEEN-BY`.
initramfs() {
	local root=$BATS_TEST_TMPDIR/root number=100 kernel=$1 module modules=("$1"/lib/modules/*)

	mkdir -p "$root"/{bin,proc,modules}
	cp "$(command -v busybox)" "$root/bin/busybox"
	modprobe -d "$kernel" -S "${modules##*/}" --show-depends -a virtio_pci virtio_net |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r module; do
		number=$((number + 1))
		case $module in
		*.xz) xz -dc "$module" ;;
		*.zst) zstd -dc "$module" ;;
		*) cat "$module" ;;
		esac > "$root/modules/$number.ko"
	done
	cat > "$root/init" <<- 'END'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		mount -t proc proc /proc
		for module in /modules/*; do insmod $module; done
		ip address add 192.168.100.20/24 dev eth0
		ip link set eth0 up
		ip route add default via 192.168.100.1
		while :; do
			name=$(timeout 2 nslookup -type=a ip.test 10.66.0.1 2> /dev/null | sed -n '/^Name/,$s/Address: //p')
			echo "asked $name $(printf 'GET / HTTP/1.0\r\n\r\n' | timeout 2 nc 203.0.113.80 80 | tail -n 1)"
			sleep 1
		done
	END
	chmod +x "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet) > "$BATS_TEST_TMPDIR/initramfs"
}

@test "DN-5 PC-2 PC-12 a virtual machine on a segment goes out by the gateway vault; while its tunnel is gone, it is in the dark" {
	local kernel reason said=$BATS_TEST_TMPDIR/said
	asked() { grep '^asked' "$said" 2> /dev/null | tail -n "$1"; }
	online() { [[ $(asked 1) == "asked 203.0.113.80 198.51.100.1"* ]]; }
	dark() { [ "$(asked 2 | grep -cE '^asked *.?$')" = 2 ]; }

	reason=$("$top/test/vm/vm" why) || skip "$reason"
	"$top/test/vm/vm" fetch
	kernel=$("$top/test/vm/vm" kernel)
	initramfs "$kernel"
	cook virtual-machine host
	spawn host qemu-system-x86_64 -netdev tap,id=net,ifname=vm0,script=no -device virtio-net-pci,netdev=net \
		-nodefaults -no-user-config -display none -accel tcg -cpu max -m 128 -kernel "$kernel/kernel" \
		-initrd "$BATS_TEST_TMPDIR/initramfs" -append "console=ttyS0 quiet mitigations=off no_timer_check" -serial "file:$said"
	must_see isp:to-host --to 203.0.113.80 -- host curl -sSo /dev/null http://203.0.113.80/
	observe isp:to-host host:eth1 --to 203.0.113.80 --from 203.0.113.80 --from 192.168.100.20 --to 10.66.0.1
	retry 60 online || { cat "$said"; false; }
	host ip -n vms link delete wg-vms
	retry 20 dark
	must_not_see
	vault up vms
	retry 20 online
}
