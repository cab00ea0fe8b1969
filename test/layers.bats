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
	breach "lib/ knows no vault" lib/nl.c '#include "vault/spec/spec.h"'
	breach "lib/ knows no vault" lib/addr.h '#include "vault/report.h"'
	breach "the plan is pure" vault/plan/plan.c '#include "lib/nl.h"'
	breach "the plan is pure" vault/plan/plan.h '#include "vault/spec/state.h"'
	breach "the seal is pure" vault/seal/seal.c '#include "lib/nft.h"'
	: > vault/apply/kind/wall.h
	breach "a kind knows no other kind" vault/apply/kind/tunnel.c '#include "vault/apply/kind/wall.h"'
	breach "a kind knows no other kind" vault/apply/kind/veth.c '#include "vault/report.h"'
	breach "reading makes no calls" vault/read/words.c '#include "lib/rtnl.h"'
	breach "a kind knows of the vault what its object carries" vault/apply/kind/up.c 'int x(struct session *w) { return !w->spec; }'
	breach "nobody includes a command" vault/cmd/down.c '#include "vault/cmd/up.h"'
	breach "nobody includes a command" vault/main.c '#include "vault/cmd/up.h"'
	breach "who changes namespaces" vault/confine/mnt.c 'int x(int fd) { return setns(fd, 0); }'
	breach "no shell" vault/proc/program.c 'int x(void) { return system("ip link"); }'
	breach "no shell" lib/ns.c 'FILE *x(void) { return popen("ip link", "r"); }'
	breach "report.c alone prints" lib/nl.c 'void x(void) { printf("x"); }'
	breach "report.c alone prints" vault/apply/walk.c 'void x(void) { fprintf(stderr, "x"); }'
	breach "exit codes go through main" vault/cmd/up.c 'void x(void) { exit(1); }'
	run -0 "$top/test/layers.sh" "$BATS_TEST_TMPDIR/tree"
}

@test "the layers' check sees a stage that includes a later one" {
	breach "a later stage" vault/report.h '#include "vault/spec/spec.h"'
	breach "a later stage" vault/spec/state.c '#include "vault/read/words.h"'
	breach "a later stage" vault/proc/evict.c '#include "vault/confine/mnt.h"'
	breach "a later stage" vault/apply/walk.c '#include "vault/cmd/cmd.h"'
	breach "a later stage" vault/apply/walk.h '#include "vault/gather/gather.h"'
	breach "a later stage" vault/gather/link.c '#include "vault/check/list.h"'
	breach "a later stage" vault/check/list.h '#include "vault/leak/result/run.h"'
	breach "a later stage" vault/leak/probe/send.c '#include "vault/leak/twin.h"'
	breach "a later stage" vault/leak/monitor.c '#include "vault/cmd/request.h"'
	breach "a later stage" vault/leak/test.c '#include "vault/elsewhere/x.h"'
	mkdir vault/elsewhere
	: > vault/elsewhere/x.c
	breach "a folder that is no stage" vault/elsewhere/x.c '#include "lib/nl.h"'
	rm -r vault/elsewhere
	run -0 "$top/test/layers.sh" "$BATS_TEST_TMPDIR/tree"
}
