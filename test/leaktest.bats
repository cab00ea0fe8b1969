#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/leaktest.bats: a sound vault is found sealed, a broken one leaking, by the right probe; and a blind run is neither.

load helper

teardown() {
	despawn_all
	host rm -rf /run/nscd /etc/netns
	vault -q down all
}

# verdict ID: that probe's, in the run that $output holds
detail() { jq -re --arg id "$1" '.probes[] | select(.id == $id).detail' <<< "$output"; }
verdict() { jq -re --arg id "$1" '.probes[] | select(.id == $id).verdict' <<< "$output"; }

# sealed WORDS…: a run of leaktest finds nothing
sealed() {
	run -0 --separate-stderr vault -j leaktest media "$@"
	jq -r '.verdict, .control.verdict, (.probes[] | select(.verdict != "sealed" and .verdict != "skip"))' <<< "$output"
	[ "$(jq -r '.verdict, .control.verdict' <<< "$output" | xargs)" = "sealed seen" ]
	[ "$(jq '[.probes[] | select(.verdict == "LEAK" or .verdict == "unknown")] | length' <<< "$output")" = 0 ]
	[ -z "$stderr" ]
}

# leaks ID…: a run finds a leak, each of these probes among those that saw one, and says what it saw
leaks() {
	local id words=()

	[[ $LAB_BACKEND != kernel ]] || words=(probe exec "$@") # the VM takes its time
	run -1 --separate-stderr vault -j leaktest media "${words[@]}"
	jq -r '.probes[] | select(.verdict == "LEAK") | "\(.id): \(.evidence[0].interface) \(.evidence[0].summary)"' <<< "$output"
	[ "$(jq -r .verdict <<< "$output")" = LEAK ]
	for id; do
		[ "$(verdict "$id")" = LEAK ] || { echo "not found by $id"; return 1; }
		jq -e --arg id "$id" '.probes[] | select(.id == $id).evidence | length > 0' <<< "$output"
	done
}

up() { vault -q up media conf "$LAB/provider.conf" "$@"; }
rule() { inside media nft "$@"; }

# traffic of others on every interface: the uplink, the LAN, the link, the tunnel, and ARP
noise() {
	spawn isp ping -q -i 0.01 192.0.2.2
	spawn lan ping -q -i 0.01 192.168.77.1
	spawn lan ping -q -i 0.01 203.0.113.9
	spawn host ping -q -i 0.01 10.200.0.2
	spawn host sh -c 'while :; do "$WIRE" send udp 192.168.77.2 --port 9 --token 00112233 --count 1000; sleep 0.05; done'
	spawn lan sh -c 'while :; do ip neigh flush dev eth0; sleep 0.05; done'
}

@test "PC-3 PC-4: a sound vault is sealed, run after run, while other traffic passes every interface" {
	up accessible-from 192.168.77.0/24,fd00:77::/64 publish 8080:80 allow-host 9/udp
	noise
	for _ in $(seq "${LEAKTEST_RUNS:-5}"); do
		sealed
	done
	# Nothing of the runs is left, and the vault is what it was; of the last one at once, too.
	[[ $(host sh -c '"$0" -q leaktest media probe twin-flow && ip -br link' "$VAULT") != *@(twin|vlx-)* ]]
	[ "$(host ip -br link | grep -c 'twin\|vlx-')" = 0 ]
	[ "$(host nft list table inet vault-guard | grep -c twin)" = 0 ]
	vault -q check media
}

# tried: each probe with its verdict, and how many packets it sent
tried() { jq -c '[.probes[] | [.id, .verdict, .packets]]' <<< "$output"; }

