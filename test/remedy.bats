#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/remedy.bats: every row of vault/remedy.c's table: the state is brought about that it is for, what is printed is run, as
# it is printed, and nothing is wrong any more. The last test fails for a row of which there is no such test.

load helper
: "${top:?}" "${stderr=}"

setup_file() {
	lab_start
	host sh -c 'mkdir -p /etc/vault && { echo "conf $LAB/provider.conf"; echo "accessible-from 192.168.77.0/24,fd00:77::/64"; } > /etc/vault/media.conf'
}

setup() {
	vault up media > "$BATS_TEST_TMPDIR/up" 2>&1 || { cat "$BATS_TEST_TMPDIR/up"; return 1; }
	sound
}

# A test that failed leaves a vault that no other begins with.
teardown() {
	despawn_all
	[[ ${BATS_TEST_COMPLETED-} ]] || host sh -c '"$0" down media; ip netns del media; rm -rf /run/vault/media' "$VAULT" > /dev/null 2>&1 || :
}

sound() { vault -q check media > "$BATS_TEST_TMPDIR/check" || { cat "$BATS_TEST_TMPDIR/check"; return 1; }; }
media() { inside media "$@"; }

# The table as it stands in the source: a line a row, "NAME HOW TEXT".
table() {
	tr -d '\n\t' < "$top/vault/remedy.c" | grep -oE '\[REMEDY_[A-Z0-9_]+\] = \{ *("[^"]*" *)+, *("[a-z]*" *), *[A-Z]+' |
		sed -E 's/" *"([^,])/\1/g; s/^\[REMEDY_([A-Z0-9_]+)\] = \{ *"([^"]*)" *, *"[a-z]*" *, *([A-Z]+)$/\1 \3 \2/'
}

# pattern ROW: what its text is with any arguments
pattern() {
	table | sed -nE "s/^$1 [A-Z]+ //p" | sed -E 's/[][(){}.*+?^$|\\]/\\&/g; s/%[1-9]/.*/g'
}

# typed COMMAND: as root types it on the host
typed() {
	host sh -c 'PATH=$1:$PATH; eval "$2"' sh "${VAULT%/*}" "$1" > "$BATS_TEST_TMPDIR/typed" 2>&1 ||
		{ echo "typed: $1: $(< "$BATS_TEST_TMPDIR/typed")"; return 1; }
}

# row ROW COMMAND…: COMMAND breaks something; then `check media remedy` prints that row, alone or among others in its line. All that
# it prints is typed, in its order. Then the vault is sound.
row() {
	local row=$1 line lines

	"${@:2}" > "$BATS_TEST_TMPDIR/broken" 2>&1 || { echo "$row: not done: ${*:2}: $(< "$BATS_TEST_TMPDIR/broken")"; return 1; }
	run vault -q check media
	[[ $status == 1 || $status == 3 ]] || { echo "$row: check sees nothing of: ${*:2}"; return 1; }
	lines=$(vault check media remedy) || [[ $? == 3 ]]
	grep -qxE "(.*; )?$(pattern "$row")(; .*)?" <<< "$lines" || { echo "$row is not printed: $lines"; return 1; }
	[[ $(sort <<< "$lines" | uniq -d) == "" ]]
	while IFS= read -r line; do
		[[ $output == *"($line)"* ]] || { echo "$row: not in the text: $line"; return 1; }
		typed "$line" || return
	done <<< "$lines"
	sound || { echo "$row: not mended by: $lines"; return 1; }
	[ -z "$(vault check media remedy)" ]
}

