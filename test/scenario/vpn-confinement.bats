#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/scenario/vpn-confinement.bats: Transmission in a vault, as VPN-Confinement's own example has it.

load ../helper

setup_file() {
	lab_start
	cat > "$BATS_FILE_TMPDIR/vault.conf" <<- 'END'
		conf /run/lab/provider.conf
		accessible-from 192.168.77.2/32,fd00:77::2/128
		publish 9091
		open-port 51413/both
	END
	host install -Dm 644 "$BATS_FILE_TMPDIR/vault.conf" /etc/vault/media.conf
}

@test "VC-13 Transmission's web UI answers the LAN, and its words stand in a file" {
	need transmission-daemon
	vault up media
	mkdir "$BATS_TEST_TMPDIR/home"
	spawn host "$VAULT" exec media transmission-daemon --foreground --config-dir "$BATS_TEST_TMPDIR/home" --no-auth \
		--allowed 127.0.0.1,10.200.0.1,192.168.77.2 --no-dht --no-lpd --no-portmap
	retry 20 lan curl -sfm 2 -o "$BATS_TEST_TMPDIR/page" http://192.168.77.1:9091/transmission/web/
	grep -q '<title>Transmission' "$BATS_TEST_TMPDIR/page"
	run ! lan2 curl -sfm 2 http://192.168.77.1:9091/transmission/web/
}
