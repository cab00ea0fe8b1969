#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/docs.bats: help, man pages, completions and README name the same commands, options and clauses, no more and no less;
# and what the command line itself promises: help, usage errors, -j, links. `vault help` is the measure, as it prints the tables.

bats_require_minimum_version 1.5.0
load trace

setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	build=${O:-build}
	[[ $build == /* ]] || build=$top/$build
	export top VAULT=${VAULT:-$build/vault}
	mkdir -p "$BATS_FILE_TMPDIR/files/folder"
	touch "$BATS_FILE_TMPDIR/files/some.conf"
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

# What help says: one word a line.
commands() { "$VAULT" help | sed -n '/^COMMAND/,/^$/s/^  \([a-z-]*\)  .*/\1/p' | grep -vx help | sort; }
options() { "$VAULT" help | sed -n '/^OPTIONS/,$s/^  -\([a-zA-Z]\), -\([a-zA-Z]*\) .*/\1 \2/p' | sort; }
clauses() { words_of up; }
words_of() { "$VAULT" help "$1" | sed -n '/^$/q; s/^  \([a-z-]*\).*/\1/p' | sort; }
choices_of() { "$VAULT" help "$1" | sed -n '/^$/q; s/^  [a-z-]* \([^ ]*|[^ ]*\) .*/\1/p' | tr '|' '\n' | grep -v '[A-Z]'; }
listed_in() { "$VAULT" help "$1" | sed -n '/^$/,$s/^  \([a-z0-9.-]*\)  .*/\1/p'; }

# listed PAGE [FROM [TO]]: the words that a page has as tags of its lists, between two sections
listed() {
	awk -v from="${2:-.}" -v to="${3:-^nothing$}" '$0 ~ to && on { exit } $0 ~ from { on = 1 }
		on && $1 == ".It" && $2 == "Cm" { print $3 }' "$top/man/$1" | sort
}

# equal WHAT A B: two lists of lines
equal() {
	[ -n "$2" ] || { echo "$1: nothing to compare"; return 1; }
	diff -u <(echo "$2") <(echo "$3") || { echo "$1: they differ"; return 1; }
}

@test "docs: every command has its page, its link and its line in vault(8) and in README" {
	equal "vault(8)" "$(commands; echo help)" "$(listed vault.8 '^.Sh DESCRIPTION' '^.Ss Options' | grep -vx help; echo help)"
	equal pages "$(commands)" "$(cd "$top/man" && for f in vault-*.8; do f=${f#vault-} && echo "${f%.8}"; done | sort)"
	equal links "$(commands)" "$(sed -n 's/^LINKS *:= *//p' "$top/Makefile" | tr ' ' '\n' | sort)"
	equal README "$(commands)" "$(sed -n 's/^| `vault \([a-z-]*\) .*/\1/p' "$top/README.md" | grep -vx help | sort)"
	for c in $(commands); do
		grep -q "^\.Nm vault-$c$" "$top/man/vault-$c.8"
		# One description, word by word: the page's, help's and README's.
		grep -qxF ".Nd $("$VAULT" help "$c" | sed -n 2p)" "$top/man/vault-$c.8"
		"$VAULT" help | grep -qE "^  $c +$("$VAULT" help "$c" | sed -n 2p)\$"
		grep -qF "| $("$VAULT" help "$c" | sed -n 2p) |" "$top/README.md"
	done
}

@test "docs: the options of help are those of vault(8)" {
	equal options "$(options)" "$(sed -n 's/^\.It Fl \([a-zA-Z]\) , \([a-zA-Z]*\)$/\1 \2/p' "$top/man/vault.8" | sort)"
}

@test "DL-7 a word that is not known is answered with the nearest, an option behind the command with its place" {
	answered() { # TEXT WORD…
		run -2 "$VAULT" "${@:2}"
		[[ $output == *"$1"* ]] || { echo "${*:2}: $output"; return 1; }
	}
	answered 'no command "chekc" (vault check?)' chekc
	answered 'no command "leaktst" (vault leaktest?)' leaktst media
	for word in list ls status show; do answered "no command \"$word\" (vault check?)" "$word"; done
	answered 'no command "frobnicate" (vault help)' frobnicate
	answered 'options go before the command (vault -j check ...)' check -j
	answered 'options go before the command (vault --json check ...)' check media --json
	answered 'unknown word "pubish" (publish?)' up media pubish 80
	answered 'unknown word "accessible-form" (accessible-from?)' up media accessible-form 10.0.0.0/8
	answered 'unknown word "colour" (vault help up)' up media colour red
	answered 'unknown word "publish=9091" (publish 9091?)' up media publish=9091
	answered 'unknown word "provider.conf" (conf provider.conf?)' up media provider.conf
	answered '"9091," has a port that is not a number from 1 to 65535, or a range that is none (a list has no blanks)' up media publish 9091, 9092
	answered 'no command "media" (vault check media?)' media check
	answered 'usage: vault [ OPTIONS ] COMMAND' # without any
	run -2 --separate-stderr "$VAULT" -j
	[ "$(jq -r .error.code <<< "$output")" = 2 ]
	# The control: what is COMMAND's of exec is its own matter.
	run -125 "$VAULT" exec no-such-vault ls -v
	[[ $output != *"before the command"* ]]
}

@test "docs: the clauses of up are those of vault-up(8), vault.conf(5) and README" {
	equal "vault-up(8)" "$(clauses)" "$(listed vault-up.8)"
	equal "vault.conf(5)" "$(clauses | grep -vxE 'all|file|as-made|plan|dry-run')" "$(listed vault.conf.5)"
	equal README "$(clauses)" "$(sed -n 's/^What `up` takes: //p' "$top/README.md" | grep -oE '[a-z][a-z-]+' | sort)"
	# Their arguments, too; mdoc writes a list with macros between.
	for page in vault-up.8 vault.conf.5; do
		equal "$page: arguments" "$(clauses | grep -vxE 'file|as-made|plan|dry-run' | while read -r c; do
			"$VAULT" help up | sed -nE "s/^  $c ([^ ]+( [^ ]+)*)  .*/$c \1/p"
		done | sort)" "$(sed -n 's/^\.It Cm \([a-z-]* A.*\)/\1/p' "$top/man/$page" | grep -v '^file ' |
			sed -E ':again; s/ (Ar|Cm|Op|Ns) / /; t again; s/ADDR , ADDR \.\.\./ADDR[,ADDR...]/; s/ \| /|/g' | sort)"
	done
}

@test "docs: the words of down, exec, check, leaktest and parse-conf are those of their pages" {
	for c in down exec check leaktest parse-conf; do
		equal "$c" "$({ words_of "$c"; choices_of "$c"; } | sort)" "$(listed "vault-$c.8")"
	done
}

@test "docs: the ids of check are those of its page" {
	equal ids "$(listed_in check | sort)" \
		"$(sed -n 's/^\.It Li //p' "$top/man/vault-check.8" | tr -d ' ' | tr , '\n' | sort)"
}

@test "docs: the probes of leaktest are those of its page, in the same order" {
	equal probes "$(listed_in leaktest)" "$(sed -n 's/^\.It Li //p' "$top/man/vault-leaktest.8" | tr -d ' ' | tr , '\n')"
}

@test "docs: the page of leaktest tells of every vector, and of no test that is not there" {
	local page=$top/man/vault-leaktest.8

	equal vectors "$(printf 'L%d\n' {1..30})" "$(sed -n 's/^\.It \(L[0-9]*\)$/\1/p' "$page")"
	while read -r file; do [ -e "$top/$file" ]; done < <(grep -o 'test/[a-z-]*\.bats' "$page")
}

@test "DL-14 docs: vault-security(7) names the rows behind each promise: all that it names are there, and every way out is among them" {
	named() { sed -n '/^Shown by/,/^\.It\|^\.El/p' "$top/man/vault-security.7" | grep -oE '\b[A-Z]{1,2}-?[0-9]+\b' | sort -u; }

	run ! grep -vxFf <(cut -f1 "$top/test/rows.tab") <(named)
	equal "ways out" "$(grep -oE '^L[0-9]+' "$top/test/rows.tab" | sort)" "$(named | grep '^L')"
}

@test "docs: no page refers to one of ours that is not there" {
	for page in "$top"/man/*; do
		while read -r _ name section _; do
			[ -e "$top/man/$name.$section" ] || { echo "${page##*/}: $name($section)"; return 1; }
		done < <(grep '^\.Xr vault' "$page")
	done
}

