#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/leaktest.bats: a sound vault is found sealed, a broken one leaking, by the right probe; and a blind run is neither.

load helper

# of PROBE: its verdict in $output, a run's JSON
of() { jq -re --arg id "$1" '.probes[] | select(.id == $id).verdict' <<< "$output"; }

@test "PC-3 PC-4: a sound vault is sealed, run after run, while other traffic passes every interface" {
	vault up media conf "$LAB/provider.conf"
	for ((i = 0; i < ${LEAKTEST_RUNS:-5}; i++)); do
		run -0 --separate-stderr vault -j leaktest media
		[ "$(jq -r '[.probes[] | select(.verdict != "sealed" and .verdict != "skip")] | length' <<< "$output")" = 0 ]
		[ "$(jq -r '.verdict, .control.verdict' <<< "$output" | xargs)" = "sealed seen" ]
	done
	vault down media
}

@test "PC-3: a vault that is not up cannot be judged: exit 3" {
	run -3 --separate-stderr vault leaktest nosuch
	[[ $stderr == *"not up"* ]]
}
