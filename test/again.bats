#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/again.bats: `up` on a vault that is up: what is right is left alone, what drifted is put back, what changed is
# changed, and through all of it the vault stays sealed.

load helper

setup() {
	again=(vault up media conf "$LAB/provider.conf")
	"${again[@]}" > "$BATS_TEST_TMPDIR/up"
	retry 10 inside media curl -sfm 2 -o /dev/null http://10.66.0.1/
}

teardown() {
	despawn_all
	vault down media > "$BATS_TEST_TMPDIR/down" 2>&1 || :
}

# Everything there is of the vault, without counts and ages, MAC addresses, and the link-local address made of one.
picture() {
	{
		host sh -c 'nft -s list table inet vault-guard; ip address show dev vlt-media; cat /run/vault/media/*.conf'
		inside media sh -c 'for t in "inet vault" "netdev vault-link" "netdev vault-tunnel"; do
				nft -s list table $t; done
			ip address; ip route; ip -6 route; { wg show wg-media allowed-ips; wg show wg-media endpoints; } | sort
			sysctl -a 2> /dev/null | grep -E "^net.ipv[46].conf.(all|default)"'
	} 2>&1 | sed '/inet6 fe80/d; /link\/ether/d; /valid_lft/d'
}

# mends COMMAND…: that drift changes the picture, `plan` tells what one `up` then does, which brings the old one back; the next
# finds nothing to do
mends() {
	local before after told
	before=$(picture)
	"$@"
	after=$(picture) || true # a dead tunnel does not answer
	[ "$before" != "$after" ] || { echo "no drift: $*"; return 1; }
	told=$("${again[@]}" plan)
	[ "$(picture)" = "$after" ] || { echo "plan has changed something: $told"; return 1; }
	run -0 "${again[@]}"
	[[ $output == *"media: "[+~-]* ]] || { echo "nothing mended: $output"; return 1; }
	diff <(grep '^media: [+~-]' <<< "$told") <(grep '^media: [+~-]' <<< "$output")
	after=$(picture)
	[ "$before" = "$after" ] || { diff <(echo "$before") <(echo "$after"); return 1; }
	run -0 "${again[@]}"
	[ "$output" = "media: up, sealed, as described" ] || { echo "not settled: $output"; return 1; }
}

# requests: how many of the requests in the trace ask for no dump and no route; strace names few of them, other namespaces'
# sockets being unknown to it. Two only read: which number WireGuard's family has, and which generation the rules have.
requests() { host sh -c 'grep "sendmsg(" $LAB/trace | grep -vcE "NLM_F_DUMP|RTM_GET|0x3[0-9a-f][0-9a-f]"'; }

# bats test_tags=tunnel
@test "BX-3 a vault that is right: nothing is changed, not one message" {
	need strace traceable
	host timeout 60 strace -f -o "$LAB/trace" "$VAULT" up media conf "$LAB/provider.conf"
	[ "$(requests)" = 2 ]
	run -1 host grep -E '"set=1' "$LAB/trace"
	run -1 host grep -E '^[0-9]+ +(rename|renameat|mount|unshare|mkdir)\(.*= 0$' "$LAB/trace"
	run -1 host grep -E 'openat\(.*/proc/sys/.*O_WRONLY' "$LAB/trace"
	# the control: mending a drift takes more
	inside media ip route add 192.0.2.99/32 dev wg-media
	host timeout 60 strace -f -o "$LAB/trace" "$VAULT" up media conf "$LAB/provider.conf"
	[ "$(requests)" -gt 2 ]
}

@test "BX-3 rules removed and added, inside" {
	mends inside media nft flush chain inet vault output
	mends inside media nft insert rule inet vault output accept
	mends inside media nft delete table netdev vault-link
	mends inside media nft chain inet vault output '{ policy accept; }'
	mends inside media nft add element inet vault resolvers4 '{ 9.9.9.9 }'
}

