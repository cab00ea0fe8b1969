#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/examples.bats: the commands of EXAMPLES in the man pages, as they are printed, in the order of the page. Recipes and the
# quickstart have tests of their own (recipes.bats, words.bats), and README's are `make demo`. What the pages take for granted is
# brought here: the files of a provider, a user alice, and stand-ins for programs that are not installed, or would leave the lab.
#
# shellcheck disable=SC2154 # what bats' `run` leaves
load helper
: "${top:?}"

# examples PAGE: its commands, one a line: lines that begin with `# ` or `$ `, those of .Dl, and blocks that print nothing
examples() {
	awk '
		function say(line) {
			gsub(/\\e/, "\\", line)
			gsub(/\\&/, "", line)
			if (more) { sub(/^[ \t]+/, "", line); command = command line }
			else command = line
			more = command ~ /[\\|]$/
			if (command ~ /\\$/) sub(/\\$/, "", command)
			else if (more) command = command " "
			if (!more) print command
		}
		/^\.Sh / { on = $2 == "EXAMPLES"; next }
		!on { next }
		/^\.Dl / { say(substr($0, 5)); next }
		/^\.Bd / { block = 1; prompt = 0; next }
		/^\.Ed/ { block = 0; next }
		!block { next }
		/^[#$] / { prompt = 1; say(substr($0, 3)); next }
		more { say($0); next }
		!prompt && /^vault / { say($0) }' "$top/man/$1"
}

# there PATH: an empty folder in the lab alone
there() { host sh -c 'for f; do mkdir -p "$f" && mount -t tmpfs -o mode=755 there "$f"; done' sh "$@"; }

setup_file() {
	lab_start
	there /home /etc/wireguard /etc/vault
	host bash -euo pipefail -s "$VAULT" <<- 'END'
		cd /etc/wireguard
		install -m 600 "$LAB/provider.conf" provider.conf
		install -m 600 "$LAB/provider2.conf" other.conf
		mkdir -p "$LAB/bin" /home/alice/vaulted && chown -R 1500:1500 /home/alice
		{ grep -v '^alice:' /etc/passwd; echo alice:x:1500:1500::/home/alice:/bin/sh; } > "$LAB/passwd"
		grep -q '^debian-transmission:' "$LAB/passwd" || echo debian-transmission:x:1501:1501::/tmp:/bin/sh >> "$LAB/passwd"
		mount --bind "$LAB/passwd" /etc/passwd
		ln -sf "$1" "$LAB/bin/vault"
		stand_in() { printf '#!/bin/sh\n%s\n' "$2" > "$LAB/bin/$1" && chmod 755 "$LAB/bin/$1"; }
		for program in firefox chromium tcpdump transmission-daemon systemctl podman; do stand_in "$program" "echo $program \"\$@\""; done
		stand_in gpg 'cat provider.conf'
		stand_in less 'exec cat'
		stand_in unzip 'exec busybox unzip "$@"'
		stand_in COMMAND 'exec id -u'
		# There is no TLS in the lab: what names a server of the world is asked of the lab's.
		curl=$(PATH=/usr/bin:/bin command -v curl)
		stand_in curl "for a; do case \$a in https://*) a=http://203.0.113.80/ ;; esac; set -- \"\$@\" \"\$a\"; shift; done; exec $curl -sS -m 30 --retry 5 --retry-connrefused \"\$@\""
		chmod 755 "$LAB/bin" "$LAB"
		printf 'conf /etc/wireguard/provider.conf\n' > /etc/vault/media.conf
		cp provider.conf nl-1.conf && python3 -c 'import zipfile; zipfile.ZipFile("configs.zip", "w").write("nl-1.conf")' && rm nl-1.conf
		printf '%s\n' '[Interface]' "$(grep PrivateKey provider.conf)" 'Address = 10.2.0.2/32' 'DNS = 10.2.0.1' 'MTU = 0x500' '' '[Peer]' \
			'PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=' 'Endpoint = 185.159.157.13:70000' > broken.conf
		chmod 644 broken.conf
	END
}

teardown() {
	despawn_all
	host sh -c 'pkill -f "[h]ttp.server --bind 10.200.1.2"; "$0" down all kill 1' "$VAULT" > "$BATS_TEST_TMPDIR/down" 2>&1 || :
}

# typed COMMAND: by root, in the folder that has the files; $output and $status are what it said and came to. What it leaves in the
# background is not waited for. The absolute path that units and cron need is the built one here.
typed() {
	status=0
	host sh -c 'cd /etc/wireguard && PATH=$LAB/bin:$PATH && eval "$1" < /dev/null' sh "${1//\/usr\/sbin\/vault/vault}" \
		> "$BATS_TEST_TMPDIR/typed" 2>&1 3>&- || status=$?
	output=$(grep -v '^# exit ' "$BATS_TEST_TMPDIR/typed" || :) # but for the helper's own word
}

# all_of PAGE [STATUS-OF PATTERN STATUS]…: each is run, and exits 0 but for those that are told otherwise
all_of() {
	local command expected n=0

	while IFS= read -r command <&3; do
		n=$((n + 1))
		expected=0
		for ((i = 2; i < $#; i += 2)); do [[ $command != "${!i}" ]] || { i=$((i + 1)) && expected=${!i}; break; }; done
		[[ $command != '*/5 '* ]] || command=${command#\*/5 \* \* \* \* root } # a line of cron's
		command=${command#ExecStartPre=}
		echo "# $command" >&2
		typed "$command"
		[ "$status" = "$expected" ] || { echo "$command: exit $status, not $expected: $output"; return 1; }
		said+=$output$'\n'
	done 3< <(examples "$1")
	((n > 0))
}

@test "DL-9 vault(8) and vault.conf(5): each example runs as it is printed" {
	said=
	all_of vault.8
	[[ $said == *"media: up, sealed"*"media: down"* ]]
	host sh -c 'sed -n "/^.Sh EXAMPLES/,/^.Ed/{/^\./d;p}" "$1" > /etc/vault/page.conf' sh "$top/man/vault.conf.5"
	vault up page
	vault -q check page
}

@test "DL-9 vault-up(8): each example runs as it is printed" {
	said=
	all_of vault-up.8
	[[ $said == *"media: up, sealed"*"ip netns add media"*"systemctl start player"* ]]
}

@test "DL-9 vault-down(8): each example runs as it is printed" {
	local command said=

	while IFS= read -r command <&3; do
		if [[ $command == "vault down"* ]]; then # each of a vault that is up, with a process inside
			vault up media
			spawn inside media sleep 60
		fi
		typed "$command"
		[ "$status" = 0 ] || { echo "$command: exit $status: $output"; return 1; }
		said+=$output$'\n'
	done 3< <(examples vault-down.8)
	[[ $said == *"(sleep) goes on inside, with no network"*"media: SIGTERM to process "*" (sleep)"*"media: sealed, without a tunnel"*"tunnel wg-media"* ]] || { echo "$said"; return 1; }
}

@test "DL-9 vault-exec(8): each example runs as it is printed" {
	said=
	vault up media
	all_of vault-exec.8
	[[ $said == *198.51.100.1*"firefox --no-remote -P media"*"chromium --user-data-dir=/home/alice/vaulted"*"transmission-daemon -f"*"tcpdump -ni wg-media"* ]]
}

@test "DL-9 vault-check(8): each example runs as it is printed" {
	said=
	host mkdir -p /home/node_exporter
	vault up media
	vault up web conf /etc/wireguard/other.conf
	vault exec media curl -sSm 30 -o /dev/null http://203.0.113.80/
	vault exec web curl -sSm 30 -o /dev/null http://203.0.113.80/
	there /var/lib
	host mkdir -p /var/lib/node_exporter
	all_of vault-check.8
	host grep -q '^vault_up{name="web"} 1' /var/lib/node_exporter/vault.prom
	host umount /var/lib
	[[ $said == *"NAME  VERDICT PEER"*"media: sound"* ]]
}

@test "DL-9 vault-leaktest(8): each example runs as it is printed, an hour as a moment" {
	local command

	vault up media
	there /var/log
	while IFS= read -r command <&3; do
		[[ $command != *"duration 1h"* ]] || { [[ $command == *" interval 30s "* ]] && command=${command/30s duration 1h/1s duration 2s}; }
		typed "$command"
		[ "$status" = 0 ] || { echo "$command: exit $status: $output"; return 1; }
	done 3< <(examples vault-leaktest.8)
	[[ $output == "media: 2 runs: 2 sealed, "* || $output == "media: 3 runs: 3 sealed, "* ]]
	host umount /var/log
}

@test "DL-9 vault-parse-conf(8): each example runs as it is printed, and what it says of a broken file is as printed" {
	said=
	all_of vault-parse-conf.8 'vault parse-conf broken.conf strict' 2
	[[ $said == *"PrivateKey = (hidden)"*"198.51.100.1:51820"* ]]
	diff <(sed -n '/^# vault parse-conf broken/,/^.Ed/{/^[.#]/d;p}' "$top/man/vault-parse-conf.8") <(printf '%s\n' "$output")
}
