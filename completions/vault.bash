# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# completions/vault.bash: completion for bash, of vault and its links (vault-up, …). Needs nothing of bash-completion.

_vault_names() {
	local dir
	for dir in "${VAULT_COMPLETE_DIR:-/run/vault}"/*/; do
		[[ ! -d $dir ]] || { dir=${dir%/} && echo "${dir##*/}"; }
	done
}

# _vault_offer PREFIX WORD…: those that begin with PREFIX
_vault_offer() {
	local prefix=$1 word
	shift
	for word; do [[ $word != "$prefix"* ]] || COMPREPLY+=("$word"); done
}

_vault_files() {
	compopt -o filenames 2> /dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# What may follow the words of `up` from number $1 on: clauses not said yet, or a file where one is due.
_vault_up() {
	local cur=$2 i said=' ' clause
	((COMP_CWORD > $1)) || return # NAME: any
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	conf | file) _vault_files "$cur" && return ;;
	userspace)
		_vault_offer "$cur" auto never wireguard-go boringtun-cli
		return
		;;
	adopt)
		mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/net)" -- "$cur")
		return
		;;
	segment | via | dns | mtu | host-address | vault-address | accessible-from | publish | open-port | allow-host | allow-to | \
		wait-handshake) return ;;
	post-up | pre-down | post-down)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur" | sort -u)
		return
		;;
	esac
	for ((i = $1 + 1; i < COMP_CWORD; i++)); do said+="${COMP_WORDS[i]} "; done
	[[ ${COMP_WORDS[COMP_CWORD - 2]} != segment ]] || return 0
	[[ ${COMP_WORDS[COMP_CWORD - 3]-} != segment ]] || _vault_offer "$cur" gateway via
	for clause in conf adopt isolated segment userspace dns accessible-from publish open-port allow-host allow-to mtu host-address \
		vault-address no-link post-up pre-down post-down wait-handshake file as-made plan dry-run; do
		[[ $said == *" $clause "* && ! $clause =~ -address|-from|publish|-port|allow-|^p.*-(up|down) ]] ||
			_vault_offer "$cur" "$clause"
	done
}

# Words of `down`: names not said yet, or all; then what else to do.
_vault_down() {
	local cur=$2 i said=' ' name
	for ((i = $1; i < COMP_CWORD; i++)); do said+="${COMP_WORDS[i]} "; done
	if [[ $said != *' all '* && $said != *' kill '* && $said != *' keep-ns '* ]]; then
		while read -r name; do [[ $said == *" $name "* ]] || _vault_offer "$cur" "$name"; done < <(_vault_names)
	fi
	if [[ $said == ' ' ]]; then
		_vault_offer "$cur" all
	else
		for name in kill keep-ns; do [[ $said == *" $name "* ]] || _vault_offer "$cur" "$name"; done
	fi
}

# Words of `exec` up to COMMAND, which begins where they end; from there on it is COMMAND's own completion.
_vault_exec() {
	local cur=$2 i=$(($1 + 1)) said=' '
	((COMP_CWORD > $1)) || { mapfile -t COMPREPLY < <(compgen -W "$(_vault_names)" -- "$cur") && return; }
	while ((i < COMP_CWORD)); do
		case ${COMP_WORDS[i]} in
		user | cwd)
			said+="${COMP_WORDS[i]} "
			if ((i + 1 == COMP_CWORD)); then
				[[ ${COMP_WORDS[i]} == cwd ]] || { mapfile -t COMPREPLY < <(compgen -u -- "$cur") && return; }
				compopt -o filenames 2> /dev/null
				mapfile -t COMPREPLY < <(compgen -d -- "$cur")
				return
			fi
			((i += 2))
			# USER:GROUP is three words where : parts them
			[[ ${COMP_WORDS[i - 2]} != user || ${COMP_WORDS[i]} != : ]] || ((i += 2))
			((i <= COMP_CWORD)) || { mapfile -t COMPREPLY < <(compgen -g -- "${cur#:}") && return; }
			;;
		keep-caps | own-pids) said+="${COMP_WORDS[i]} " && ((i++)) ;;
		--) ((i++)) && break ;;
		*) break ;;
		esac
	done
	if ((i < COMP_CWORD)); then
		if declare -F _command_offset > /dev/null; then _command_offset "$i"; else _vault_files "$cur"; fi
		return
	fi
	mapfile -t COMPREPLY < <(compgen -c -- "$cur" | sort -u)
	[[ ${COMP_WORDS[i - 1]} != -- ]] || return
	for clause in user keep-caps own-pids cwd; do [[ $said == *" $clause "* ]] || _vault_offer "$cur" "$clause"; done
}

