# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# completions/vault.bash: completion for bash, of vault and its links (vault-up, …): asks `vault complete`.
_vault() {
	local words=("${COMP_WORDS[0]}") at=(0) found=() i word
	for ((i = 1; i <= COMP_CWORD; i++)); do # to bash : = and @ are words
		if [[ ${COMP_WORDS[i]} == [:=@]* || ${words[-1]} == *[:=@] ]]; then
			words[-1]+=${COMP_WORDS[i]}
		else
			words+=("${COMP_WORDS[i]}") && at+=("$i")
		fi
	done
	while IFS=$'\t' read -r word _; do
		case $word in
		:files) compopt -o default ;;
		:folders) compopt -o dirnames ;;
		:command*) ! declare -F _command_offset > /dev/null || _command_offset "${at[${word#* }]}" ;;
		*) found+=("${word#"${words[-1]%"${words[-1]##*[:=@]}"}"}") ;;
		esac
	done < <(@SBINDIR@/vault complete "${words[@]}" 2> /dev/null)
	COMPREPLY+=("${found[@]}")
}
complete -F _vault vault vault-{up,down,exec,check,leaktest,parse-conf}
