#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/layers.bats: test/layers.sh finds nothing in the tree, and finds each kind of breach in a copy of it.

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	mkdir "$BATS_TEST_TMPDIR/tree"
	cp -r "$top/lib" "$top/vault" "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR/tree" || return
}

# breach TEXT FILE LINE: with LINE at the end of FILE one breach is told, with TEXT and the file's name
breach() {
	[ -e "$2" ]
	cp "$2" "$BATS_TEST_TMPDIR/saved"
	echo "$3" >> "$2"
	run -1 "$top/test/layers.sh" "$BATS_TEST_TMPDIR/tree"
	echo "$output"
	[ "${#lines[@]}" = 1 ]
	[[ $output == *"$1"*"$2:"* ]]
	cp "$BATS_TEST_TMPDIR/saved" "$2"
}

@test "data flows one way: who includes whom, who calls what" {
	run -0 "$top/test/layers.sh"
	[ -z "$output" ]
	run -0 "$top/test/layers.sh" "$BATS_TEST_TMPDIR/tree"
}

@test "the layers' check sees each kind of breach" {
	breach "lib/ knows no vault" lib/nl.c '#include "vault/spec.h"'
	breach "lib/ knows no vault" lib/addr.h '#include "vault/obj.h"'
	breach "the plan is pure" vault/plan.c '#include "lib/nl.h"'
	breach "the plan is pure" vault/plan.h '#include "vault/world.h"'
	breach "the seal is pure" vault/seal.c '#include "lib/nft.h"'
	: > vault/kind/link.h
	breach "a kind knows no other kind" vault/kind/tunnel.c '#include "vault/kind/link.h"'
	breach "a kind knows no other kind" vault/kind/link.c '#include "vault/report.h"'
	breach "reading makes no calls" vault/read/words.c '#include "lib/rtnl.h"'
	breach "nobody includes a command" vault/cmd/down.c '#include "vault/cmd/up.h"'
	breach "nobody includes a command" vault/walk.c '#include "vault/cmd/up.h"'
	breach "who changes namespaces" vault/mnt.c 'int x(int fd) { return setns(fd, 0); }'
	breach "no shell" vault/program.c 'int x(void) { return system("ip link"); }'
	breach "no shell" lib/ns.c 'FILE *x(void) { return popen("ip link", "r"); }'
	breach "report.c alone prints" lib/nl.c 'void x(void) { printf("x"); }'
	breach "report.c alone prints" vault/walk.c 'void x(void) { fprintf(stderr, "x"); }'
	breach "exit codes go through main" vault/cmd/up.c 'void x(void) { exit(1); }'
	run -0 "$top/test/layers.sh" "$BATS_TEST_TMPDIR/tree"
}