@test "BX-3 addresses, routes, interfaces, MTU, settings" {
	mends inside media ip address del 10.66.0.2/32 dev wg-media
	mends inside media ip address add 10.9.9.9/32 dev wg-media
	mends inside media ip route del default
	mends inside media ip route add 1.2.3.0/24 via 10.200.0.1
	mends inside media ip route del unreachable default metric 4294967295
	mends inside media ip link set link-media down
	mends inside media ip link set wg-media down
	mends inside media ip link set wg-media mtu 1300
	mends inside media sysctl -qw net.ipv4.conf.all.accept_redirects=1
	mends inside media sysctl -qw net.ipv6.conf.default.accept_ra=1
}

@test "BX-3 settings that others write on each interface, as udev does and docker: sound, nothing to do; one that is needed is named" {
	host sh -c 'for a in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 2 > "$a"; done'
	inside media sh -c 'for a in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 2 > "$a"; done'
	host sysctl -qw net.ipv4.ip_forward=0 net.ipv4.ip_forward=1 # all interfaces follow it
	[ "$(host cat /proc/sys/net/ipv4/conf/vlt-media/forwarding)" = 1 ]
	vault check media > /dev/null
	run -0 "${again[@]}"
	[ "$output" = "media: up, sealed, as described" ]
	host sysctl -qw net.ipv4.conf.vlt-media.arp_ignore=0
	run -1 vault check media
	[[ $output == *"net/ipv4/conf/vlt-media/arp_ignore is 0, not 2"* ]]
}

@test "BX-3 the host's side: link, guard, its rules and elements, resolv.conf" {
	mends host ip address del 10.200.0.1/30 dev vlt-media
	mends host ip link set vlt-media down
	mends host nft delete table inet vault-guard
	mends host nft flush chain inet vault-guard forward
	mends host nft delete element inet vault-guard vaults4 '{ "vlt-media" . 10.200.0.2 }'
	mends host nft add element inet vault-guard vaults4 '{ "vlt-media" . 10.200.0.77 }'
	mends host sh -c 'echo nameserver 9.9.9.9 > /run/vault/media/resolv.conf'
	run -0 host ip link del vlt-media
	run -0 "${again[@]}"
	host curl -sm 2 -o /dev/null http://10.200.0.2:1/ || [ $? = 7 ] # refused by the vault, so reached
}

# bats test_tags=tunnel
@test "BX-3 PC-9 peers: added, removed, altered; the tunnel gone or its program killed" {
	mends inside media wg set wg-media peer "$(host cat "$LAB/keys/client2.pub")" allowed-ips 1.1.1.1/32
	mends inside media wg set wg-media peer "$(host cat "$LAB/keys/server.pub")" remove
	mends inside media wg set wg-media peer "$(host cat "$LAB/keys/server.pub")" allowed-ips 10.66.0.0/24
	# Nothing from the server meanwhile: WireGuard goes back to where an answer comes from.
	host nft 'table inet silence { chain input { type filter hook input priority -400; udp sport 51820 drop; }; }'
	mends inside media wg set wg-media peer "$(host cat "$LAB/keys/server.pub")" endpoint 198.51.100.2:51820
	host nft delete table inet silence
	inside media ip link del wg-media
	run -0 "${again[@]}"
	retry 10 inside media curl -sfm 2 -o /dev/null http://10.66.0.1/
	if host pkill -KILL -f 'wireguard-go -f wg-media'; then
		retry 5 inside media sh -c '! ip link show wg-media 2> /dev/null'
		run -0 "${again[@]}"
		retry 10 inside media curl -sfm 2 -o /dev/null http://10.66.0.1/
	fi
}

@test "BX-3 a connection through the tunnel lives through mending" {
	spawn inside media curl -sN http://203.0.113.80/cgi-bin/drip
	local out=$SPAWNED_OUT pid=$SPAWNED lines
	retry 10 host sh -c "[ \$(wc -l < $out) -ge 3 ]"
	inside media nft flush chain inet vault input
	inside media ip link set wg-media mtu 1300
	inside media ip route add 1.2.3.0/24 dev wg-media
	inside media wg set wg-media peer "$(host cat "$LAB/keys/client2.pub")" allowed-ips 1.1.1.1/32
	host nft delete table inet vault-guard
	"${again[@]}"
	lines=$(host wc -l < "$out")
	retry 10 host sh -c "[ \$(wc -l < $out) -ge $((lines + 5)) ]"
	host kill -0 "$pid"
}