# told ROW STATUS WORDS…: the command of vault's prints that row in parentheses, to be typed here; what it then comes to is the caller's
told() {
	local hint

	run "-$2" --separate-stderr vault "${@:3}"
	hint=$(grep -oE "\($(pattern "$1")\)" <<< "$output$stderr" | head -n 1)
	[[ $hint ]] || { echo "$1 is not printed: $output $stderr"; return 1; }
	hint=${hint#(}
	typed "${hint%)}"
}

flush() { media nft flush chain inet vault output; }
lose_name() { host sh -c 'umount /run/netns/media; rm /run/netns/media'; }

@test "HO-8 remedies of a vault that is gone, drifted, has another namespace, a lost or changed description" {
	row UP vault down media
	row AS_MADE flush
	row AS_MADE media wg set wg-media fwmark 0x77
	row AS_MADE lose_name
	row AS_MADE vault down media keep-ns
	row DEL_NETNS eval 'lose_name; host ip netns add media'
	row RM_NAME eval 'lose_name; host ln -s /proc/1/ns/net /run/netns/media'
	row AS_MADE eval 'lose_name; host touch /run/netns/media'
	row RM_FOLDER eval 'lose_name; host mkdir /run/netns/media'
	row RM_FOLDER eval 'lose_name; host sh -c "echo x > /run/netns/media"'
	row DOWN host sh -c 'echo nonsense > /run/vault/media/vault.json'
	row DOWN host rm -r /run/vault/media
	row DOWN eval 'lose_name; host rm -r /run/vault/media; host ip link add vlt-media index 1073741899 type veth peer name x; host ip link set vlt-media alias vault:media'
	row RM_FOLDER host sh -c 'rm -r /run/vault/media; mkdir /run/vault/media; touch /run/vault/media/token'
	row OWN_STATE host chown 1000 /run/vault/media/vault.json
	row OWN_STATE host chmod 666 /run/vault/media/vault.json
	row OWN_STATE host chmod 777 /run/vault/media
}

@test "HO-8 as-made goes by what a vault was made with, whatever its file says by now, and needs a vault that is up" {
	vault down media > "$BATS_TEST_TMPDIR/down"
	vault up media conf "$LAB/provider.conf" file none publish 8080 > "$BATS_TEST_TMPDIR/up" 2>&1
	host sh -c 'mv /etc/vault/media.conf /etc/vault/kept; echo nonsense > /etc/vault/media.conf'
	row AS_MADE flush
	row AS_MADE lose_name
	vault -j check media | jq -e '.[0].verdict == "sound"'
	host nft list table inet vault-guard | grep -q 8080
	host mv /etc/vault/kept /etc/vault/media.conf
	run -2 vault up media as-made publish 80
	vault down media > "$BATS_TEST_TMPDIR/down"
	run -1 vault up media as-made
}

@test "HO-8 remedies for what somebody made inside" {
	row DEL_LINK_INSIDE media sh -ec 'ip link add leg9 type veth peer name leg8; ip link add br9 type bridge; ip link add link br9 name br9.5 type vlan id 5 || :'
	row DEL_TABLE_INSIDE media nft 'table ip nat { chain x { counter; }; }'
	row DEL_TABLE_INSIDE media nft 'table inet odd { }; table netdev n { }; table bridge b { }'
	if media nft 'table ip f { flowtable g { hook ingress priority 0; devices = { lo }; }; }' 2> /dev/null; then
		row DEL_TABLE_INSIDE true
		row DEL_FLOWTABLE_INSIDE media nft 'add flowtable inet vault g { hook ingress priority 0; devices = { lo }; }'
	else
		echo "# not on this kernel: flowtables" >&3
	fi
	row DEL_QDISC_INSIDE media tc qdisc add dev wg-media clsact
	row DEL_QDISC_INSIDE media tc qdisc add dev link-media root handle 1: htb
}

# odd NAME: a table of that name, which nft's own language could not say
odd() { jq -n --arg name "$1" '{nftables: [{add: {table: {family: "inet", name: $name}}}]}' | "${@:2}" nft -j -f -; }

@test "HO-8 remedies for what has a name that is more than a name" {
	local name n=0 pwned=$LAB/pwned

	for name in 'vault ' 'vault #' $'vault\n' 'vault;' 'x; flush table inet vault' 'x; flush ruleset' "x'; touch $pwned; '" "\$(touch $pwned)" \
		'`touch '"$pwned"'`' '*' '-f' '\c' $'x\nvault up media as-made' $'\xff' '' '1'; do
		odd "$name" media || continue
		vault check media remedy > "$BATS_TEST_TMPDIR/lines" || [[ $? == 3 ]]
		while IFS= read -r line; do
			typed "$line"
			[[ $(media nft list chain inet vault output) == *"policy drop"*oifname* ]]
		done < "$BATS_TEST_TMPDIR/lines"
		sound || { printf 'not mended: %q: %s\n' "$name" "$(< "$BATS_TEST_TMPDIR/lines")"; return 1; }
		n=$((n + 1))
	done
	((n > 10))
	for name in "it's;" '$(id)' '*' '-f' 'a"b' 'a\c' 'type' 'dev'; do
		row DEL_LINK_INSIDE media ip link add name "$name" type bridge
	done
	run ! host test -e "$pwned"
}

@test "HO-8 no remedy is printed where a name on the host would make something else of it" {
	odd 'their; flush ruleset #' host
	jq -n '{nftables: [{add: {chain: {family: "inet", table: "their; flush ruleset #", name: "forward", type: "filter", hook: "forward", prio: 0, policy: "drop"}}}]}' |
		host nft -j -f -
	run -0 --separate-stderr vault up media
	[[ $stderr == *"drops by policy and does not name vlt-media"* && $stderr != *"nft insert"* ]]
	vault -j check media > "$BATS_TEST_TMPDIR/json" || :
	run ! grep 'nft insert' "$BATS_TEST_TMPDIR/json"
	host nft delete table inet handle "$(host nft -j list tables | jq '.nftables[].table | select(.).handle' | tail -n 1)"
}

@test "HO-8 remedies for legacy iptables inside" {
	media iptables-legacy -t filter -L > /dev/null 2>&1 || skip "needs the kernel's ip_tables"
	row FLUSH_LEGACY_INSIDE media sh -ec 'iptables-legacy -N theirs; iptables-legacy -A theirs -j ACCEPT; iptables-legacy -I OUTPUT -j theirs'
}

@test "HO-8 remedies for what sits on the link's host end, or in the guard's place" {
	row DEL_LINK host ip link add link vlt-media name over type macvlan
	row DEL_LINK host ip link add link vlt-media name "it's;" type macvlan
	row DEL_CHAIN host nft 'table netdev theirs { chain first { type filter hook ingress device vlt-media priority -500; }; }'
	host nft delete table netdev theirs
	row DEL_QDISC host tc qdisc add dev vlt-media root handle 1: htb
	row DEL_QDISC host tc filter add dev vlt-media ingress prio 7 protocol all u32 match u32 0 0 flowid 1:1
	row DEL_QDISC host tc filter add dev vlt-media egress prio 7 protocol all u32 match u32 0 0 flowid 1:1
	row DEL_TABLE host nft 'delete table inet vault-guard; table inet vault-guard { chain theirs { counter; }; }'
}

# bats test_tags=tunnel
@test "HO-17 HO-8 a flowtable of the host's that the link's end is in is seen, and that end alone is taken out" {
	host nft 'table inet fast { flowtable f { hook ingress priority 0; devices = { eth0 }; }; chain forward { type filter hook forward priority 0; ip protocol tcp flow add @f; }; }' ||
		skip "this kernel has no flowtables"
	sound
	row DEL_FLOWTABLE_DEVICE host nft 'add flowtable inet fast f { hook ingress priority 0; devices = { vlt-media }; }'
	host nft list flowtables | grep -q eth0
	host nft delete table inet fast
}

@test "HO-8 remedies for XDP programs that netlink put there; those that somebody holds are advised on" {
	local how

	media wire attach xdpgeneric lo || skip "needs XDP"
	row END_XDP_INSIDE true
	for how in xdpdrv xdpgeneric; do
		row END_XDP_INSIDE media wire attach $how link-media
		row END_XDP host wire attach $how vlt-media
	done
	spawn inside media wire attach xdp link-media
	retry 5 grep -q ready "$SPAWNED_OUT"
	run -1 vault -q check media
	[[ $output == *"link-media inside has an XDP program (end what holds it: bpftool link)"* ]]
	[ -z "$(vault check media remedy)" ]
	despawn "$SPAWNED"
	retry 5 sound
}

@test "HO-8 remedies for the host's own way to the vault" {
	row DEL_ROUTE host sh -c 'ip route add 10.200.0.2/32 via 192.0.2.1 dev eth0'
	row DEL_ROUTE host ip -6 route add fd76:6175:6c74::2/128 via 2001:db8:1::1 dev eth0
	row ADD_RULE host sh -c 'ip route add 10.0.0.0/8 via 192.0.2.1 dev eth0 table 52; ip rule add priority 5270 lookup 52'
	host sh -c 'ip rule del priority 1; ip rule del priority 5270; ip route flush table 52'
	row ADD_RULE host sh -c 'ip -6 route add default via 2001:db8:1::1 dev eth0 table 52; ip -6 rule add priority 5270 lookup 52'
	host sh -c 'ip -6 rule del priority 1; ip -6 rule del priority 5270; ip -6 route flush table 52'
	row ADD_ROUTE host ip route del 10.200.0.0/30 dev vlt-media
}

# The host goes on having its way out: by the default route that a router has told it.
@test "HO-8 remedies that turn forwarding on keep the host's own default route, also one by router advertisements" {
	row FORWARD host sysctl -qw net/ipv4/conf/eth1/forwarding=0
	host sysctl -qw net/ipv6/conf/all/forwarding=0 net/ipv6/conf/eth0/accept_ra=1
	isp python3 -Bc 'import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
s.setsockopt(41, socket.IPV6_MULTICAST_HOPS, 255)
s.setsockopt(41, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("to-host"))
s.sendto(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0), ("ff02::1", 0, 0, socket.if_nametoindex("to-host")))'
	told_by_router() { host ip -6 route show default | grep -q 'proto ra'; }
	retry 5 told_by_router
	vault check media remedy > "$BATS_TEST_TMPDIR/said" || :
	grep -qx 'sysctl -w net/ipv6/conf/eth0/accept_ra=2 net/ipv6/conf/all/forwarding=1' "$BATS_TEST_TMPDIR/said"
	row FORWARD true
	told_by_router
	host sysctl -qw net/ipv6/conf/eth0/accept_ra=0
}