# LEAKTEST_RUNS=100 for more; LEAKTEST_BUSY: how many loops run beside the second half of them.
@test "PC-3 PC-10: each packet is told of once; what the last run of all probes came to is kept for check, until the vault is down" {
	up
	run -0 vault -j check media
	jq -e '.[0].leaktest == null' <<< "$output"
	vault leaktest media probe udp-public > "$BATS_TEST_TMPDIR/one"
	run -0 vault -j check media
	jq -e '.[0].leaktest == null' <<< "$output"
	run -0 vault -j leaktest media
	jq -e '[.probes[] | select(.detail | test("^[0-9]+ packets?: ")) |
		[.detail | scan("[0-9]+") | tonumber] | .[0] == (.[1:] | add)] | length > 25 and all' <<< "$output"
	jq -e '.probes[] | select(.id == "dns-elsewhere") | .detail | test(", [1-9][0-9]* dropped,")' <<< "$output"
	[ "$(jq -c '{time, verdict}' <<< "$output")" = "$(vault -j check media | jq -c '.[0].leaktest | {time, verdict}')" ]
	run -0 vault check media
	[[ $output =~ "  leak test       sealed, "[^$'\n']*" ago, "([0-9]+)" of those dropped were while tests ran" ]]
	((BASH_REMATCH[1] > 100))
	# The vault's own multicast reports are dropped as well, in their own time.
	vault -j check media | jq -e '.[0] | (.dropped | map(.packets) | add) - .leaktest.dropped | . >= 0 and . < 50'
	(($(vault check | awk 'NR == 2 { print $NF }') < 50))
	host sh -c 'echo nonsense > /run/vault/media/leaktest.json'
	run -0 vault -j check media
	jq -e '.[0].leaktest == null' <<< "$output"
	vault leaktest media > "$BATS_TEST_TMPDIR/all"
	run -0 vault down media
	[[ $output == *"media: of these "[1-9]*" packets while leak tests ran"* ]]
	host test ! -e /run/vault/media
}

@test "PC-3 PC-7: every run is decided, and tries as much as the first, idle and with three busy loops beside it" {
	local first

	up accessible-from 192.168.77.0/24,fd00:77::/64 publish 8080:80 allow-host 9/udp
	sealed
	first=$(tried)
	[ "$(jq -r '[.probes[] | select(.verdict != "sealed").id] | join(" ")' <<< "$output")" = "processes tunnel-down" ]
	[ "$(jq -r '[.probes[] | select(.packets == 0).id] | join(" ")' <<< "$output")" = "exec processes others tunnel-down" ]
	[ "$(jq '[.probes[].packets] | add' <<< "$output")" -ge 1300 ]
	for _ in $(seq "${LEAKTEST_RUNS:-5}"); do
		sealed
		diff <(echo "$first") <(tried)
	done
	for _ in $(seq "${LEAKTEST_BUSY:-3}"); do spawn host sh -c 'while :; do :; done'; done
	for _ in $(seq "${LEAKTEST_RUNS:-5}"); do
		sealed
		diff <(echo "$first") <(tried)
	done
}