# bats test_tags=tunnel
@test "L14 rotation: another conf inside the same namespace; what runs there keeps it, and nothing gets out" {
	local ns out=$BATS_TEST_TMPDIR/rotate
	ns=$(host stat -L -c %i /run/netns/media)
	spawn inside media sh -c 'while :; do curl -sm 1 -o /dev/null http://203.0.113.80/; done'
	local worker=$SPAWNED i conf
	observe isp:to-host --to 203.0.113.80
	for i in 1 2 3 4 5 6; do
		conf=provider$((i % 2 ? 2 : 4))
		vault up media conf "$LAB/$conf.conf" > "$out"
	done
	must_not_see
	[ "$(host stat -L -c %i /run/netns/media)" = "$ns" ]
	[ "$(host stat -L -c %i "/proc/$worker/ns/net")" = "$ns" ]
	vault up media conf "$LAB/provider2.conf"
	retry 10 inside media sh -c '[ "$(curl -sm 2 http://10.66.0.1/)" = 10.66.0.3 ]'
	# the control: the same request from the host is seen there
	must_see isp:to-host --to 203.0.113.80 -- host curl -sm 2 -o /dev/null http://203.0.113.80/
}

@test "BX-3 no-link takes the link away, and the next up brings it back" {
	run -0 vault up media conf "$LAB/provider4.conf" no-link
	run -1 host ip link show vlt-media
	run ! host nft get element inet vault-guard vaults4 '{ "vlt-media" . 10.200.0.2 }'
	run -0 "${again[@]}"
	host nft get element inet vault-guard vaults4 '{ "vlt-media" . 10.200.0.2 }'
	host ip link show vlt-media
	[ "$(vault exec media -- curl -sm 20 http://10.66.0.1/)" = 10.66.0.2 ]
}

# left: what of a vault's former words is still there
left() {
	inside media sh -c 'ip -o link show type veth; ip -o link show wg-media; nft list tables netdev' 2> /dev/null
	host sh -c 'ls /run/vault/media/hosts /run/vault/media/etc/hosts; ip -o link | grep -E "vlt-media|vlg-media|wg-media"; nft list ruleset | grep -E "vl[tg]-media"
		pgrep -af "[w]ireguard-go.*wg-media|[b]oringtun-cli.*wg-media"' 2> /dev/null
}

# bats test_tags=tunnel
@test "BX-3 what words take away leaves nothing, inside or on the host" {
	inside media true
	vault up media conf "$LAB/provider.conf" segment away 10.77.0.2/24 publish 8080
	[[ $(left) == *vault-link*vault-leg*/hosts*vlg-media*8080* ]] || [[ $(left) == *vault-leg*vault-link*/hosts*vlg-media*8080* ]]
	vault up media conf "$LAB/provider.conf" publish 8080
	[[ $(left) != *vault-leg* && $(left) != */hosts* && $(left) != *vlg-media* ]] || { left; return 1; }
	vault up media isolated no-link
	[ -z "$(left)" ] || { left; return 1; }
	run -0 vault check media
	run -0 vault up media isolated no-link
	[ "$output" = "media: up, sealed, as described" ]
}

# bats test_tags=tunnel
@test "BX-3 words that could not be followed leave nothing of what they would have brought" {
	vault up media isolated no-link
	[ -z "$(left)" ]
	for words in "conf $LAB/provider.conf no-link" "conf $LAB/provider.conf" "conf $LAB/provider.conf segment away 10.77.0.2/24"; do
		host sh -c 'mv /run/vault/media/etc /run/vault/kept; touch /run/vault/media/etc'
		# shellcheck disable=SC2086
		run -1 vault up media $words
		[[ $output == *"putting right files of media: Not a directory"* ]]
		[ -z "$(left)" ] || { echo "$words"; left; return 1; }
		host sh -c 'rm /run/vault/media/etc; mv /run/vault/kept /run/vault/media/etc'
		vault up media as-made
		run -0 vault check media
	done
}