@test "docs: man pages are clean" {
	command -v mandoc > /dev/null || skip "needs mandoc"
	for page in "$top"/man/*; do
		mandoc -T lint -W warning "$page"
	done
}

@test "docs: README has 150 lines at most, and what it names is there" {
	[ "$(wc -l < "$top/README.md")" -le 150 ]
	for target in demo check install; do
		grep -q "make $target" "$top/README.md"
		grep -q "^$target:" "$top/Makefile"
	done
	while read -r variable; do
		"$(command -v make)" --no-print-directory -C "$top" help | grep '^Variables' | grep -qw "$variable" ||
			{ echo "$variable is no variable of make"; return 1; }
	done < <(sed -n 's/^| \(`[A-Z].*\)/\1/p' "$top/README.md" | cut -d'|' -f1 | grep -oE '[A-Z_]+\b')
	grep -q GPL-2.0-or-later "$top/README.md"
}

# ---- completions ---------------------------------------------------------------------------------------------------

# system COMMAND…: on a system where `make install` has put this binary and its completions, with two vaults, the files of two,
# and two services
system() {
	unshare "${apart:--Urnm}" --propagation private sh -euc 'layer() {
			mkdir -p "/mnt$1" "/mnt$1.work"
			mount -t overlay overlay -o "lowerdir=$1,upperdir=/mnt$1,workdir=/mnt$1.work" "$1"
		}
		mount -t tmpfs none /mnt
		layer /usr && layer /etc || exit 77
		mount -t tmpfs none /run
		mount -t tmpfs none /sys/fs/cgroup
		mkdir /run/vault
		mkdir -m 711 /run/vault/media /run/vault/web
		mkdir -p /etc/vault /sys/fs/cgroup/system.slice/nginx.service \
			/sys/fs/cgroup/system.slice/transmission.service
		touch /run/vault/.lock /etc/vault/media.conf /etc/vault/proxy.conf /etc/vault/README
		make -s -C "$top" -o all install > /dev/null
		cp "$VAULT" /usr/sbin/vault
		export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/mnt
		cd "$1"
		shift
		"$@"' sh "$BATS_FILE_TMPDIR/files" "$@"
}

# all_SHELL FILE: for each line of FILE what is offered after it, in FILE.1, FILE.2, …

all_complete() {
	# shellcheck disable=SC2016 # the inner shell's words
	system bash -c 'n=0
		while IFS= read -r line; do
			read -ra words <<< "$line"
			[[ $line != *" " ]] || words+=("")
			n=$((n + 1))
			vault complete "${words[@]}" > "$1.$n"
		done < "$1"
		sed -i "s/\t.*//; s/^\(:command\) .*/\1/" "$1".*' bash "$1"
}