@test "HO-8 remedies for a firewall that drops by policy: as up prints them" {
	host nft 'table inet their { chain forward { type filter hook forward priority 0; policy drop; }; }'
	run -0 --separate-stderr vault up media
	[[ $stderr == *"drops by policy and does not name vlt-media"* ]]
	while IFS= read -r line; do typed "$line"; done < <(grep -oE "\($(pattern LET_BY)\)" <<< "$stderr" | tr -d '()')
	run -0 --separate-stderr vault up media # row LET_BY
	[[ $stderr != *"drops by policy"* ]]
	# a rule for all links is one for this; one that lets everything by leaves the policy nothing
	host nft 'flush chain inet their forward; add rule inet their forward oifname "vlt-*" accept; add rule inet their forward iifname "vlt-*" accept'
	run -0 --separate-stderr vault up media
	[[ $stderr != *"drops by policy"* ]]
	host nft 'flush chain inet their forward; add rule inet their forward oifname "vlt-other" accept'
	run -0 --separate-stderr vault up media
	[[ $stderr == *"drops by policy"* ]]
	host nft 'add rule inet their forward counter accept'
	run -0 --separate-stderr vault up media
	[[ $stderr != *"drops by policy"* ]]
	host nft delete table inet their
}

@test "HO-7 HO-8 remedies for a firewall that refuses by its last rule, and for one of legacy iptables: as up prints them" {
	host nft 'table inet their { chain forward { type filter hook forward priority 0; ct state established,related accept; jump more; }; chain more { reject; }; }'
	host iptables-legacy -P FORWARD DROP
	host ip6tables-legacy -A FORWARD -j REJECT
	run -0 --separate-stderr vault up media
	[[ $stderr == *"(table inet their, chain forward) refuses what no rule of it accepts and does not name vlt-media"* ]]
	[[ $stderr == *"(iptables-legacy, chain FORWARD) refuses"* && $stderr == *"(ip6tables-legacy, chain FORWARD) refuses"* ]]
	sound # it is told, and no fault of the vault's
	while IFS= read -r line; do typed "$line"; done < <(grep -oE '\((nft|ip6?tables-legacy) [^()]*\)' <<< "$stderr" | tr -d '()')
	run -0 --separate-stderr vault up media # row LET_BY_LEGACY
	[[ $stderr != *refuses* ]]
	host nft delete table inet their
	host iptables-legacy -F FORWARD
	host iptables-legacy -P FORWARD ACCEPT
	host ip6tables-legacy -F FORWARD
}