@test "BX-3 a filter of frames under the vault's own names, where words call for none, is not the vault's" {
	vault up media isolated no-link
	for table in vault-link vault-leg vault-tunnel; do
		inside media nft "add table netdev $table; add chain netdev $table x { type filter hook ingress device lo priority 0; }"
		run -1 vault check media
		[[ $output == *"table $table of rules inside is not the vault's (ip netns exec media nft delete table netdev $table)"* ]]
		inside media nft delete table netdev "$table"
		run -0 vault check media
	done
}

@test "BX-3 -json tells each change" {
	run -0 vault -j up media conf "$LAB/provider.conf"
	[ "$output" = '{"name":"media","changes":[]}' ]
	inside media ip route add 1.2.3.0/24 dev wg-media
	run -0 vault -j up media conf "$LAB/provider.conf"
	[ "$output" = '{"name":"media","changes":[{"change":"-","object":"route 1.2.3.0/24","word":null}]}' ]
	run -0 vault -j up media conf "$LAB/provider.conf" publish 8080:9
	[ "$output" = '{"name":"media","changes":[{"change":"+","object":"publish 8080:9/tcp","word":"publish"}]}' ]
}

# told WORDS…: what `plan` and then `up` with them tell, each of them once, in one line; nothing else in between
told() {
	local plan before

	before=$(picture)
	plan=$(vault up media "$@" plan | sed 's/^media: //')
	[ "$(picture)" = "$before" ] || { echo "plan has changed something"; return 1; }
	diff <(echo "$plan") <(vault up media "$@" | sed 's/^media: //') >&2 || return 1
	paste -sd ';' <<< "$plan"
}