# Services that run, by their control groups.
_vault_units() {
	local dir
	for dir in "${VAULT_COMPLETE_UNITS:-/sys/fs/cgroup/system.slice}"/*.service/; do
		[[ ! -d $dir ]] || { dir=${dir%/} && echo "${dir##*/}"; }
	done
}

# Names that are not said yet, or words, and what these take.
_vault_check() {
	local cur=$2 i said=' ' word names
	[[ ${COMP_WORDS[COMP_CWORD - 1]} != max-handshake-age ]] || ((COMP_CWORD == $1)) || return
	for ((i = $1; i < COMP_CWORD; i++)); do said+="${COMP_WORDS[i]} "; done
	case $said in
	*' unit '* | *' pid '*) set -- max-handshake-age unit pid prometheus ;;
	*) mapfile -t names < <(_vault_names) && set -- "${names[@]}" all system max-handshake-age unit pid prometheus ;;
	esac
	[[ $said != *" unit " ]] || { mapfile -t names < <(_vault_units) && set -- "${names[@]}"; }
	for word; do
		[[ $said == *" $word "* ]] || _vault_offer "$cur" "$word"
	done
}

# NAME, then ids after `probe`, and words with what these take; `report` alone.
_vault_leaktest() {
	local cur=$2 i said=' ' word names
	((COMP_CWORD > $1)) || { mapfile -t names < <(_vault_names) && _vault_offer "$cur" "${names[@]}"; return; }
	for ((i = $1 + 1; i < COMP_CWORD; i++)); do said+="${COMP_WORDS[i]} "; done
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	log | report) _vault_files "$cur" && return ;;
	interval | duration) return ;;
	on-leak)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur" | sort -u)
		_vault_offer "$cur" down kill
		return
		;;
	esac
	[[ $said != *' report '* ]] || return
	set -- probe echo interval duration log on-leak disrupt
	[[ $said != ' ' ]] || set -- "$@" report
	if [[ $said =~ ' probe '(.*) && ! ${BASH_REMATCH[1]} =~ (echo|interval|duration|log|on-leak|disrupt)' ' ]]; then
		mapfile -t names < <(vault help leaktest 2> /dev/null | sed -n 's/^  \([a-z0-9-]*\)  .*/\1/p')
		set -- "$@" "${names[@]}"
	fi
	for word; do [[ $said == *" $word "* ]] || _vault_offer "$cur" "$word"; done
}

_vault() {
	local cur=${COMP_WORDS[COMP_CWORD]} at=1 command=${COMP_WORDS[0]##*/}
	COMPREPLY=()
	while ((at < COMP_CWORD)) && [[ ${COMP_WORDS[at]} == -* ]]; do ((at++)); done
	case $command in
	*-up | *-down | *-exec | *-check | *-leaktest) command=${command##*-} ;;
	*-parse-conf) command=parse-conf ;;
	*)
		command=
		((at == COMP_CWORD)) || command=${COMP_WORDS[at++]}
		;;
	esac
	if [[ $cur == -* ]] && ((at == COMP_CWORD)) && [[ ${COMP_WORDS[at - 1]} == "${COMP_WORDS[0]}" || -z $command ]]; then
		_vault_offer "$cur" -json -pretty -quiet -verbose -Version -help
		return
	fi
	case $command in
	up) _vault_up "$at" "$cur" ;;
	down) _vault_down "$at" "$cur" ;;
	exec) _vault_exec "$at" "$cur" ;;
	check) _vault_check "$at" "$cur" ;;
	leaktest) _vault_leaktest "$at" "$cur" ;;
	parse-conf)
		if ((COMP_CWORD == at)); then _vault_files "$cur"; else _vault_offer "$cur" show-keys strict; fi
		;;
	help) ((COMP_CWORD > at)) || _vault_offer "$cur" up down exec check leaktest parse-conf ;;
	'') _vault_offer "$cur" up down exec check leaktest parse-conf help ;;
	esac
}

complete -F _vault vault vault-up vault-down vault-exec vault-check vault-leaktest vault-parse-conf