@test "HO-8 remedies for files: of words, of the tunnel, of a log" {
	local d=$LAB/files

	host sh -c "mkdir -p $d && cp /etc/vault/media.conf $d/words && chown 1000 $d/words"
	told OWN 2 up media file "$d/words"
	host chmod 666 "$d/words"
	told CLOSE 2 up media file "$d/words"
	host sh -c "ln -s words $d/link && chown -h 1000 $d/link"
	told OWN_LINK 2 up media file "$d/link"
	run -0 vault up media file "$d/link"
	host sh -c "cp $LAB/provider.conf '$d/a file.conf'; chmod 644 '$d/a file.conf'"
	told CLOSE_KEYS 0 parse-conf "$d/a file.conf"
	run -0 --separate-stderr vault parse-conf "$d/a file.conf"
	[ -z "$stderr" ]
	host sh -c "touch '$d/a log'; chown 1000 '$d/a log'"
	told OWN 2 leaktest media probe udp-public log "$d/a log"
	host chmod 666 "$d/a log"
	told CLOSE 2 leaktest media probe udp-public log "$d/a log"
}

@test "HO-8 remedies of check system that a host's settings need" {
	local was
	was=$(host cat /proc/sys/user/max_net_namespaces)
	host sh -c 'echo 0 > /proc/sys/user/max_net_namespaces' 2> /dev/null || skip "needs a limit that may be set"
	told ALLOW_NAMESPACES 1 check system
	host sh -c "echo $was > /proc/sys/user/max_net_namespaces"
	run vault check system
	[[ $output != *ALLOW_NAMESPACES* && $output == *"network namespaces may be made"* ]]
}

