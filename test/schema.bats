#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/schema.bats: what vault prints as JSON is what vault/schema says, and nothing more (DL-3).

load helper
: "${top:?}"

setup_file() { lab_start; }
setup() { python3 -c 'import jsonschema' 2> /dev/null || skip "needs python3-jsonschema"; }
teardown() { despawn_all; vault -q down all kill 1 > /dev/null 2>&1 || :; }

# is NAME COMMAND…: what it prints is that; its exit status does not matter
is() {
	"${@:2}" 2> /dev/null > "$BATS_TEST_TMPDIR/json" || :
	python3 -B "$top/test/schema.py" "$top/vault/schema/vault.schema.json" "$1" < "$BATS_TEST_TMPDIR/json" || { echo "${*:2}"; return 1; }
}

all=(accessible-from '192.168.77.0/24,fd00:77::/64' publish 9091 publish '127.0.0.1:8080:80/udp' open-port 6881-6889/both allow-host 631
	allow-to 203.0.113.9:443 post-up true link-name eth0)

@test "DL-3 up, plan and dry-run, and what is kept" {
	is commands vault -j up media conf "$LAB/provider.conf" dry-run
	is changes vault -j up media conf "$LAB/provider.conf" plan
	is description vault -j up media conf "$LAB/provider.conf" "${all[@]}"
	is description host cat /run/vault/media/vault.json
	is changes vault -j up media conf "$LAB/provider.conf" publish 9092
	is changes vault -j up media conf "$LAB/provider.conf" mtu 1380 plan
	is changes vault -j up media as-made
	is error vault -j up media nonsense
	is error vault -j up other conf /nowhere
	is description vault -j up alone isolated no-link
	is description vault -j up gw conf "$LAB/provider2.conf" segment lan 10.9.0.1/24 gateway
	is description vault -j up member segment lan 10.9.0.2/24 via 10.9.0.1
}

@test "DL-3 check, of vaults sound, broken and gone, of the host, and its remedies" {
	vault up media conf "$LAB/provider.conf" "${all[@]}"
	vault up gw conf "$LAB/provider2.conf" segment lan 10.9.0.1/24 gateway
	vault up member segment lan 10.9.0.2/24 via 10.9.0.1
	vault exec media curl -sfm 20 -o /dev/null http://10.66.0.1/
	spawn host "$VAULT" exec media sleep 1000
	is check vault -j check
	is check vault -j check media pid "$SPAWNED"
	is why vault -j check media why 203.0.113.80:80
	is why vault -j check media why 192.168.77.1:9091 from 192.168.77.2
	is error vault -j check none why 203.0.113.80
	is check vault -j check none
	is check vault -j check system
	is check vault -j check media remedy
	inside media ip link set wg-media down
	is check vault -j check all
	is check vault -j check all remedy
	is check vault -j check -j
	is check vault -j check pid 1
}

@test "DL-3 down, with those inside" {
	vault up media conf "$LAB/provider.conf"
	spawn host "$VAULT" exec media curl -sm 5 -o /dev/null http://203.0.113.80:81/
	spawn host "$VAULT" exec media sleep 1000
	retry 10 host sh -c '"$0" -j check media | grep -q sleep' "$VAULT"
	is down vault -j down media keep-ns
	is down vault -j down media kill 1
	is down vault -j down all
	is down vault -j down none
}

@test "DL-3 leaktest, its lines and the report of its log" {
	vault up media conf "$LAB/provider.conf" accessible-from 192.168.77.0/24
	is leaktest vault -j leaktest media log "$LAB/leaks.log" echo http://203.0.113.80/
	inside media nft flush ruleset
	host nft flush table inet vault-guard
	host tc qdisc del dev vlt-media clsact || :
	is leaktest vault -j leaktest media probe link-udp probe frame-link log "$LAB/leaks.log" on-leak true
	is run host cat "$LAB/leaks.log"
	is report vault -j leaktest media report "$LAB/leaks.log"
	is leaktest vault -j leaktest none
}

every() { for file in "$top"/test/conf/*/*.conf; do "$VAULT" -j parse-conf "$file"; done; }

@test "DL-3 parse-conf of every file of test/conf" {
	is parse_conf every
	[ "$(wc -l < "$BATS_TEST_TMPDIR/json")" = "$(find "$top/test/conf" -name "*.conf" | wc -l)" ]
	is parse_conf vault -j parse-conf "$LAB/provider.conf" show-keys
}

@test "DL-3 the schema is installed, and the man page says where" {
	run -0 grep -c 'share/vault/vault.schema.json' "$top/man/vault.8"
	grep -q 'vault/schema' "$top/Makefile"
}
