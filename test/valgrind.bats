#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/valgrind.bats: a few commands in valgrind: nothing is lost, and nothing used or sent that was never set.

load helper
: "${top:?}"

# in_valgrind STATUS WORDS…: vault with those words exits so, and valgrind has nothing to say. Where it does not know
# a system call, which then fails, the command may fail as well; cleanly.
in_valgrind() {
	local log=$BATS_TEST_TMPDIR/valgrind call

	need valgrind traceable
	# A mount that only changes how things spread has no type.
	printf '{\n\tno type\n\tMemcheck:Param\n\tmount(type)\n\tfun:mount\n}\n' > "$log.known"
	run host valgrind -q --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all --suppressions="$log.known" \
		--child-silent-after-fork=yes --log-file="$log" "$VAULT" "${@:2}"
	echo "$output"
	if grep '^==.* \(at\|by\) 0x' "$log"; then return 1; fi
	call=$(sed -n 's/.*unhandled .* syscall: //p' "$log" | head -n 1)
	[[ $status == "$1" ]] || [[ $call && $status == 1* ]]
}

teardown() { vault down media > /dev/null 2>&1 || :; }

@test "valgrind sees what is wrong" {
	printf '#include <stdlib.h>\nint main(void) { return *(char *)malloc(1) == 7 ? 1 : 0; }\n' > "$BATS_TEST_TMPDIR/lost.c"
	"${CC:-cc}" -O0 -o "$BATS_TEST_TMPDIR/lost" "$BATS_TEST_TMPDIR/lost.c" || skip "no compiler"
	VAULT=$BATS_TEST_TMPDIR/lost run in_valgrind 0
	[[ $status == 1 && $output == *"main"* ]]
}

@test "PC-1 files that are good and bad are read, and a plan is made, cleanly in valgrind" {
	local files n

	files=("$top"/test/conf/ok/*.conf)
	for ((n = 0; n < ${#files[@]}; n += 30)); do in_valgrind 0 parse-conf "${files[n]}"; done
	files=("$top"/test/conf/bad/*.conf)
	for ((n = 0; n < ${#files[@]}; n += 30)); do in_valgrind 2 parse-conf "${files[n]}"; done
	in_valgrind 0 up media conf "$LAB/provider.conf" dry-run
}

@test "BX-3 a vault is asked for again, mended, changed and taken down, cleanly in valgrind" {
	vault up media conf "$LAB/provider.conf"
	in_valgrind 0 up media conf "$LAB/provider.conf"
	host ip -n media link set wg-media mtu 1300
	inside media nft add rule inet vault output accept
	in_valgrind 0 up media conf "$LAB/provider2.conf"
	in_valgrind 0 up media conf "$LAB/provider.conf" no-link
	in_valgrind 0 -json up media conf "$LAB/provider.conf"
	in_valgrind 0 -json down media
	in_valgrind 1 down media
}

@test "MV-1 MV-6 a vault is made, used and taken down, cleanly in valgrind" {
	in_valgrind 0 up media conf "$LAB/provider.conf"
	vault up media conf "$LAB/provider.conf"
	in_valgrind 0 exec media true
	in_valgrind 0 down media
}
