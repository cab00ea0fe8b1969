#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# test/layers.sh [TREE]: does data still flow one way? Each line printed is a breach; exit 1 when there is any.
cd "${1:-$(dirname "$0")/..}" || exit 2
shopt -s nullglob globstar

breaches=0
# never WHY PATTERN FILE…: no line of these files may match
never() { if grep -nHE "$2" "${@:3}" /dev/null | sed "s|^|$1: |"; then breaches=1; fi; }
# only WHY CALL ALLOWED…: no file but those may call it
only() {
	local others=()
	for f in lib/**/*.c vault/**/*.c; do [[ " ${*:3} " == *" $f "* ]] || others+=("$f"); done
	never "$1" "(^|[^[:alnum:]_\"\`])($2) ?\(" "${others[@]}"
}
declare -A includes # FILE to its lines that include ours, NUMBER:LINE
while IFS= read -r line; do includes[${line%%:*}]+=${line#*:}$'\n'; done < <(grep -nH '^#include "' lib/**/*.[ch] vault/**/*.[ch])

# just WHY FILE HEADER…: includes none but those, and libc's
just() {
	local IFS='|' line pattern
	pattern="\"(${*:3})\""
	while read -r line; do
		[[ -z $line || $line =~ $pattern ]] || { echo "$1: $2:$line"; breaches=1; }
	done <<< "${includes[$2]-}"
}

set -o pipefail # the sed above says what the grep before it found
never 'lib/ knows no vault' '^#include "vault/' lib/**/*.[ch]
for f in vault/plan.[ch]; do just 'the plan is pure' "$f" vault/plan.h vault/obj.h vault/spec.h vault/seal.h; done
for f in vault/seal*.[ch]; do
	[[ $f == vault/sealcheck.* ]] || just 'the seal is pure' "$f" 'vault/seal(leg|segment|set|wall)?.h' vault/spec.h lib/ruleset.h lib/base.h
done
for f in vault/kind/*.[ch]; do
	stem=${f##*/}
	just 'a kind knows no other kind, nor what comes after it' "$f" 'lib/.*' vault/obj.h vault/spec.h vault/seal.h \
		vault/world.h vault/sight.h vault/granted.h vault/oldguard.h vault/sealwall.h vault/state.h vault/program.h vault/confine.h "vault/kind/${stem%.*}.h"
done
for f in vault/read/*.[ch]; do
	just 'reading makes no calls' "$f" 'vault/read/.*' vault/spec.h vault/reach.h vault/remedy.h 'lib/(addr|base|key|str|file|trust|wgdev).h'
done
for f in vault/reach.[ch]; do just 'reading makes no calls' "$f" vault/reach.h vault/spec.h; done
never 'nobody includes a command' '^#include ".*cmd/' lib/**/*.[ch] vault/**/*.[ch]
only 'who changes namespaces' setns lib/ns.c vault/cmd/exec.c
only 'no shell' 'system|popen'
only 'report.c alone prints' '(v|f|vf|d|vd)?printf|puts|fputs|putchar|fputc|perror|warnx?|errx?' vault/report.c
only 'exit codes go through main' '_?exit|quick_exit' vault/program.c vault/hook.c vault/probe/names.c vault/leak/echo.c
exit $breaches
