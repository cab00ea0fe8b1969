#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/rows.bats: test/rows and what it is made of: rows.tab, the titles of tests, README's matrix, the recipes.

bats_require_minimum_version 1.5.0
load recipe

rows="$BATS_TEST_DIRNAME/rows"
ids() { sed -nE 's/^([A-Z]+-?[0-9]+)\t.*/\1/p' "$BATS_TEST_DIRNAME/rows.tab"; }

@test "rows: pass, fail, skip and what is in no run are told apart, of runs' TAP" {
	mkdir "$BATS_TEST_TMPDIR/run"
	cat > "$BATS_TEST_TMPDIR/run/bats:one.tap" <<- 'END'
		1..4
		ok 1 MV-1 MV-2 one
		not ok 2 MV-2 two
		# MV-3 is only talked of
		ok 3 MV-4 three # skip needs more
		ok 4 MV-11 and VL1 are no rows
	END
	printf '1..2\nok 1 MV-1 again # skip\nok 2 L28, at last\n' > "$BATS_TEST_TMPDIR/run/vm.tap"
	run -0 "$rows" "$BATS_TEST_TMPDIR/run"
	[ "${#lines[@]}" = "$(ids | wc -l)" ]
	said() { grep -E "^$1 " <<< "$output" | awk '{ print $2, $3 }'; }
	[ "$(said MV-1)" = "pass 2" ]
	[ "$(said MV-2)" = "fail 2" ]
	[ "$(said MV-3)" = "later 0" ]
	[ "$(said MV-4)" = "skip 1" ]
	[ "$(said L1)" = "later 0" ]
	[ "$(said L28)" = "pass 1" ]
	grep -qE '^MV-1 .*\(bats:one vm\)$' <<< "$output"
	run -1 "$rows" --strict "$BATS_TEST_TMPDIR/run"
	mkdir "$BATS_TEST_TMPDIR/other"
	printf '1..1\nok 1 MV-3 after all\n' > "$BATS_TEST_TMPDIR/other/vm.tap"
	run -0 "$rows" "$BATS_TEST_TMPDIR/run" "$BATS_TEST_TMPDIR/other" "$BATS_TEST_TMPDIR/none"
	[ "$(said MV-3)" = "pass 1" ]
	[ "$(said MV-2)" = "fail 2" ]
}

@test "rows: each row of README's matrix is in the table, and each of the table in the matrix" {
	diff -u <(grep -oE '\b[A-Z]+-?[0-9]+ to [A-Z]+-?[0-9]+|\b(HO|DL|EN)-[0-9]+' "$BATS_TEST_DIRNAME/../README.md" | while read -r from _ to; do
		to=${to:-$from}
		for n in $(seq "${from##*[A-Z-]}" "${to##*[A-Z-]}"); do echo "${from%"${from##*[A-Z-]}"}$n"; done
	done | sort) <(ids | sort)
}

@test "rows: each is named by a test" {
	run -0 "$rows" --strict
}

@test "rows: the scenarios are those of README" {
	diff -u <(sed -nE 's/^\| [A-Z]+-1 to .* \| ([^|]*) \|$/\1/p' "$BATS_TEST_DIRNAME/../README.md" | tr -d ' ' | tr , '\n' | sort) \
		<(cd "$BATS_TEST_DIRNAME/scenario" && printf '%s\n' *.bats | sed 's/\.bats$//' | sort)
}

@test "rows: each recipe of vault-recipes(7) is run by a test, and no test runs another" {
	diff -u <(recipe_names | sort) \
		<(grep -hoE '\bcook [a-z][a-z0-9-]*' "$BATS_TEST_DIRNAME"/*.bats "$BATS_TEST_DIRNAME"/*/*.bats | cut -d' ' -f2 | sort -u)
	for name in $(recipe_names); do
		bash -n <<< "$(recipe "$name")"
	done
	run ! recipe no-such
}

@test "HO-13 each host of test/host says what it is, and no two the same" {
	local host

	for host in "$BATS_TEST_DIRNAME"/host/*; do
		[[ $host == */run ]] || [ "$(grep -c '^about="..*"$' "$host")" = 1 ] || { echo "$host: no about=, or two"; return 1; }
	done
	[ -z "$(sed -n 's/^about=//p' "$BATS_TEST_DIRNAME"/host/* | sort | uniq -d)" ]
}
