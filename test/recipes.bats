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

@test "DL-10 a browser in the desktop's menu: by sudo, as alice, inside, and no other command" {
	local entry=/usr/local/share/applications/vault-browser.desktop as=(setpriv --reuid 1500 --regid 1500 --clear-groups)

	need sudo visudo desktop-file-validate
	over /usr/sbin /usr/local /home
	host sh -euc 'cp "$0" /usr/sbin/vault; rm -f "$LAB/bin/vault"
		install -d -o 1500 -g 1500 /home/alice/vaulted
		{ grep -v "^alice:" /etc/passwd; echo alice:x:1500:1500::/home/alice:/bin/sh; } > "$LAB/passwd"; mount --bind "$LAB/passwd" /etc/passwd
		echo "alice:*:19000:0:99999:7:::" >> /etc/shadow; chmod 640 /etc/shadow
		printf "#!/bin/sh\\necho \"\$(id -un) \$PWD \$WAYLAND_DISPLAY \$(curl -s -m 9 http://203.0.113.80/)\" \"\$@\"\\n" > /usr/local/bin/chromium
		chmod 755 /usr/local/bin/chromium' "$VAULT"
	host vault up browser conf /etc/wireguard/provider.conf no-link
	cook desktop host
	line=$(host sed -n 's/^Exec=//p; s/ %U//' $entry)
	run -0 --separate-stderr host "${as[@]}" env WAYLAND_DISPLAY=wayland-7 sh -c "${line/\%U/http://web.test/}"
	echo "$output"
	[ "$output" = "alice /home/alice wayland-7 198.51.100.1 --user-data-dir=/home/alice/vaulted http://web.test/" ]
	for words in 'exec browser user alice cwd /home/alice sh' 'exec browser chromium' 'exec browser user alice keep-caps cwd /home/alice chromium' 'down browser'; do
		# shellcheck disable=SC2086 # words
		run ! host "${as[@]}" sudo -n vault $words
		[[ $output == *password* ]]
	done
	vault down browser
	host ln -s "$VAULT" "$LAB/bin/vault"
}

# The provider's NAT-PMP (RFC 6886): every request is mapped to the port in a file.
natpmp_server() {
	cat > "$LAB/natpmp.py" <<- 'END'
		import socket, struct, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind((sys.argv[1], 5351))
		while True:
		    q, who = s.recvfrom(64)
		    port = int(open(sys.argv[2]).read())
		    if q[1] == 0:
		        s.sendto(struct.pack("!BBHI4s", 0, 128, 0, 1, socket.inet_aton("198.51.100.1")), who)
		    else:
		        s.sendto(struct.pack("!BBHIHHI", 0, 128 + q[1], 0, 1, port, port, 60), who)
	END
	echo 40000 > "$LAB/natpmp.port"
	spawn srv python3 "$LAB/natpmp.py" 10.66.0.1 "$LAB/natpmp.port"
	retry 5 srv sh -c 'ss -Hlun sport = 5351 | grep -q .'
}

# forwarded PORT: a client of the tunnel's far side gets in there
forwarded() { srv sh -c 'echo | socat -T 2 - TCP:10.66.0.2:$0,connect-timeout=2' "$1" | grep -qx inside; }

@test "a port that the provider forwards is asked for by NAT-PMP, let in, and gone when it is another" {
	need natpmpc python3
	over /usr/local /etc/systemd
	natpmp_server
	cook natpmp host
	[ "$(vault -j check torrent | jq -c '.[0].open_ports')" = '["40000/tcp","40000/udp"]' ]
	for port in 40000 40001; do spawn inside torrent socat TCP-LISTEN:$port,fork,reuseaddr SYSTEM:'echo inside'; done
	retry 5 forwarded 40000
	run ! forwarded 40001
	echo 40001 > "$LAB/natpmp.port"
	host /usr/local/sbin/forwarded-port
	retry 5 forwarded 40001
	run ! forwarded 40000
	vault check torrent
	vault down torrent
}

@test "behind an obfuscator on the host's loopback: the endpoint is that, and nothing but its server sees a packet" {
	cook obfuscator host
	retry 20 host sh -c '"$0" exec hidden curl -s -m 5 http://203.0.113.80/ | grep -qx 198.51.100.1' "$VAULT"
	vault check hidden
	observe isp:to-host --from 10.200.0.2 --to 203.0.113.80
	vault leaktest hidden
	must_not_see
	vault down hidden
	host pkill -f UDP4-LISTEN:51821
}

@test "a host with a VPN of its own: one tunnel in the other; the host's goes, and the vault is as sealed as before" {
	need wg-quick
	host sh -euc 'sed "/^DNS/d" "$LAB/provider2.conf" | install -m 600 /dev/stdin /etc/wireguard/office.conf'
	export WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go
	cook host-vpn host
	retry 20 host curl -s -m 5 http://203.0.113.80/
	[ "$(host curl -s -m 9 http://203.0.113.80/)" = 198.51.100.1 ]
	retry 20 host sh -c '"$0" exec media curl -s -m 5 http://203.0.113.80/ | grep -qx 198.51.100.1' "$VAULT"
	(($(inside media cat /sys/class/net/wg-media/mtu) < $(host cat /sys/class/net/office/mtu)))
	vault check media
	vault leaktest media
	host wg-quick down office
	retry 20 host sh -c '"$0" exec media curl -s -m 5 http://203.0.113.80/ | grep -qx 198.51.100.1' "$VAULT"
	vault check media
	vault down media
}

@test "HO-12 upgrade: what is broken is mended as printed, by one line for all vaults" {
	vault up one conf /etc/wireguard/provider.conf
	vault up two isolated
	host ip -n one link set wg-one down
	host nft delete table inet vault-guard
	cook upgrade host
	vault -q check
	vault down one two
}
