#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# test/layers.sh [TREE]: does data still flow one way? Each line printed is a breach; exit 1 when there is any.
cd "${1:-$(dirname "$0")/..}" || exit 2
shopt -s nullglob globstar

# The stages: a file includes headers of its own folder and of those before it. vault/ itself holds what all may include
# (report.h, problem.h, exit.h), and main.c, which may include all.
stages=(lib vault vault/{spec,read,seal,plan,proc,confine,apply,apply/kind,gather,check,leak/{result,echo,probe},leak,cmd})

breaches=0
# never WHY PATTERN FILE…: no line of these files may match
never() { if grep -nHE "$2" "${@:3}" /dev/null | sed "s|^|$1: |"; then breaches=1; fi; }
# only WHY CALL ALLOWED…: no file but those may call it
only() {
	local others=() f
	for f in "${@:3}"; do [[ -e $f ]] || { echo "$1: $f is no file" && breaches=1; }; done
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

# ranked FILE: it includes nothing of a later stage, and belongs to one
ranked() {
	local own=${rank[${1%/*}]-} line header
	[[ $1 != vault/main.c ]] || own=${#stages[@]}
	[[ $own ]] || { echo "a folder that is no stage: $1:1:"; breaches=1; return; }
	while read -r line; do
		header=${line#*\"}
		header=${header%\"*}
		[[ -z $line || ${rank[${header%/*}]-$((own + 1))} -le $own ]] || { echo "a later stage: $1:$line"; breaches=1; }
	done <<< "${includes[$1]-}"
}

set -o pipefail # the sed above says what the grep before it found
declare -A rank
for i in "${!stages[@]}"; do rank[${stages[i]}]=$i; done
for f in vault/**/*.[ch]; do ranked "$f"; done
never 'lib/ knows no vault' '^#include "vault/' lib/**/*.[ch]
for f in vault/plan/plan.[ch]; do just 'the plan is pure' "$f" 'vault/(plan/plan|plan/obj|spec/spec|seal/seal).h'; done
for f in vault/seal/*.[ch]; do just 'the seal is pure' "$f" 'vault/seal/.*' vault/spec/spec.h 'lib/(ruleset|base).h'; done
for f in vault/apply/kind/*.c; do # one file writes the description down, all others hand it on
	never 'a kind knows of the vault what its object carries' "w->spec$([[ $f == */files.c ]] || echo '|spec->')" "$f"
done
for f in vault/apply/kind/*.[ch]; do
	stem=${f##*/}
	just 'a kind knows no other kind, nor what comes after it' "$f" 'lib/.*' vault/plan/obj.h 'vault/spec/(spec|state).h' 'vault/seal/(seal|wall).h' \
		vault/proc/program.h vault/confine/unit.h 'vault/apply/(session|observed|guard_elements|oldguard).h' "vault/apply/kind/${stem%.*}.h" vault/apply/kind/veth.h
done
for f in vault/read/*.[ch]; do
	just 'reading makes no calls' "$f" 'vault/read/.*' 'vault/spec/(spec|reach).h' 'vault/(problem|option|remedy).h' 'lib/(addr|base|key|list|str|file|trust|wgdev|wgfield|wgtext).h'
done
for f in vault/spec/reach.[ch]; do just 'reading makes no calls' "$f" 'vault/spec/(reach|spec).h' lib/str.h; done
commands=$(grep -l '^const struct cmd cmd_' vault/cmd/*.c | sed 's|\.c$||' | paste -sd'|')
never 'nobody includes a command' "^#include \"($commands)\." vault/cmd/*.[ch] vault/main.c
only 'who changes namespaces' setns lib/ns.c vault/cmd/exec.c
only 'no shell' 'system|popen'
only 'report.c alone prints' '(v|f|vf|d|vd)?printf|puts|fputs|putchar|fputc|perror|warnx?|errx?' vault/report.c
only 'exit codes go through main' '_?exit|quick_exit' vault/proc/program.c vault/proc/hook.c vault/leak/probe/names.c vault/leak/echo/echo.c
exit $breaches
