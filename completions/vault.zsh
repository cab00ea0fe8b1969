#compdef vault vault-up vault-down vault-exec vault-check vault-leaktest vault-parse-conf
# SPDX-License-Identifier: GPL-2.0-or-later
# completions/vault.zsh: completion for zsh, of vault and its links (vault-up, …). Installed as _vault on $fpath.

_vault_names() {
	local -a names=(${VAULT_COMPLETE_DIR:-/run/vault}/*(N/:t))
	compadd "$@" -a names
}

_vault_user() {
	if [[ $PREFIX == *:* ]]; then
		compset -P '*:'
		_groups
	else
		_users
	fi
}

# The words of `up`: a clause not said yet, or the argument of the one before.
_vault_up() {
	(( CURRENT > 1 )) || return 1
	case $words[CURRENT-1] in
	(conf|file) (( CURRENT == 2 )) || { _files && return } ;;
	(userspace) (( CURRENT == 2 )) || { compadd auto never wireguard-go boringtun-cli && return } ;;
	(adopt) (( CURRENT == 2 )) || { compadd /sys/class/net/*(N:t) && return } ;;
	(segment|via|dns|mtu|host-address|vault-address|accessible-from|publish|open-port|allow-host|allow-to|wait-handshake) (( CURRENT == 2 )) || return 1 ;;
	(post-up|pre-down|post-down) (( CURRENT == 2 )) || { _command_names -e && return } ;;
	esac
	[[ $words[CURRENT-2] != segment ]] || (( CURRENT == 3 )) || return 1
	local -a clauses=(
		'conf:the tunnel, a wg-quick file'
		'adopt:the tunnel, a WireGuard interface that is there'
		'isolated:no tunnel, no way to the internet'
		'segment:a leg on a network of vaults alone'
		'userspace:the userspace WireGuard to run'
		'dns:resolvers, instead of the file'\''s'
		'accessible-from:who may open connections into it'
		'publish:a port of the host that leads to one inside'
		'open-port:ports that answer on the tunnel'
		'allow-host:a port of the host that it may use'
		'allow-to:a hole, what it may reach by the link'
		'mtu:the tunnel'\''s MTU'
		'host-address:the host'\''s end of the link'
		'vault-address:the vault'\''s end of the link'
		'no-link:no link to the host'
		'post-up:run a command when it is up'
		'pre-down:run a command before it goes'
		'post-down:run a command after it went'
		'wait-handshake:wait until a peer has answered'
		'file:read words from a file'
		'as-made:by the words that it was made with'
		'plan:change nothing, print what would change'
		'dry-run:change nothing, print the commands'
	)
	local said
	for said in $words[2,CURRENT-1]; do
		[[ $said == (*-address|*-from|publish|*-port|allow-*|post-up|pre-down|post-down) ]] || clauses=(${clauses:#$said:*})
	done
	(( CURRENT < 5 )) || [[ $words[CURRENT-3] != segment ]] ||
		clauses+=('gateway:forward the segment into the tunnel' 'via:its only way out is that gateway')
	_describe clause clauses
}

# The words of `down`: names not said yet, or all; then what else to do.
_vault_down() {
	local -a said=(${words[1,CURRENT-1]}) more=('kill:end what runs inside' 'keep-ns:take the tunnel alone')
	(( CURRENT > 1 )) || more=('all:every vault')
	more=(${more:#(${(~j:|:)said}):*})
	(( ${said[(I)(all|kill|keep-ns)]} )) || _vault_names -F said
	(( ! $#more )) || _describe word more
}

# Up to COMMAND: words of exec; from it on, COMMAND's own completion.
_vault_exec() {
	if (( CURRENT == 1 )); then
		_vault_names
		return
	fi
	local -a clauses=('user:run as this user' 'keep-caps:keep all capabilities' 'own-pids:see no process outside' 'cwd:start in this folder')
	local -i i=2
	while (( i < CURRENT )); do
		case $words[i] in
		(user|cwd)
			if (( i + 1 == CURRENT )); then
				if [[ $words[i] == user ]]; then _vault_user; else _directories; fi
				return
			fi
			clauses=(${clauses:#$words[i]:*})
			(( i += 2 ))
			;;
		(keep-caps|own-pids) clauses=(${clauses:#$words[i]:*}); (( i += 1 )) ;;
		(--) clauses=(); (( i += 1 )); break ;;
		(*) break ;;
		esac
	done
	if (( i < CURRENT )); then
		shift $(( i - 1 )) words
		(( CURRENT -= i - 1 ))
		_normal
		return
	fi
	(( ! $#clauses )) || _describe clause clauses
	_command_names -e
}

# Names that are not said yet, or words, and what these take.
_vault_check() {
	(( CURRENT == 1 )) || [[ $words[CURRENT-1] != max-handshake-age ]] || return 1
	local -a names=(${VAULT_COMPLETE_DIR:-/run/vault}/*(N/:t) all system)
	(( ! $words[(I)(unit|pid)] )) || names=()
	names+=(max-handshake-age unit pid prometheus)
	[[ $words[CURRENT-1] != unit ]] || names=(${VAULT_COMPLETE_UNITS:-/sys/fs/cgroup/system.slice}/*.service(N/:t))
	compadd -- ${names:|words}
}

# NAME, then ids after `probe`, and words with what these take; `report` alone.
_vault_leaktest() {
	if (( CURRENT == 1 )); then
		_vault_names
		return
	fi
	case $words[CURRENT-1] in
	(log|report) _files; return ;;
	(interval|duration) return 1 ;;
	(on-leak)
		compadd -- down kill
		_command_names -e
		return
		;;
	esac
	(( ! $words[(I)report] )) || return 1
	local -a offer=(probe echo interval duration log on-leak disrupt)
	(( CURRENT > 2 )) || offer+=(report)
	if (( $words[(I)probe] > ${words[(I)(echo|interval|duration|log|on-leak|disrupt)]} )); then
		offer+=(${(f)"$(vault help leaktest 2> /dev/null | sed -n 's/^  \([a-z0-9-]*\)  .*/\1/p')"})
	fi
	compadd -- ${offer:|words}
}

_vault() {
	local command=${service:-vault}
	# Not called options and commands: these names are zsh's own, and used below.
	local -a flags=('-json:one JSON value' '-pretty:JSON with line breaks' '-quiet:no more than errors'
		'-verbose:what is done, step by step' '-Version:print the version' '-help:print the usage')
	local -a verbs=('up:make a vault' 'down:take vaults down' 'exec:run a command inside a vault'
		'check:prove that vaults are what they claim to be'
		'leaktest:try every way out of a vault'
		'parse-conf:say what a wg-quick file holds' 'help:print the usage of a command')

	shift words
	(( CURRENT -= 1 ))
	while (( CURRENT > 1 )) && [[ $words[1] == -* ]]; do
		shift words
		(( CURRENT -= 1 ))
	done
	if (( CURRENT == 1 )) && [[ $words[1] == -* ]]; then
		_describe option flags
		return
	fi
	case $command in
	(*-up|*-down|*-exec|*-check|*-leaktest) command=${command##*-} ;;
	(*-parse-conf) command=parse-conf ;;
	(*)
		if (( CURRENT == 1 )); then
			_describe command verbs
			return
		fi
		command=$words[1]
		shift words
		(( CURRENT -= 1 ))
		;;
	esac
	case $command in
	(up) _vault_up ;;
	(down) _vault_down ;;
	(exec) _vault_exec ;;
	(check) _vault_check ;;
	(leaktest) _vault_leaktest ;;
	(parse-conf) if (( CURRENT == 1 )); then _files; else compadd show-keys strict; fi ;;
	(help) (( CURRENT > 1 )) || { verbs=(${verbs:#help:*}); _describe command verbs } ;;
	esac
}

_vault "$@"
