#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/scenario/newcomer.bats: a newcomer's hour, typed as root on a machine that has never seen vault: install, the quickstart,
# publish, rotate, break, heal, leak test, remove. Each command and what it prints is a line of the transcript, which is shown
# whole (`bats --show-output-of-passing-tests`), to be read as the one at the keyboard reads it.
#
# shellcheck disable=SC2154 # what bats' `run` leaves
load ../helper
: "${top:?}" "${build:?}"

# typed STATUS COMMAND: by a shell of the host's, whose PATH has the installed vault. What it prints is in $output.
typed() {
	printf '# %s\n' "$2"
	run -"$1" host env PATH="/usr/local/sbin:$PATH" MANPATH=/usr/local/share/man: sh -c "cd $LAB/root && $2"
	[[ ! $output ]] || printf '    %s\n' "${lines[@]}"
}

# says TEXT…: each is in what the last command printed, which is no wider than 100 columns; no key is in it
says() {
	local text

	for text; do [[ $output == *"$text"* ]] || { echo "not said: $text"; return 1; }; done
	[[ $output != *"$(host sed -n 's/^PrivateKey *= *//p' "$LAB/provider.conf")"* ]]
	[[ $output != *"$(host sed -n 's/^PresharedKey *= *//p' "$LAB/provider.conf")"* ]]
}

@test "DL-7 a newcomer's hour: install, quickstart, publish, rotate, break, heal, leak test, remove" {
	over /usr/local
	host sh -euc 'for f in /etc/wireguard /etc/systemd; do mkdir -p $f; mount -t tmpfs -o mode=755 new $f; done
		mkdir "$LAB/root"; cp "$LAB/provider.conf" "$LAB/root/wg-provider.conf"; cp "$LAB/provider2.conf" "$LAB/root/wg-other.conf"'
	typed 127 'vault'

	# Install: from the tree, as README says.
	typed 0 "make -s -C $top -o all install O=$build PREFIX=/usr/local"
	typed 0 'vault help'
	says 'create a vault' 'prove that vaults are what they claim to be'
	typed 0 'man -w vault-quickstart'
	typed 0 'vault check'
	says 'no vault is up'

	# The quickstart, with a slip or two.
	typed 0 'install -D -m 600 wg-provider.conf /etc/wireguard/provider.conf'
	typed 2 'vault up media config /etc/wireguard/provider.conf'
	says 'config' 'conf'
	typed 2 'vault up media conf /etc/wireguard/provder.conf'
	says '/etc/wireguard/provder.conf' 'No such file'
	typed 0 'mkdir -p /etc/vault && printf "conf /etc/wireguard/provider.conf\n" > /etc/vault/media.conf'
	typed 0 'vault up media'
	says 'media: up, sealed'
	retry 20 host sh -c 'PATH=/usr/local/sbin:$PATH; vault exec media curl -s -m 2 http://203.0.113.80/'
	typed 0 'vault exec media curl -s -m 5 http://203.0.113.80/'
	says 198.51.100.1 # the provider's
	typed 0 'curl -s -m 5 http://203.0.113.80/'
	says 192.0.2.2 # the host's own
	typed 0 'vault check'
	says NAME VERDICT 'media' 'sound'
	typed 0 'vault check media'
	says 'tunnel' 'wg-media' 'handshake' 'media: sound'

	# Publish: the LAN gets in, as soon as it is asked for.
	spawn host sh -c 'PATH=/usr/local/sbin:$PATH exec vault exec media socat TCP-LISTEN:9091,fork,reuseaddr SYSTEM:"echo the-web-ui"'
	typed 1 'vault check media why from 192.168.77.2 192.168.77.1:9091'
	says 9091
	printf 'conf /etc/wireguard/provider.conf\naccessible-from 192.168.77.0/24\npublish 9091\n' | host sh -c 'cat > /etc/vault/media.conf'
	typed 0 'vault up media plan'
	says '+ publish 9091/tcp' '+ accessible-from 192.168.77.0/24'
	run ! lan sh -c 'echo | socat -T 2 - TCP:192.168.77.1:9091,connect-timeout=2 | grep the-web-ui' # a plan changes nothing
	typed 0 'vault up media'
	says '+ publish 9091/tcp'
	retry 5 lan sh -c 'echo | socat -T 2 - TCP:192.168.77.1:9091,connect-timeout=2 | grep the-web-ui'
	typed 0 'vault check media why from 192.168.77.2 192.168.77.1:9091'
	says 'publish leads it to' passes

	# Rotate: another server's file, the same words; who is inside goes on.
	typed 0 'install -m 600 wg-other.conf /etc/wireguard/provider.conf'
	typed 0 'vault up media'
	says 'media: '
	typed 0 'vault check media'
	says '10.66.0.3' 'media: sound'
	lan sh -c 'echo | socat -T 5 - TCP:192.168.77.1:9091,connect-timeout=5 | grep the-web-ui'

	# Break: the tunnel goes; it is dark inside, and nothing is out.
	observe isp:to-host --from 10.200.0.2
	typed 0 'ip -n media link delete wg-media'
	typed 7 'vault exec media curl -s -m 2 http://203.0.113.80/'
	must_not_see
	typed 1 'vault check'
	says 'media' 'broken'
	typed 1 'vault check media'
	says 'tunnel wg-media: missing (vault up media as-made)' 'media: broken'

	# Heal: what was printed, as it was printed.
	typed 0 'vault check media remedy'
	[ "$output" = 'vault up media as-made' ]
	typed 0 'vault up media as-made'
	typed 0 'vault check media'
	says 'media: sound'
	typed 0 'nft flush ruleset'
	typed 1 'vault check media'
	says FAIL
	typed 0 'vault check media remedy | sh -e'
	typed 2 'vault check -q media'
	says 'vault -q check'
	typed 0 'vault -q check media'
	[[ ! $output ]]

	# The leak test.
	typed 0 'vault leaktest media'
	says 'media: sealed' '0 seen outside'

	# Remove: nothing of it stays.
	typed 0 'vault down media'
	despawn "$SPAWNED"
	typed 0 "make -s -C $top uninstall PREFIX=/usr/local"
	typed 0 'ls -A /run/vault; ip -o link | grep -c vl[tgs]- || :; nft list ruleset | grep -c vault || :; find /usr/local -name "*vault*"'
	[[ $(grep -v '^\.lock$' <<< "$output") == $'0\n0' ]]
}