# A terminal with a bash in it: each line gets all that is offered inserted, and is written down.
all_bash() {
	cat > "$BATS_TEST_TMPDIR/keys" <<- 'END'
		exec 3< "$lines"
		take() { IFS= read -r READLINE_LINE <&3; before=$READLINE_LINE; READLINE_POINT=${#READLINE_LINE}; }
		put() {
			[[ $READLINE_LINE == "$before" ]] || printf '%s\n' ${READLINE_LINE:${#before} - $(wc -c <<< "${before##* }") + 1}
			echo "# done"
			READLINE_LINE=
		} >> "$lines.said"
		bind 'set completion-query-items 0'
		bind -x '"\C-xr": take'
		bind -x '"\C-xi": put'
		echo "# done" >> "$lines.said"
	END
	# shellcheck disable=SC2016 # the inner shell's words
	system bash -c 'export lines=$1
		wait_for() { for ((i = 0; i < 600; i++)); do (($(grep -c "^# done" "$1.said") < $2)) || return 0; sleep 0.05; done; exit 1; }
		: > "$1.said"
		{
			printf " source %s\n" "$2" && wait_for "$1" 1
			for ((n = 1; n <= $(wc -l < "$1"); n++)); do printf "\030r\033*\030i" && wait_for "$1" $((n + 1)); done
		} | script -qfc "bash -il" /dev/null > "$1.screen" 2>&1
		awk -v file="$1" "BEGIN { n = 0 } /^# done/ { n++; next } { print > (file \".\" n) }" "$1.said"' \
		bash "$1" "$BATS_TEST_TMPDIR/keys"
	for ((n = 1; n <= $(wc -l < "$1"); n++)); do touch "$1.$n"; done
}

all_fish() {
	# shellcheck disable=SC2016 # the inner shell's words
	system fish -c 'set n 0
		for line in (cat $argv[1])
			set n (math $n + 1)
			complete -C "$line" | string replace -r "\t.*" "" | string trim -r -c / > $argv[1].$n
		end; true' "$1"
}

# A terminal with a zsh in it, whose compadd writes down what it is given.
all_zsh() {
	cat > "$BATS_TEST_TMPDIR/zshrc" <<- 'END'
		autoload -Uz compinit; compinit -u -D
		LISTMAX=9999 # it does not ask whether to show so many
		zstyle ':completion:*' completer _complete
		compadd() {
			local -a __hits
			builtin compadd -O __hits "$@"
			print -rl -- $__hits >> $dir/hits
			builtin compadd "$@"
		}
		_line() { BUFFER=$(< $dir/line); CURSOR=$#BUFFER; zle complete-word; print -r '# done' >> $dir/hits; BUFFER= }
		zle -N _line; bindkey '^X' _line
	END
	cat > "$BATS_TEST_TMPDIR/drive" <<- 'END'
		zmodload zsh/zpty
		wait_for() { repeat 600 { grep -q "^# $1$" $dir/hits && return; sleep 0.05 }; print -- "# no answer: $line"; exit 1 }
		: > $dir/hits
		zpty z zsh -f -i
		zpty -w z "source $dir/zshrc; print '# ready' >> $dir/hits"
		wait_for ready
		integer n=0
		for line in "${(@f)$(< $1)}"; do
			: > $dir/hits
			print -rn -- "$line" > $dir/line
			zpty -w -n z $'\C-x'
			wait_for done
			n+=1 # not below: that is a process of its own
			grep -v '^# \|^$' $dir/hits > $1.$n
		done
		zpty -d z
	END
	dir=$BATS_TEST_TMPDIR system timeout 120 zsh -f "$BATS_TEST_TMPDIR/drive" "$1"
}

# With $collect set the questions are gathered; then, all at once, the shell is asked, and the answers looked at: in $answers,
# by question, each word once.
declare -gA answers

take_answers() {
	local question line n=0

	while IFS= read -r question <&3; do
		answers[$question]=" "
		n=$((n + 1))
		while IFS= read -r line; do
			[[ -z $line || ${answers[$question]} == *" $line "* ]] || answers[$question]+="$line "
		done < "$BATS_TEST_TMPDIR/lines.$n"
	done 3< "$BATS_TEST_TMPDIR/lines"
}

# offers SHELL LINE LIST: exactly these
offers() {
	local word rest

	[ -z "${collect:-}" ] || { echo "$2" >> "$collect"; return 0; }
	rest=${answers[$2]}
	for word in $3; do [[ $rest != *" $word "* ]] || rest=${rest/" $word "/ }; done
	for word in $3; do [[ ${answers[$2]} == *" $word "* ]] || rest+="no $word"; done
	[ "$rest" = " " ] || { echo "$1: [$2] offers${answers[$2]}and not $3: $rest"; return 1; }
}

# has SHELL LINE WORD: this, among others
has() {
	[ -z "${collect:-}" ] || { echo "$2" >> "$collect"; return 0; }
	[[ ${answers[$2]} == *" $3 "* ]] || { echo "$1: [$2] does not offer $3 but${answers[$2]}"; return 1; }
}

# asks SHELL LINE ACTION WORD…: the binary leaves it to the shell by :ACTION, which offers exactly these
asks() {
	if [ "$1" = complete ]; then offers complete "$2" ":$3"; else offers "$1" "$2" "${*:4}"; fi
}

# commands_at SHELL LINE WORD: likewise, for a command; it offers this, among others
commands_at() {
	if [ "$1" = complete ]; then has complete "$2" :command; else has "$1" "$2" "$3"; fi
}

completes() {
	local status=0

	collect=$BATS_TEST_TMPDIR/lines every_offer "$1"
	awk '!asked[$0]++' "$BATS_TEST_TMPDIR/lines" > "$BATS_TEST_TMPDIR/once"
	mv "$BATS_TEST_TMPDIR/once" "$BATS_TEST_TMPDIR/lines"
	system true || status=$?
	[ "$status" != 77 ] || skip "this kernel lets nobody lay a filesystem over another"
	"all_$1" "$BATS_TEST_TMPDIR/lines"
	take_answers
	every_offer "$1"
}

# What a shell has a hand in: links, colons, files, folders, other programs' words, nothing at all.
shell_offers() {
	offers "$1" "vault-exec we" web # first: a link is known by itself
	offers "$1" "vault " "$(commands | xargs) help"
	offers "$1" "vault -json d" down
	offers "$1" "vault nonsense " ""
	offers "$1" "vault up " "all media proxy web"
	offers "$1" "vault up media " "$(clauses | grep -vx all | xargs)"
	offers "$1" "vault up media publish 192.168.77.1:80:9091 accessible-from fd00:77::/64 pu" publish
	asks "$1" "vault up media conf " files "folder some.conf"
	asks "$1" "vault up media no-link file s" files some.conf
	has "$1" "vault up media post-up true post-" post-up
	commands_at "$1" "vault up media post-up ba" bash
	offers "$1" "vault check media unit " "nginx.service transmission.service"
	offers "$1" "vault leaktest media echo stun:a:1 dns:b@c in" interval
	offers "$1" "vault exec media user root:ad" root:adm
	asks "$1" "vault exec media cwd " folders folder
	commands_at "$1" "vault exec media user root keep-caps ba" bash
	commands_at "$1" "vault exec media user root:adm -- ba" bash
	offers "$1" "vault exec media -- keep-c" "$([ "$1" != complete ] || echo :command)"
	asks "$1" "vault exec media user root:adm cat so" command some.conf
	offers "$1" "vault-up -v" -verbose
	offers "$1" "/usr/sbin/vault-down m" media
}

every_offer() {
	shell_offers "$1"
	[ "$1" = complete ] || return 0
	offers "$1" "vault -" "$(options | sed 's/^. /-/' | xargs)"
	offers "$1" "vault help " "$(commands | xargs)"
	offers "$1" "vault complete " ""
	offers "$1" "vault up media no-link " "$(clauses | grep -vxE "all|no-link" | xargs)"
	offers "$1" "vault up media host-address 10.0.0.1/24 host" host-address
	offers "$1" "vault up media mtu " ""
	offers "$1" "vault up media adopt l" lo
	offers "$1" "vault up media userspace " "auto never wireguard-go boringtun-cli"
	offers "$1" "vault up media nonsense " ""
	offers "$1" "vault up media segment " ""
	offers "$1" "vault up media segment lan " ""
	offers "$1" "vault up media segment lan 10.9.0.2/24 v" "vault-address via"
	offers "$1" "vault up media segment lan 10.9.0.2/24 via " ""
	offers "$1" "vault up media no-link segment lan 10.9.0.2/24 gateway u" userspace
	offers "$1" "vault up media no-link segment lan 10.9.0.2/24 gateway g" ""
	offers "$1" "vault up media wait-handshake " ""
	offers "$1" "vault down " "all media web"
	offers "$1" "vault down media w" web
	offers "$1" "vault down media " "web kill keep-ns"
	offers "$1" "vault down media kill " keep-ns
	offers "$1" "vault down media kill 5" ""
	offers "$1" "vault down all kill 5 " keep-ns
	offers "$1" "vault check " "media web $(words_of check | xargs)"
	offers "$1" "vault check media " "web $(words_of check | grep -vxE 'all|system' | xargs)"
	offers "$1" "vault check max-handshake-age " ""
	offers "$1" "vault check media unit nginx.service " "transmission.service max-handshake-age pid prometheus why from remedy"
	offers "$1" "vault check system " ""
	offers "$1" "vault-check me" media
	offers "$1" "vault leaktest " "media web"
	offers "$1" "vault leaktest media " "$(words_of leaktest | xargs)"
	offers "$1" "vault leaktest media interval " ""
	offers "$1" "vault leaktest media interval 30s " "$(words_of leaktest | grep -vxE 'interval|report' | xargs)"
	asks "$1" "vault leaktest media log s" files some.conf
	asks "$1" "vault leaktest media report s" files some.conf
	offers "$1" "vault leaktest media report some.conf " ""
	has "$1" "vault leaktest media on-leak kil" kill
	commands_at "$1" "vault leaktest media on-leak ba" bash
	offers "$1" "vault leaktest media probe " "$(listed_in leaktest | xargs)"
	offers "$1" "vault leaktest media probe udp-l" udp-lan
	offers "$1" "vault leaktest media probe udp-lan di" disrupt
	offers "$1" "vault leaktest media probe udp-lan udp-l" ""
	offers "$1" "vault leaktest media probe udp-lan log x udp-" ""
	offers "$1" "vault exec " "media web"
	has "$1" "vault exec media user nob" nobody # a name that is no group, on Debian
	asks "$1" "vault parse-conf so" files some.conf
	offers "$1" "vault parse-conf some.conf " "$(words_of parse-conf | xargs)"
	offers "$1" "vault-up media no" no-link
	offers "$1" "vault-parse-conf some.conf st" strict
	for word in $(words_of exec); do has "$1" "vault exec media ${word%??}" "$word"; done
}

@test "DL-8 vault complete offers what help says, names, units, interfaces and users" { completes complete; }

@test "DL-8 bash completes the same, as installed, by bash-completion's loader" {
	[ -e /usr/share/bash-completion/bash_completion ] || skip "needs bash-completion"
	command -v script > /dev/null || skip "needs script"
	completes bash
}

@test "DL-8 zsh completes the same, as installed" {
	command -v zsh > /dev/null || skip "needs zsh"
	completes zsh
}

@test "DL-8 fish completes the same, as installed" {
	command -v fish > /dev/null || skip "needs fish"
	completes fish
}

@test "DL-8 vault complete says nothing and succeeds whatever is wrong, as nobody, and takes no lock" {
	for words in "" vault "vault nonsense x" "vault up a/b " "vault check -j -j" "a b c d"; do
		# shellcheck disable=SC2086 # words
		run -0 --separate-stderr "$VAULT" complete $words
		[ -z "$output$stderr" ] || { echo "$words: $output$stderr"; return 1; }
	done
	[ "$(id -u)" = 0 ] || skip "as nobody: needs root"
	# shellcheck disable=SC2016 # the inner shell's words
	apart=-nm run -0 --separate-stderr system sh -c 'chmod 700 /etc/vault
		setpriv --reuid 65534 --regid 65534 --clear-groups strace -f -o /run/trace vault complete vault up ""
		grep -E "socket|lock|O_CREAT|O_WRONLY|O_RDWR|bind|setns|unshare" /run/trace || :'
	[ "$(cut -f 1 <<< "$output" | sort | xargs)" = "all media web" ] || { echo "$output$stderr"; return 1; }
	[ -z "$stderr" ]
}

# ---- the command line ----------------------------------------------------------------------------------------------

@test "cli: help goes to stdout, and is the same by every road" {
	run -0 --separate-stderr "$VAULT" help
	[ -z "$stderr" ]
	whole=$output
	for words in -h -help --help "-quiet help"; do
		# shellcheck disable=SC2086 # words
		[ "$("$VAULT" $words)" = "$whole" ]
	done
	for c in $(commands); do
		run -0 --separate-stderr "$VAULT" help "$c"
		[ -z "$stderr" ]
		[[ ${lines[0]} == "usage: vault $c "* ]]
		ln -s "$VAULT" "vault-$c-link" && ln -s "$VAULT" "some-$c"
		[ "$("$VAULT" "$c" help)" = "$output" ]
		[ "$(./"some-$c" help)" = "$output" ]
		[ "$(./"some-$c" -h)" = "$output" ]
		[ "$(./"vault-$c-link" help)" = "$whole" ]
	done
	run -0 "$VAULT" -V
	[[ $output == "vault "* ]]
}

# usage WORDS…: exit 2, one line on stderr, nothing on stdout; with -j the JSON of an error, of the same words
usage() {
	run -2 --separate-stderr "$VAULT" "$@"
	[ -z "$output" ] || { echo "$*: on stdout: $output"; return 1; }
	[ "${#stderr_lines[@]}" = 1 ] || { echo "$*: $stderr"; return 1; }
	[[ $stderr == "vault: "*": "* ]] || { echo "$*: $stderr"; return 1; }
	plain=$stderr
	run -2 --separate-stderr "$VAULT" -j "$@"
	[ "$stderr" = "$plain" ]
	[ "${#lines[@]}" = 1 ]
	[[ $output =~ ^\{\"error\":\{\"code\":2,\"object\":\"([^\"]+)\",\"message\":\"(.*)\"\}\}$ ]] || { echo "$*: $output"; return 1; }
	[ "vault: ${BASH_REMATCH[1]}: ${BASH_REMATCH[2]//\\\"/\"}" = "$plain" ]
}

@test "cli: a usage error is exit 2 and one line, by -j one JSON value" {
	usage nonsense
	usage help nonsense
	usage up
	usage up a/b
	usage up .x
	usage up "$(printf '%064d' 0)"
	usage up x nonsense
	usage up x conf
	usage up x no-link no-link
	usage up x conf a conf b
	usage up x mtu 575 conf y
	usage up x mtu 65536 conf y
	usage up x mtu 0x600 conf y
	usage up x dns 1.2.3 conf y
	usage up x host-address 10.0.0.1 conf y
	usage up x host-address 127.0.0.1/8 conf y
	usage up x host-address 10.0.0.1/24 host-address 10.0.1.1/24 conf y
	usage up x file /nonexistent
	usage down
	usage down x colour/s
	usage down x kill colour
	usage down x kill 86401
	usage down x keep-ns keep-ns
	usage down all x
	usage up all conf y
	usage up x conf y wait-handshake 0
	usage up x conf y post-up ""
	usage check .x
	usage check all media
	usage check max-handshake-age
	usage check system media
	usage check system prometheus
	usage check unit nginx
	usage check media web unit nginx
	usage check media unit
	usage check media pid
	usage check media pid 0
	usage check media pid x
	usage check media unit a/b
	usage check max-handshake-age 1h
	usage check max-handshake-age 1 max-handshake-age 2
	usage exec
	usage exec x
	usage exec x user
	usage exec x user a user b true
	usage exec .x true
	usage leaktest
	usage leaktest .x
	usage leaktest x colour
	usage leaktest x probe
	usage leaktest x probe colour
	usage leaktest x echo
	usage leaktest x echo https://ip.example/
	usage leaktest x echo stun:a stun:b stun:c stun:d stun:e stun:f stun:g stun:h stun:i
	usage leaktest x interval
	usage leaktest x interval 30
	usage leaktest x interval 1s interval 1s
	usage leaktest x duration 1h
	usage leaktest x log
	usage leaktest x log /nonexistent/folder/log
	usage leaktest x on-leak
	usage leaktest x on-leak ""
	usage leaktest x on-leak dwon
	usage leaktest x report
	usage leaktest x report /nonexistent
	usage leaktest x report a b
	usage parse-conf
	usage parse-conf x nonsense
}

@test "DL-7 cli: help and version are asked for as everywhere, before the command and behind it" {
	local words

	for words in '-V' '-Version' '--version' '-version'; do [[ $("$VAULT" $words) == "vault "* ]]; done
	for words in 'up help' 'up --help' 'up -h' 'up media help' 'up media --help' '-h up' '--help up' 'help up'; do
		# shellcheck disable=SC2086 # words
		[ "$("$VAULT" $words | head -n 1)" = "usage: vault up NAME | all [ WORDS ]" ] || { echo "$words"; return 1; }
	done
	for words in 'check media help' 'down media help' 'leaktest --help' 'exec --help' 'exec help' 'parse-conf --help'; do
		# shellcheck disable=SC2086 # words
		[[ $("$VAULT" $words | head -n 1) == "usage: vault ${words%% *} "* ]] || { echo "$words"; return 1; }
	done
	[[ $("$VAULT" help help) == "usage: vault [ OPTIONS ] COMMAND"* ]]
	run -125 --separate-stderr "$VAULT" exec no-such-vault help # a command's own
	run -125 --separate-stderr "$VAULT" exec no-such-vault --help
}

@test "cli: an unknown option is exit 2 and one line" {
	for option in -x -nonsense --nonsense -J; do
		run -2 --separate-stderr "$VAULT" "$option" help
		[ -z "$output" ]
		[[ $stderr == "vault: $option: unknown option "* ]]
		[ "${#stderr_lines[@]}" = 1 ]
	done
}

@test "cli: what is wrong with a file is FILE:LINE, all of it, and exit 2; by -j the first of it" {
	printf 'conf x\nnonsense\nmtu 9 # small\nno-link yes\n' > words
	run -2 --separate-stderr "$VAULT" -j up x file words dry-run
	[ "${#stderr_lines[@]}" = 3 ]
	[[ ${stderr_lines[0]} == "words:2: "* && ${stderr_lines[1]} == "words:3: "* && ${stderr_lines[2]} == "words:4: "* ]]
	[[ $output == '{"error":{"code":2,"object":"words","message":"unknown word \"nonsense\" (vault help up)"}}' ]]
	# The words that mean nothing in a file.
	for word in "file y" as-made dry-run; do
		echo "$word" > words
		run -2 "$VAULT" up x file words dry-run
		[ "$output" = "words:1: ${word% *}: means nothing in a file" ]
	done
}