@test "DL-6 DL-5 plan: what words would change, by their names, and what drifted beside; the same as up then tells" {
	[ "$("${again[@]}" plan)" = "media: nothing to change" ]
	[ "$(vault -j up media plan)" = '{"name":"media","changes":[]}' ]
	[ "$(told conf "$LAB/provider.conf" publish 8080:9 dns 10.66.0.9 mtu 1300)" = \
		"~ mtu 1300;- dns 10.66.0.1;- dns fd66::1;+ dns 10.66.0.9;+ publish 8080:9/tcp" ]
	# what a kernel knows nothing of, and up tries in vain, is no change: one without cls_bpf, by what is in sight of it
	host tc qdisc del dev vlt-media clsact
	[ "$(vault up media as-made plan)" = "media: + second wall on vlt-media" ]
	[ "$(host unshare --mount sh -c 'mount -t tmpfs none /sys/module && { [ ! -e /lib/modules ] || mount -t tmpfs none /lib/modules; } &&
		: > "$LAB/none" && mount --bind "$LAB/none" /proc/kallsyms && "$0" up media as-made plan' "$VAULT")" = "media: nothing to change" ]
	vault up media as-made > /dev/null
	inside media nft insert rule inet vault output accept
	host sh -c 'echo nameserver 9.9.9.9 > /run/vault/media/resolv.conf'
	[ "$(told conf "$LAB/provider.conf" publish 8081:9 dns 10.66.0.9)" = \
		"~ kill switch;~ files of media;~ mtu 1400;- publish 8080:9/tcp;+ publish 8081:9/tcp" ]
	host ip link del vlt-media
	[[ $(told isolated publish 8081:9) == *"+ link vlt-media"*"- tunnel wg-media"* ]]
	run -1 host pgrep -f 'wireguard-go -f wg-media'
	[[ $(told isolated no-link) == "- link vlt-media;- publish 8081:9/tcp" ]]
	[[ $(told conf "$LAB/provider.conf") == *"+ tunnel wg-media"*"+ peer "*"+ link vlt-media"* ]]
	vault check media
}

# named IFNAME: so is the link called inside, and it is the only one; it works, and the vault is sound
named() {
	[ "$(inside media ip -br link show group 30305 | awk '{ print $1 }' | cut -d@ -f1 | sort | xargs)" = \
		"$(printf '%s\n' "$1" wg-media | sort | xargs)" ]
	[[ $(vault exec media -- ip -br address show dev "$1") == *" 10.200.0.2/30 "* ]]
	host curl -sm 2 -o /dev/null http://10.200.0.2:1/ || [ $? = 7 ] # refused by the vault, so reached
	vault -q check media
	run -0 vault up media as-made
	[ "$output" = "media: up, sealed, as described" ]
}

@test "DL-5 link-name: given, changed and left out while the vault is up: told by its word, and sealed throughout" {
	local before kept conf="conf $LAB/provider.conf"

	before=$(picture)
	kept=$(host jq 'del(.seal_generation)' /run/vault/media/vault.json)
	[[ $kept == *link-media* && $kept != *link_name* ]] # as before there was such a clause
	# shellcheck disable=SC2016 # the inner shell's words
	spawn inside media sh -c 'while :; do for name in eth0 eth.1-x link-media; do
		curl -sm 0.1 --interface "$name" http://203.0.113.80/; "$WIRE" send udp 203.0.113.80; done; done > /dev/null'
	observe host:any isp:to-host --to 203.0.113.80
	# shellcheck disable=SC2086 # words
	{
		[ "$(told $conf link-name eth0)" = "+ link-name eth0" ]
		named eth0
		[ "$(told $conf link-name eth.1-x)" = "~ link-name eth.1-x" ]
		named eth.1-x
		[ "$(told $conf)" = "- link-name eth.1-x" ]
		named link-media
	}
	must_not_see
	[ "$(picture)" = "$before" ]
	diff <(echo "$kept") <(host jq 'del(.seal_generation)' /run/vault/media/vault.json)
	# the control: the same request from the host is seen there
	must_see isp:to-host --to 203.0.113.80 -- host curl -sm 2 -o /dev/null http://203.0.113.80/
}

@test "DL-5 link-name: called as the host's uplink, from up to down; leaktest and its twin tell the two apart" {
	vault down media
	vault up media conf "$LAB/provider.conf" link-name eth0
	named eth0
	vault leaktest media
	host ip link del vlt-media
	run -1 vault -q check media
	vault up media
	named eth0
	inside media nft delete table netdev vault-link
	inside media nft insert rule inet vault output ct state established accept
	run -1 vault leaktest media probe twin-flow
	inside media nft insert rule inet vault output accept
	run -1 vault leaktest media probe link-udp
	[[ $output == *"vlt-media"* ]]
	vault up media as-made
	vault leaktest media probe link-udp probe twin-flow
	vault down media
	host ip link show eth0 > /dev/null
	[ "$(host ip -br link | grep -c 'media')" = 0 ]
}

@test "DL-5 link-name: a name that somebody's interface inside has is refused, the link stays as it is, and as-made mends the rest" {
	inside media ip link add eth0 type bridge
	run -1 vault up media conf "$LAB/provider.conf" link-name eth0
	[[ $output == *"eth0 inside is not vault's"* ]]
	inside media ip link del eth0
	vault up media as-made
	named link-media
}

@test "DL-6 plan of a vault that is not up, of a name that is not its own, by who is not root" {
	vault down media
	run -0 vault up media conf "$LAB/provider.conf" publish 8080:9 plan
	[[ $output == *"media: + tunnel wg-media"*"media: + publish 8080:9/tcp" ]]
	run ! host ls /run/netns/media
	run ! host ls /run/vault/media
	host ip netns add media
	run -1 vault up media conf "$LAB/provider.conf" plan
	[[ $output == *"is not this vault's"* ]]
	host ip netns del media
	run -2 vault up media plan dry-run
	[[ $output == *"plan, dry-run: one of them"* ]]
}
