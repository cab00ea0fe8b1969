#compdef vault vault-up vault-down vault-exec vault-check vault-leaktest vault-parse-conf
# SPDX-License-Identifier: GPL-2.0-or-later
# completions/vault.zsh: completion for zsh, of vault and its links (vault-up, …): asks `vault complete`.
local line action
local -a found
for line in ${(f)"$(@SBINDIR@/vault complete "${(@Q)words[1,CURRENT-1]}" "$PREFIX" 2> /dev/null)"}; do
	case $line in
	(:*) action=$line ;;
	(*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
	esac
done
(( ! $#found )) || _describe word found
case $action in
(:files) _files ;;
(:folders) _directories ;;
(:command*) shift ${action#* } words && (( CURRENT -= ${action#* } )) && _normal ;;
esac