@test "PC-3: frames are sent by one socket of each namespace, as the close of one waits for the kernel, and none is closed before the verdict" {
	need strace traceable
	up
	run -0 host strace -o "$LAB/strace" -e trace=socket,close,sendto "$VAULT" leaktest media
	host awk -F '[(,) ]+' '
		/^socket\(AF_PACKET/ { n++; open[$NF] = 1 }
		/^socket/ && !/AF_PACKET/ { delete open[$NF] }
		/^sendto/ { sent = NR }
		/^close/ && $2 in open { if (!first) first = NR; delete open[$2] }
		END { print n, first, sent; exit !(n > 2 && n <= 6 && first > sent) }' "$LAB/strace"
}

# A sound vault and ten broken ones, also on the kernel's WireGuard.
# bats test_tags=tunnel
@test "PC-3 BX-1: sealed when sound; rules taken away inside, or the guard, are found" {
	up
	sealed
	rule flush ruleset
	leaks link-udp link-tcp link-icmp frame-link frame-vlan frame-other frame-arp forged raw udp-host dns-elsewhere \
		multicast tunnel-address twin-flow twin-route
	vault -q up media conf "$LAB/provider.conf"
	sealed
	host nft delete table inet vault-guard
	host tc qdisc del dev vlt-media clsact # the second wall holds what the guard does: see test/guard.bats
	leaks twin-flush enter frame-link
}

# bats test_tags=tunnel
@test "L1 L15: a rule for established flows without an interface is found by a flow that goes on" {
	up
	rule insert rule inet vault output ct state established accept
	rule delete table netdev vault-link
	host ip -n media route add default via 10.200.0.1 metric 5
	leaks twin-flow
}

# bats test_tags=tunnel
@test "L1 L10: an output chain that accepts is found by sockets" {
	up
	rule flush chain inet vault output
	rule chain inet vault output '{ policy accept; }'
	leaks udp-host link-udp forged raw
}

# bats test_tags=tunnel
@test "L2: a filter of frames that is missing is found by packet sockets" {
	up
	rule delete table netdev vault-link
	leaks frame-link frame-vlan frame-other frame-arp
	vault -q up media conf "$LAB/provider.conf"
	rule delete table netdev vault-tunnel
	leaks frame-tunnel
}

# bats test_tags=tunnel
@test "L6 L7: a resolver within the LAN's range that is asked by the link is found" {
	up dns 192.168.77.2 accessible-from 192.168.77.0/24
	sealed
	host ip -n media route replace 192.168.77.2/32 via 10.200.0.1 dev link-media
	rule insert rule inet vault output udp dport 53 accept
	rule delete table netdev vault-link
	leaks dns-resolvers dns-elsewhere
}

# bats test_tags=tunnel
@test "L5 HO-9: a resolv.conf that the host renamed away from over a process inside is found, and is no leak" {
	up
	host mkdir -p /etc/netns/media
	host cp /run/vault/media/resolv.conf /run/vault/media/nsswitch.conf /etc/netns/media
	spawn inside media sleep infinity
	sealed
	[ "$(verdict processes)" = sealed ]
	host sh -c 'echo nameserver 192.0.2.1 > /etc/resolv.conf.new && mv /etc/resolv.conf.new /etc/resolv.conf'
	sealed # the rules keep it from that resolver
	[[ $(detail processes) == "$SPAWNED (sleep): its /etc/resolv.conf is not the vault's but the host's (start it by vault exec media)" ]]
	[ "$(verdict exec)" = sealed ]
	host sh -c 'echo nameserver 127.0.0.1 > /etc/resolv.conf'
}

# bats test_tags=tunnel
@test "L3: a socket of nscd that a process inside can reach is found" {
	up
	host mkdir -p /etc/netns/media /run/nscd
	host cp /run/vault/media/resolv.conf /run/vault/media/nsswitch.conf /etc/netns/media
	spawn inside media sleep infinity
	sleeper=$SPAWNED
	spawn host nc -lkU /run/nscd/socket
	retry 5 host test -S /run/nscd/socket
	run -3 --separate-stderr vault -j leaktest media # open, and nobody was seen to go out by it
	[[ $(verdict processes) == unknown ]]
	[[ $(detail processes) == "$sleeper (sleep): it sees /run/nscd/socket: who listens there looks names up outside for it (vault exec hides it"* ]]
	[ "$(verdict exec)" = sealed ]
	despawn_all
	host rm -rf /run/nscd
	sealed
}

# bats test_tags=tunnel
@test "L8: IPv6 that was forgotten is found" {
	vault -q up media conf "$LAB/provider4.conf"
	sealed
	inside media sysctl -qw net.ipv6.conf.link-media.disable_ipv6=0
	host ip -6 -n media address add fd00:1::2/64 dev link-media nodad
	host ip -6 address add fd00:1::1/64 dev vlt-media nodad
	host ip -6 -n media route add default via fd00:1::1
	rule insert rule inet vault input meta nfproto ipv6 accept
	rule insert rule inet vault output meta nfproto ipv6 accept
	rule delete table netdev vault-link
	leaks udp-lan frame-link # the guard lets no neighbour be looked for from an address that is not the vault's
}

# bats test_tags=tunnel
@test "L21 L10: a port that is published to everybody is found" {
	up publish 8080:80 accessible-from 192.168.77.0/24
	sealed
	[ "$(verdict publish)" = sealed ]
	host nft add element inet vault-guard entrants4 '{ "vlt-media" . 10.200.0.2 . 0.0.0.0/0 }'
	host nft add element inet vault-guard published4 '{ tcp . 8080 . 0.0.0.0/0 . 0.0.0.0/0 : 10.200.0.2 . 80 }'
	leaks publish enter
}

# by_gateway: media is a member of a segment, whose gateway is `gw`
by_gateway() {
	vault -q up gw conf "$LAB/provider4.conf" segment lan 10.9.0.2/24 gateway
	vault -q up next no-link isolated segment lan 10.9.0.4/24
	vault -q up media no-link segment lan 10.9.0.3/24 via 10.9.0.2
}

@test "L29 PC-3: what a member sends by its gateway passes the host in clear up to that one's port; by anything else of the host it is a leak" {
	local way

	by_gateway
	sealed
	for way in "ingress device vlg-media priority -500; fwd to eth0" "egress device vlg-gw priority 500; dup to eth0" \
		"ingress device vlg-media priority -500; dup to vlg-next"; do
		host nft "table netdev spy { chain c { type filter hook $way; }; }"
		leaks udp-public tcp-public icmp-public udp-lan
		host nft delete table netdev spy
	done
	sealed
	vault -q down gw
	sealed
}

@test "PC-3: what others inside send elsewhere is found" {
	up
	rule delete table netdev vault-link
	rule insert rule inet vault output accept
	spawn inside media ping -q -i 0.02 -I 10.66.0.2 10.200.0.1
	must_see host:vlt-media --from 10.66.0.2 -- true # it does so from here on
	leaks others
}

@test "PC-3: a vault that is not up, or a caller that may not look, cannot be judged: exit 3" {
	run -3 --separate-stderr vault leaktest nosuch
	[[ $stderr == *"not up"* ]]
	up
	run -3 --separate-stderr host setpriv --bounding-set -net_raw --inh-caps -net_raw "$VAULT" leaktest media
	[[ $stderr == *"Operation not permitted"*"root"* ]]
	run -3 --separate-stderr host setpriv --reuid nobody --clear-groups "$VAULT" leaktest media
	[[ $stderr == *"(run it as root)"* ]]
	# Without a run there was no control either.
	run -3 --separate-stderr vault -j leaktest nosuch interval 1s duration 1s
	jq -se '.[0] | .verdict == "unknown" and .control.verdict == "unknown"' <<< "$output"
	# Who may not look at processes does not know who is inside: that is left out, and said.
	spawn inside media sleep 1000
	run -0 --separate-stderr host setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace "$VAULT" -j leaktest media \
		probe udp-public processes
	[ "$(verdict udp-public) $(verdict processes)" = "sealed skip" ]
}

@test "PC-3: from another network namespace than the host's nothing would be seen, and nothing is said; neither of a link that is gone" {
	up
	vault -q up apart conf "$LAB/provider2.conf" no-link
	for name in media apart; do
		for where in media lan2; do
			run -3 host ip netns exec $where "$VAULT" leaktest $name
			[[ $output == *"run it on the host"* ]]
			run -3 host ip netns exec $where "$VAULT" check $name
			[[ $output == *"run it on the host"* ]]
		done
		run -0 vault -q leaktest $name
	done
	vault -q down apart
	host ip link set vlt-media down
	host ip link set vlt-media name other
	host ip link set other up
	run -3 --separate-stderr vault -j leaktest media
	[ "$(verdict udp-public) $(verdict link-udp) $(verdict frame-link) $(verdict twin-flush) $(verdict tunnel-down)" = \
		"sealed unknown unknown unknown skip" ]
	host ip link del other
}

@test "PC-3: each packet of the control that does not arrive makes the run unknown, never sealed" {
	local inject=${VAULT%/*}/test/inject n call unseen=0

	[[ -x $inject ]] || skip "needs the fault injector"
	up
	n=$(host "$inject" list "$VAULT" -q leaktest media probe udp-public | grep -c '^p [0-9]* sendto ')
	for ((call = 1; call <= n; call++)); do
		run --separate-stderr host env CALL=sendto "$inject" lose p $call "$VAULT" -j leaktest media probe udp-public
		echo "$call: exit $status $(jq -r '.verdict, .control.verdict, .control.detail' <<< "$output" | xargs)"
		[ "$(jq -r '.verdict, .control.verdict' <<< "$output" | xargs)" != "unknown unknown" ] || {
			[ "$status" = 3 ]
			unseen=$((unseen + 1))
			continue
		}
		[ "$status" = 0 ]
	done
	[ "$unseen" = 13 ] # ten by the cable, one inside, one to the host; the last one
}

@test "PC-3: probes can be chosen; the JSON has the keys that the page says" {
	up
	sealed probe udp-public twin-flow
	[ "$(jq -r '.probes[].id' <<< "$output" | xargs)" = "udp-public twin-flow" ]
	[ "$(jq -c '.probes[0].vectors' <<< "$output")" = '["L8","L15"]' ]
	sealed
	keys=$(jq -r '[paths(type != "null") | map(select(type == "string")) | join(".")] | .[]' <<< "$output" |
		sed 's/^drops\.[^.]*/drops.REASON/' | sort -u | xargs)
	echo "$keys"
	[ "$keys" = "addresses control control.detail control.verdict drops drops.REASON drops.REASON.packets drops.REASON.total \
duration name probes probes.detail probes.evidence probes.id probes.packets probes.vectors probes.verdict probes.where time token verdict" ]
	for key in ${keys//./ }; do grep -q "\b$key\b" "$top/man/vault-leaktest.8"; done
	rule delete table netdev vault-link
	leaks frame-link
	[ "$(jq -r '[.probes[].evidence[] | keys[]] | unique | join(" ")' <<< "$output")" = "interface summary time" ]
	[[ $(jq -r '.probes[].evidence[0].time // empty' <<< "$output" | head -n 1) =~ ^20[0-9-]+T[0-9:]+\.[0-9]{3}Z$ ]]
	# What is chosen is what a `where` and a verdict are.
	[ "$(jq -r '[.probes[].where] | unique | join(" ")' <<< "$output")" = "host twin vault" ]
	[ "$(jq -r '.token | length' <<< "$output")" = 32 ]
}

# meanwhile WORD… -- COMMAND…: a run with these words, and COMMAND while it is under way; a run is short: one that is over by then is
# none, and another is begun. What it says is in $SPAWNED_OUT, when it has ended.
meanwhile() {
	local words=() i

	while [[ $1 != -- ]]; do words+=("$1"); shift; done
	shift
	for ((i = 0; i < 20; i++)); do
		spawn host "$VAULT" -j leaktest media "${words[@]}"
		until host ip link show vlx-media > /dev/null 2>&1 || gone "$SPAWNED"; do :; done
		if "$@" && ! gone "$SPAWNED"; then
			retry 20 gone "$SPAWNED"
			return
		fi
		retry 20 gone "$SPAWNED"
	done
	echo "each of $i runs was over before: $*"
	return 1
}

signalled() { host kill "-$1" "$SPAWNED"; }

@test "L1 L15 PC-3: disrupt takes the real tunnel down and puts it back, also when it is interrupted" {
	up
	state() { host sh -c 'ip -n media -br address; ip -n media route; ip -n media -6 route'; }
	before=$(state)
	sealed
	[ "$(verdict tunnel-down)" = skip ]
	sealed disrupt
	[ "$(verdict tunnel-down)" = sealed ]
	diff <(echo "$before") <(state)
	host "$VAULT" exec media ping -c 1 -W 30 10.66.0.1
	for signal in INT TERM; do
		meanwhile disrupt -- signalled "$signal"
		# The run went on to its end, twin and all.
		jq -e '.verdict == "sealed" and all(.probes[]; .verdict == "sealed" or .where != "twin")' "$SPAWNED_OUT"
		diff <(echo "$before") <(state)
		[ "$(host ip -br link | grep -c 'twin\|vlx-')" = 0 ]
	done
	vault -q check media
	# A way out that a flow takes while the tunnel is down is found.
	rule insert rule inet vault output ct state established accept
	rule delete table netdev vault-link
	host ip -n media route add default via 10.200.0.1 metric 5
	host ip -6 -n media route add default via fd76:6175:6c74::1 metric 5
	run -1 --separate-stderr vault -j leaktest media disrupt
	[ "$(verdict tunnel-down)" = LEAK ]
}

@test "PC-3: runs of one vault wait for each other, and up and down for them, also where the guard goes with the vault" {
	local i pids=() outs=()

	up
	for i in 1 2 3; do
		spawn host "$VAULT" -j leaktest media
		pids+=("$SPAWNED")
		outs+=("$SPAWNED_OUT")
	done
	for i in 0 1 2; do
		retry 20 gone "${pids[i]}"
		jq -e '.verdict == "sealed"' "${outs[i]}"
	done
	spawn host "$VAULT" -j leaktest media
	retry 5 host ip -br link show vlx-media
	up publish 8080:80
	retry 20 gone "$SPAWNED"
	jq -e '.verdict == "sealed"' "$SPAWNED_OUT"
	spawn host "$VAULT" -j leaktest media
	retry 5 host ip -br link show vlx-media
	vault -q down media
	retry 20 gone "$SPAWNED"
	jq -e '.verdict == "sealed"' "$SPAWNED_OUT"
	up
	# A description that is another by hand is told.
	meanwhile -- host sh -c 'cp /run/vault/media/vault.json /run/kept && mv /run/kept /run/vault/media/vault.json'
	jq -e '.verdict == "unknown" and .control.detail == "the vault was changed meanwhile"' "$SPAWNED_OUT"
	# Counters that a run sees vanish, and come back, do not count backwards.
	inside media ping -c 3 -W 1 -I vault-link 203.0.113.9 || :
	spawn host "$VAULT" -j leaktest media
	retry 5 host ip -br link show vlx-media
	rule flush ruleset
	retry 20 gone "$SPAWNED"
	jq -e '.drops | length > 0 and all(.[]; .packets >= 0 and .packets <= .total)' "$SPAWNED_OUT"
}

# killed: a run is, at the first of its waits from the $nth on that leaves in the guard what it holds for the twin
killed() {
	for (( ; n < 60; n++)); do
		run -137 host strace -o /dev/null -e trace='?poll,ppoll' -e inject="?poll,ppoll:signal=KILL:when=$n" "$VAULT" leaktest media
		! host nft list table inet vault-guard | grep twin || return 0
		sealed
	done
	return 1
}

@test "PC-3: a run that is killed leaves no way open; the next run, or down, clears what is left" {
	local n=1

	need strace traceable
	up
	for _ in 1 2 3; do
		killed
		sealed
		[ "$(host nft list table inet vault-guard | grep -c twin)" = 0 ]
		n=$((n + 1))
	done
	killed
	vault down media
	run -1 host nft list table inet vault-guard
}

@test "on a terminal leaktest and wait-handshake tell what they are at, and leave nothing of it; nowhere else" {
	need script
	local erase=$'\r  '

	terminal() { host env TERM="$1" script -qec "$VAULT ${*:2}" /dev/null; }
	up
	run -0 terminal xterm leaktest media probe udp-public
	[[ $output == *"vault: media: sending the packets of 1 probe$erase"* ]]
	[[ $output == *"vault: media: waiting for the packets that are under way$erase"* ]]
	[[ ${output##*$' \r'} == *"sealed"* && ${output##*$' \r'} != *waiting* ]]
	vault down media
	run -0 terminal xterm up media conf "$LAB/provider.conf" wait-handshake 30
	[[ $output == *"vault: media: waiting for a peer to answer, 30 s at most$erase"* ]]
	for quiet in "dumb leaktest media probe udp-public" "xterm -q leaktest media probe udp-public" "xterm -j leaktest media probe udp-public"; do
		# shellcheck disable=SC2086 # words
		run -0 terminal $quiet
		[[ $output != *"vault: media: "* ]]
	done
	run -0 vault leaktest media probe udp-public
	[[ $output != *"vault: media: "* ]]
}