@test "HO-8 remedies where a module is missing" {
	host rmmod overlay 2> /dev/null || skip "needs a module that can be taken out"
	host sh -c 'modprobe -n overlay' || skip "needs modules on disk"
	told LOAD 1 check system
}

# advised TEXT COMMAND…: that command's words have TEXT in parentheses
advised() {
	run --separate-stderr "${@:2}"
	[[ $output$stderr == *"($1)"* ]] || { echo "not advised: $1: $output $stderr"; return 1; }
}

@test "HO-8 what is advised: to who cannot look, or must wait, or has to think" {
	advised 'run it as root' host setpriv --reuid 65534 --regid 65534 --clear-groups "$VAULT" check media
	advised 'is /proc there?' host unshare -m sh -c 'mount -t tmpfs none /proc && exec "$0" check media' "$VAULT"
	advised 'run it on the host' inside media "$VAULT" leaktest media
	advised 'wait for its end' host sh -c 'flock /run/vault/media "$0" leaktest media probe udp-public' "$VAULT"
	advised 'vault up nobody conf FILE' vault up nobody
	advised 'another name' vault up system isolated
	vault up one isolated segment lan 10.9.0.2/24
	advised 'give another address' vault up two isolated segment lan 10.9.0.2/24
	vault down one
	advised 'a newer kernel' host setarch "$(uname -m)" --uname-2.6 "$VAULT" check system
	advised CONFIG_NET_CLS_BPF host unshare -m sh -c 'mount -t tmpfs none /sys/module &&
		{ [ ! -e /lib/modules ] || mount -t tmpfs none /lib/modules; } && : > "$LAB/none" && mount --bind "$LAB/none" /proc/kallsyms && exec "$0" check system' "$VAULT"
	host sh -c 'echo flush ruleset > /etc/nftables.conf'
	advised 'vault up after it' vault check system
	host rm /etc/nftables.conf
	host sh -c 'ln -s "$LAB" /tmp/theirs && chown -h 1000 /tmp/theirs'
	advised 'name the place itself' vault leaktest media probe udp-public log /tmp/theirs/log
	host sh -c 'rm /tmp/theirs; touch "$LAB/one"; ln "$LAB/one" "$LAB/two"'
	advised 'name a new one' vault leaktest media probe udp-public log "$LAB/one"
	spawn inside media setpriv --reuid 65534 --regid 65534 --clear-groups sleep 1000
	retry 5 host grep -q sleep "/proc/$SPAWNED/comm"
	advised 'vault exec, or NoNewPrivileges=yes in its unit' vault check media pid "$SPAWNED"
	quiet() { vault -q check media max-handshake-age 0 > "$BATS_TEST_TMPDIR/quiet" && return 1 || return 0; }
	vault exec media curl -sfm 20 -o /dev/null http://10.66.0.1/
	retry 5 quiet
	advised 'is the server up? another server: vault up media conf FILE' vault check media max-handshake-age 0
	host sh -c "test -e /proc/sys/net/bridge" || skip "needs br_netfilter"
	host sysctl -qw net.bridge.bridge-nf-call-iptables=1
	advised 'let vls-* to vls-* pass, or sysctl net.bridge.bridge-nf-call-iptables=0' vault check system
	host sysctl -qw net.bridge.bridge-nf-call-iptables=0
}

@test "HO-8 what is advised where another program serves the tunnel's name: once it is ended the rest, as printed, mends it" {
	need wireguard-go
	host test -e /run/wireguard/wg-media.sock || skip "needs a userspace tunnel"
	local pid

	pid=$(vault -v check media | sed -n 's/^ok  *program .*, process //p')
	host kill "$pid"
	retry 5 gone "$pid"
	spawn host wireguard-go -f wg-media
	retry 5 host wg show wg-media
	advised 'end it; vault up media as-made' vault check media
	vault down media > "$BATS_TEST_TMPDIR/down" 2>&1 || :
	advised 'another program has the port, or serves an interface of this name' vault up media
	despawn "$SPAWNED"
	vault up media > "$BATS_TEST_TMPDIR/up"
	sound
}

@test "HO-8 a server that is known by a name and does not answer may have another address by now: as-made asks again" {
	vault down media > "$BATS_TEST_TMPDIR/down"
	host sh -c 'cp /etc/hosts "$LAB/hosts" && echo "192.0.2.77 vpn.example" > /etc/hosts'
	vault up media conf "$LAB/named.conf" > "$BATS_TEST_TMPDIR/up"
	silent() { vault check media remedy | grep -qx 'vault up media as-made'; }
	retry 15 silent
	host sh -c 'cat "$LAB/hosts" > /etc/hosts'
	row AS_MADE true
	vault exec media curl -sfm 20 -o /dev/null http://10.66.0.1/
	vault down media > "$BATS_TEST_TMPDIR/down"
}

@test "HO-8 a member of a segment: remedies of its gateway" {
	vault down media > "$BATS_TEST_TMPDIR/down"
	vault up gw conf "$LAB/provider2.conf" segment lan 10.9.0.1/24 gateway > "$BATS_TEST_TMPDIR/up" 2>&1
	vault up media segment lan 10.9.0.2/24 via 10.9.0.1 file none > "$BATS_TEST_TMPDIR/up" 2>&1
	row AS_MADE host sh -c 'umount /run/netns/gw; rm /run/netns/gw'
	vault down gw > "$BATS_TEST_TMPDIR/down"
	advised 'start it first' vault check media
	vault down media > "$BATS_TEST_TMPDIR/down"
}

@test "HO-8 check remedy: nothing of a sound vault, each once, what puts back last; 3 where it cannot be decided; JSON" {
	[ -z "$(vault check media remedy)" ]
	flush
	media ip route del default
	media ip link add br9 type bridge
	host ip link set vlt-media down
	run -0 vault check media remedy
	[ "$output" = $'ip -n media link del dev br9\nvault up media as-made' ]
	run -0 vault -q check media remedy
	[ "${#lines[@]}" = 2 ]
	run -0 vault -j check media remedy
	jq -e '. == ["ip -n media link del dev br9", "vault up media as-made"]' <<< "$output"
	run -1 vault -j check media
	jq -e '.[0].checks | all(has("remedy")) and (map(select(.verdict == "fail")) | all(.remedy and .expected and .observed))' <<< "$output"
	jq -e '.[0].checks | map(select(.verdict == "fail").detail) | all(contains("(") | not)' <<< "$output"
	run -3 vault check nobody remedy
	[ -z "$output" ] # what it shall be is not known
	host sh -c 'echo isolated > /etc/vault/nobody.conf'
	run -3 vault check nobody remedy
	[ "$output" = "vault up nobody" ]
	host rm /etc/vault/nobody.conf
	run -2 vault check media remedy prometheus
	run -2 vault check system remedy
	run -2 vault up remedy isolated
	media ip link del br9
	vault up media as-made > "$BATS_TEST_TMPDIR/up"
	sound
}

@test "HO-8 while another command is at work on a vault nothing is said to mend it" {
	flush
	run -3 host sh -c 'flock /run/vault/media "$0" check media remedy' "$VAULT"
	[ -z "$output" ]
}

@test "HO-8 the file that a vault was made from is gone: that is told, and no remedy asks for it" {
	vault down media > "$BATS_TEST_TMPDIR/down"
	host sh -c 'umask 077; cat "$LAB/provider.conf" > "$LAB/lent.conf"'
	vault up media conf "$LAB/lent.conf" file none > "$BATS_TEST_TMPDIR/up" 2>&1
	host rm "$LAB/lent.conf"
	run -0 vault check media
	[[ $output == *"conf "*"lent.conf is gone: this vault cannot be made again from it (vault up media conf FILE)"*"media: sound" ]]
	media ip link del wg-media
	run -1 vault check media
	[[ $output == *"tunnel wg-media: missing (vault up media conf FILE)"* && $output != *as-made* ]]
	[ -z "$(vault check media remedy)" ]
	run -1 vault up media as-made
	[[ $output == *"lent.conf, which it was made with, is gone (vault up media conf FILE)" ]]
	run -0 vault up media conf "$LAB/provider.conf" file none
	[[ $output == *"+ tunnel wg-media"* ]]
}

@test "HO-8 a namespace of the name that is not a vault's is nobody's to make or to take down" {
	local mine="another name; or, where nobody needs it, ip netns del foo"

	host ip netns add foo
	run -3 vault check foo
	[[ $output == *"not up: /run/netns/foo is a namespace that is not a vault's ($mine)"* ]]
	run -1 vault up foo conf "$LAB/provider.conf"
	[[ $output == *"is not this vault's ($mine)" ]]
	run -1 vault down foo
	host ip netns del foo
}

@test "HO-8 expected and observed tell the values that differ" {
	differs() { # ID EXPECTED OBSERVED COMMAND…
		"${@:4}"
		vault -j check media > "$BATS_TEST_TMPDIR/json" || :
		jq -e --arg id "$1" --arg want "$2" --arg have "$3" '.[0].checks |
			any(.id == $id and .verdict == "fail" and .expected == $want and .observed == $have)' "$BATS_TEST_TMPDIR/json" ||
			{ jq '.[0].checks[] | select(.verdict == "fail")' "$BATS_TEST_TMPDIR/json"; return 1; }
		vault up media as-made > "$BATS_TEST_TMPDIR/up" 2>&1
		sound
	}
	differs sysctl 0 1 media sysctl -qw net.ipv4.ip_forward=1
	differs link 0 1 host sysctl -qw net.ipv4.conf.vlt-media.proxy_arp=1
	differs link 0 1 host sysctl -qw net.ipv6.conf.vlt-media.accept_redirects=1
	differs interface up down media ip link set link-media down
	differs interface "$(media cat /sys/class/net/wg-media/mtu)" 1280 media ip link set wg-media mtu 1280
	differs peers "mark $(media wg show wg-media fwmark)" 'mark 0x77' media wg set wg-media fwmark 0x77
	differs address none 10.9.9.9/32 media ip address add 10.9.9.9/32 dev wg-media
	differs route 'route 0.0.0.0/0 by wg-media' missing media ip route del default
	server=$(media wg show wg-media peers)
	peer="PublicKey = $server; PresharedKey = (hidden); AllowedIPs = 0.0.0.0/0, ::/0; PersistentKeepalive ="
	differs peers "$peer 25" "$peer 7" media wg set wg-media peer "$server" persistent-keepalive 7
	differs endpoint 198.51.100.1:51820 198.51.100.1:9 media wg set wg-media peer "$server" endpoint 198.51.100.1:9
}

@test "remedies: each row of the table has a test that brings it about" {
	local name how text missing=0

	[[ $(table | wc -l) == "$(grep -c '^	\[REMEDY_' "$top/vault/remedy.c")" ]]
	[[ $(table | wc -l) == "$(sed -n '/^enum remedy_row/,/^}/p' "$top/vault/remedy.h" | grep -cE '^	REMEDY_[A-Z_]+,$' | awk '{ print $1 - 1 }')" ]]
	while read -r name how text; do
		if [[ $how == ADVICE ]]; then # in the words that a test expects
			[[ $name == WHO_CHANGES_RULES ]] || # another's race with the kernel's answer
				grep -qE "$(pattern "$name")" "$top"/test/*.bats "$top"/test/vm/*.bats "$top"/test/unit/check.c
		else
			grep -rqwE "(row|told) $name" "$top"/test/*.bats "$top"/test/vm/*.bats
		fi || { echo "no test for $name: $text"; missing=1; }
	done < <(table)
	((!missing))
}
