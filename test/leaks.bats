#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/leaks.bats: the known ways out of a namespace with a tunnel in it, one a test, each beside a plain namespace that
# it gets out of (the control): ids as in the list of leaks.

# shellcheck disable=SC2154 # `stderr` is what bats' `run` leaves
load helper

# The control: a namespace with an unconfined tunnel and a link to the host, as scripts make them.
setup_file() {
	lab_start
	plain_tunnel plain "$LAB/provider2.conf"
	host bash -euo pipefail <<- 'END'
		ip link add plain0 type veth peer name out netns plain
		ip address add 10.99.0.1/24 dev plain0
		ip address add fd99::1/64 dev plain0 nodad
		ip link set plain0 up
		ip -n plain address add 10.99.0.2/24 dev out
		ip -n plain address add fd99::2/64 dev out nodad
		ip -n plain link set out up
	END
	fallback plain out 10.99.0.1 fd99::1
}

teardown() {
	despawn_all
	vault down media > "$BATS_TEST_TMPDIR/down" 2>&1 || :
}

up() { vault up media conf "$LAB/provider.conf" "$@"; }

mac() { host cat "/sys/class/net/$1/address"; }

# link NAME FAMILY: the host's address on the vault's link
link_address() { host ip -o "-$1" address show dev vlt-media scope global | awk '{ sub("/.*", "", $4); print $4 }'; }

# the token for printf
hex_escapes() { fold -w 2 <<< "$TOKEN" | sed 's/^/\\x/' | tr -d '\n'; }

# flows NAME: four connected sockets in it, which go on sending whatever happens; the token, and their number
flows() {
	spawn isp socat -u TCP6-LISTEN:7777,fork,reuseaddr,ipv6only=0 /dev/null # it hears to the end
	retry 10 isp socat -u /dev/null TCP:203.0.113.9:7777
	spawn inside "$1" bash -c '
		trap "" PIPE
		trap "kill \$(jobs -p); exit" TERM
		n=0
		for to in udp/203.0.113.9/9 udp/2001:db8:9::9/9 tcp/203.0.113.9/7777 tcp/2001:db8:9::9/7777; do
			n=$((n + 1))
			(until exec 3<> "/dev/$to"; do sleep 0.05; done; while :; do printf "$0\\x$n" >&3; sleep 0.05; done) 2> /dev/null &
		done
		wait' "$(hex_escapes)"
}

# flowing WHERE: all four flows are seen there
flowing() {
	observe "$1" --cells "$TOKEN"
	sleep 0.5
	seen > "$BATS_TEST_TMPDIR/flowing"
	cat "$BATS_TEST_TMPDIR/flowing"
	[ "$(grep -o 'cell [1-4] ' "$BATS_TEST_TMPDIR/flowing" | sort -u | wc -l)" = 4 ]
}

# fallback NAME IFACE GATEWAY4 GATEWAY6: a default route of a worse metric by the link, as an admin might add it
fallback() {
	host ip -n "$1" route add default via "$3" dev "$2" metric 4000
	host ip -n "$1" -6 route add default via "$4" dev "$2" metric 4000
}

# interrupted NAME LINK-HOST-END COMMAND…: flows by the tunnel; then COMMAND; what is seen at the host's end?
interrupted() {
	local name=$1 near=$2 again start n

	shift 2
	token
	flows "$name"
	retry 60 flowing srv:wg0
	observe "host:$near" isp:to-host lan:eth0 --cells "$TOKEN"
	again=()
	for n in 03 04; do # the TCP flows
		observe "host:$near" --token "$TOKEN$n"
		again+=("$SPAWNED_OUT")
	done
	"$@"
	if [ "$name" = plain ]; then
		start=$SECONDS
		for n in "${again[@]}"; do retry 60 grep -q '^frame' "$n"; done
		AGAIN=$((2 * (SECONDS - start) + 2)) # how long a connection takes to send again, here and now
	else
		sleep "${AGAIN:-2}"
	fi
	seen > "$BATS_TEST_TMPDIR/interrupted"
	cat "$BATS_TEST_TMPDIR/interrupted"
	despawn_all
}

cells_of() { grep -o "cell [1-4] $1 in [1-9]" "$BATS_TEST_TMPDIR/interrupted" | sort -u | wc -l; }

plain_again() {
	host ip -n plain link set tun-plain up
	for a in 0.0.0.0/0 ::/0; do host ip -n plain route replace $a dev tun-plain; done
}

@test "L1 L15 MV-3 a flow that began in the tunnel goes on nowhere when that goes down, also with another route there" {
	interrupted plain plain0 host ip -n plain link set tun-plain down
	[ "$(cells_of plain0)" = 4 ]
	plain_again

	up
	inside media nft delete table netdev vault-link # it would stop them as well: here the rules are alone
	fallback media link-media "$(link_address 4)" "$(link_address 6)"
	interrupted media vlt-media host ip -n media link set wg-media down
	[ "$SEEN" = 0 ]
}

@test "L15 MV-3 the tunnel deleted in mid-flow: offline at once, and no route to anywhere" {
	up
	[ "$(inside media curl -sS http://203.0.113.80/)" = 198.51.100.1 ]
	interrupted media vlt-media host ip -n media link delete wg-media
	[ "$SEEN" = 0 ]
	for to in 203.0.113.9 2001:db8:9::9; do
		run ! inside media ip route get $to
		[[ $output == *"No route to host"* ]] # what the last, unreachable default says, and not "Network is unreachable"
		run -1 inside media wire send udp $to --token 00
	done
}

# bats test_tags=tunnel
@test "L2 BX-1 a packet socket puts no frame past the kill switch, neither on the link nor forged into the tunnel" {
	up
	local near link=link-media
	near=$(mac vlt-media)
	for to in 203.0.113.9 fd00:77::2; do
		token
		must_see host:plain0 -- inside plain wire send packet $to --iface out --token "$TOKEN"
		token
		must_not_see host:vlt-media -- inside media wire send packet $to --iface $link --mac "$near" --token "$TOKEN"
		[ "$SENT" = 1 ]
	done
	# The tunnel's own address on the link, and another's in the tunnel.
	token
	must_not_see host:vlt-media -- inside media wire send packet "$(link_address 4)" --iface $link --src 10.66.0.2 \
		--mac "$near" --token "$TOKEN"
	for src in 10.66.0.2 10.66.0.9; do
		token
		observe media:wg-media # sees what the filter let pass; the server itself would refuse the other address
		inside media wire send packet 203.0.113.9 --iface wg-media --src $src --token "$TOKEN" || :
		if [ $src = 10.66.0.2 ]; then must_see; else must_not_see; fi
	done
	vault down media | grep "frames of packet sockets"
}

@test "L6 a resolver inside the link's network is asked by the tunnel alone, with a warning" {
	local words=(host-address 10.66.0.9/24 vault-address 10.66.0.10/24)

	# The control: a namespace with such a link asks the resolver's address there.
	host bash -euo pipefail <<- 'END'
		ip netns add overlap
		ip link add overlap0 type veth peer name out netns overlap
		ip address add 10.66.0.9/24 dev overlap0
		ip link set overlap0 up
		ip -n overlap address add 10.66.0.10/24 dev out
		ip -n overlap link set out up
	END
	must_see host:overlap0 --to 10.66.0.1 -- inside overlap wire send udp 10.66.0.1 --port 53 --token 00
	host ip link delete overlap0

	run -0 --separate-stderr up "${words[@]}"
	echo "$stderr"
	[[ $stderr == *"resolver 10.66.0.1 lies in 10.66.0.0/24, which is reached over the link"* ]]
	token
	observe host:vlt-media --to 10.66.0.1 --token "$TOKEN"
	vault exec media -- getent ahostsv4 "$TOKEN.test" | grep 203.0.113.80
	host grep "query.* $TOKEN.test from 10.66.0.2" "$LAB/srv-dns.log"
	host ip -n media link set wg-media down
	run ! vault exec media -- getent ahostsv4 "again-$TOKEN.test"
	must_not_see
	host ping -c 1 -W 30 10.66.0.10 # the link itself works
}

@test "L7 VC-2 PC-4 names are asked of nobody else: 53, 853, 5353, 5355, 8853, udp and tcp, by tunnel and link" {
	local dsts=() plain=() port control

	up
	for port in 53 853 5353 5355 8853; do dsts+=("203.0.113.9@$port" "2001:db8:9::9@$port"); done
	token
	observe srv:wg0 isp:to-srv host:vlt-media host:plain0 --cells "$TOKEN"
	inside plain wire cells "${dsts[@]}" --token "$TOKEN" --first 100 --mac "$(mac plain0)" > /dev/null &
	control=$!
	inside media wire cells "${dsts[@]}" --token "$TOKEN" --mac "$(mac vlt-media)"
	wait $control
	names_only
	# The rules alone, for all but packet sockets.
	inside media nft delete table netdev vault-tunnel
	token
	observe srv:wg0 isp:to-srv host:vlt-media --cells "$TOKEN"
	inside media wire cells "${dsts[@]}" --token "$TOKEN" --mac "$(mac vlt-media)" > /dev/null
	seen > "$BATS_TEST_TMPDIR/rules"
	[[ $SEEN != 0 && $SEEN != unknown ]] # icmp has no ports
	run ! grep -vE 'cell (2[0-9]|3[0-9]) ' <(grep ' cell ' "$BATS_TEST_TMPDIR/rules")
	vault down media
	up
	# The host's own resolver, on the link.
	dsts=()
	for port in 53 853 5353 5355 8853; do dsts+=("$(link_address 4)@$port" "$(link_address 6)@$port") plain+=("10.99.0.1@$port" "fd99::1@$port"); done
	token
	observe host:vlt-media host:plain0 --cells "$TOKEN"
	inside plain wire cells "${plain[@]}" --token "$TOKEN" --first 100 --mac "$(mac plain0)" > /dev/null &
	control=$!
	inside media wire cells "${dsts[@]}" --token "$TOKEN" --mac "$(mac vlt-media)" > /dev/null
	wait $control
	names_only
	vault exec media -- getent ahostsv4 "$TOKEN.test" | grep 203.0.113.80
	vault down media > "$BATS_TEST_TMPDIR/drops"
	cat "$BATS_TEST_TMPDIR/drops"
	grep "queries to servers that are not the vault's resolvers" "$BATS_TEST_TMPDIR/drops"
	grep "frames of packet sockets" "$BATS_TEST_TMPDIR/drops"
}

# names_only: of the cells seen none is the vault's but icmp's, which has no ports; all others of the control are there
names_only() {
	seen > "$BATS_TEST_TMPDIR/names"
	awk '$3 == "cell" && $4 < 100 && ($4 < 20 || $4 > 29) { print "leaked: " $0; bad = 1 }
		$3 == "cell" && $4 >= 100 && ($4 < 120 || $4 > 129) { control[$4]++ }
		END { for (c = 100; c < 150; c++) if ((c < 120 || c > 129) && !control[c]) { print "no control: " c; bad = 1 }
			exit bad }' "$BATS_TEST_TMPDIR/names"
	[ "$SEEN" != unknown ]
}

@test "L8 a tunnel of IPv4 only: no IPv6 anywhere, on a link that has it neither; of IPv6 only: it works, without IPv4" {
	vault up media conf "$LAB/provider4.conf"
	[ "$(inside media curl -sS http://203.0.113.80/)" = 198.51.100.1 ]
	[ -z "$(inside media ip -6 address)" ]
	run ! inside media ip -6 address add fd00:9::1/64 dev link-media
	vault down media

	vault up media conf "$LAB/provider4.conf" host-address fd00:9::1/64 vault-address fd00:9::2/64
	[[ $(inside media ip -o -6 address show dev wg-media) != *inet6* ]]
	host ping -c 1 -W 30 fd00:9::2 # the link has it
	token
	must_see isp:to-host -- inside plain wire send packet 2001:db8:9::9 --iface out \
		--src fd99::2 --mac "$(mac plain0)" --token "$TOKEN"
	token
	observe isp:to-host srv:wg0 host:vlt-media
	inside media wire cells 2001:db8:9::9 fd66::1@53 fd00:77::2 --token "$TOKEN" --mac "$(mac vlt-media)"
	must_not_see
	[ "$(inside media curl -sS http://203.0.113.80/)" = 198.51.100.1 ]
	# Also with a route by the link, and the rules alone (for all but packet sockets).
	inside media nft delete table netdev vault-link
	host ip -n media -6 route replace default via fd00:9::1 dev link-media
	token
	observe isp:to-host host:vlt-media --cells "$TOKEN"
	inside media wire cells 2001:db8:9::9 fd66::1@53 fd00:77::2 --token "$TOKEN" > /dev/null
	seen > "$BATS_TEST_TMPDIR/v6"
	[[ $SEEN != 0 && $SEEN != unknown ]]
	run ! grep -vE 'cell (9|1[01]) ' <(grep ' cell ' "$BATS_TEST_TMPDIR/v6")
	vault down media

	vault up media conf "$LAB/provider6.conf"
	[ "$(inside media curl -sS 'http://[2001:db8:9::80]/')" = 2001:db8:2::1 ]
	token
	vault exec media -- getent ahostsv6 "$TOKEN.test" | grep 2001:db8:9::80
	run ! inside media curl -sS --max-time 1 http://203.0.113.80/
}

# advertise NAME IFACE HOST-END PREFIX4 VAULT6: raw frames out of the host's end, past its output rules
advertise() {
	local mac ll

	mac=$(inside "$1" cat "/sys/class/net/$2/address")
	ll=$(host ip -o -6 address show dev "$3" scope link | awk '{ sub("/.*", "", $4); print $4 }')
	host wire send ra "$5" --iface "$3" --src "$ll" --mac "$mac"
	host wire send ra ff02::1 --iface "$3" --src "$ll" --mac 33:33:00:00:00:01
	host wire send redirect "$4.2" --iface "$3" --src "$4.1" --src "$4.77" --to 203.0.113.9 --mac "$mac"
	sleep 0.3
}

# settled NAME IFACE: its addresses and routes, without what changes by itself
settled() {
	host ip -n "$1" -o address show dev "$2" | sed 's/ *valid_lft.*//; s/tentative//'
	host ip -n "$1" -6 route
	host ip -n "$1" -4 route get 203.0.113.9 | grep -v 'cache\|^ *$'
}

link_local() { host ip -o -6 address show dev "$1" scope link -tentative | grep -q fe80; }

@test "L9 no router's advertisement or redirect makes an address or a route, with the rules inside and without" {
	local before

	host sysctl -qw net.ipv6.conf.default.accept_dad=0 # no waiting for link-local addresses
	retry 5 link_local plain0
	host ip -n plain route replace default via 10.99.0.1 dev out
	host ip -n plain neighbour replace 10.99.0.77 lladdr 02:00:00:00:00:01 dev out
	host ip netns exec plain sysctl -qw net.ipv6.conf.out.accept_ra=2 net.ipv4.conf.all.accept_redirects=1
	before=$(settled plain out)
	advertise plain out plain0 10.99.0 fd99::2
	diff <(echo "$before") <(settled plain out) && false
	settled plain out | grep 2001:db8:bad:
	settled plain out | grep 'via 10.99.0.77'

	up host-address 10.98.0.1/24 vault-address 10.98.0.2/24 host-address fd98::1/64 vault-address fd98::2/64
	retry 5 link_local vlt-media
	before=$(settled media link-media)
	advertise media link-media vlt-media 10.98.0 fd98::2
	diff <(echo "$before") <(settled media link-media)
	# The rules alone hold as well, ...
	inside media sysctl -qw net.ipv6.conf.link-media.accept_ra=2 net.ipv6.conf.link-media.autoconf=1
	advertise media link-media vlt-media 10.98.0 fd98::2
	diff <(echo "$before") <(settled media link-media)
	vault down media
	# ... and so do the settings.
	up host-address 10.98.0.1/24 vault-address 10.98.0.2/24 host-address fd98::1/64 vault-address fd98::2/64
	retry 5 link_local vlt-media
	inside media nft flush ruleset
	host ip -n media route replace default via 10.98.0.1 dev link-media
	host ip -n media neighbour replace 10.98.0.77 lladdr 02:00:00:00:00:01 dev link-media
	before=$(settled media link-media)
	advertise media link-media vlt-media 10.98.0 fd98::2
	diff <(echo "$before") <(settled media link-media)
}

@test "L12 a sender that enters as soon as the name appears gets nothing out, over and over again" {
	local cycles=0 end flood log entered

	# The control: a namespace made name first, as scripts do.
	token
	spawn host wire flood /run/netns/late 203.0.113.9 --token "$TOKEN" --seconds 60
	flood=$SPAWNED
	observe host:any
	host ip netns add late
	host ip link add late0 type veth peer name out netns late
	host sh -c 'ip -n late link set out up; ip link set late0 up'
	must_see
	despawn "$flood"
	host ip netns delete late

	token
	spawn host wire flood /run/netns/media 203.0.113.9 --token "$TOKEN" --seconds 10
	log=$SPAWNED_OUT
	observe host:any isp:to-host lan:eth0
	end=$((SECONDS + 9))
	while ((SECONDS < end && cycles < 200)); do
		up > /dev/null
		vault down media > /dev/null 2>&1
		cycles=$((cycles + 1))
	done
	retry 20 grep '^entered' "$log"
	must_not_see
	echo "# L12: $cycles times up and down, $(< "$log")" >&3
	read -r _ entered _ < "$log"
	((entered > 2))
}

# ruleset PID: the rules around that process, without what was counted
ruleset() { host nsenter --target "$1" --net nft list ruleset | sed 's/packets [0-9]* bytes [0-9]*//'; }

@test "L13 what sends through \`down\` gets nothing out, and stays sealed after it" {
	local before pid

	# The control: rules deleted before the link, as scripts do.
	host bash -euo pipefail <<- 'END'
		ip netns add naive
		ip netns exec naive nft 'table inet t { chain o { type filter hook output priority 0; policy drop; }; }'
		ip link add naive0 type veth peer name out netns naive
		ip link set naive0 up
		ip -n naive address add 10.97.0.2/24 dev out
		ip -n naive link set out up
		ip -n naive route add default via 10.97.0.1 dev out
		ip -n naive neighbour add 10.97.0.1 lladdr "$(cat /sys/class/net/naive0/address)" dev out
	END
	token
	spawn inside naive wire send udp 203.0.113.9 --token "$TOKEN" --count 1000000
	pid=$SPAWNED
	must_not_see host:naive0 -- sleep 0.2
	observe host:naive0
	inside naive nft flush ruleset
	retry 5 frame_told
	host ip netns delete naive
	must_see
	despawn "$pid"

	up
	token
	spawn host wire flood /run/netns/media 203.0.113.9 --token "$TOKEN" --seconds 120
	pid=$SPAWNED
	must_see srv:wg0 -- sleep 0.5
	before=$(ruleset "$pid")
	observe host:any isp:to-host lan:eth0
	run -0 --separate-stderr vault down media
	echo "$stderr"
	[[ $stderr == *"process $pid "*"goes on inside"* ]]
	# The filters for frames go with their devices; all else stays.
	[ "$(ruleset "$pid" | sed '/^table netdev/,$d')" = "$(sed '/^table netdev/,$d' <<< "$before")" ]
	[[ $(ruleset "$pid") == *"hook output priority filter; policy drop;"* ]]
	[ "$(host nsenter --target "$pid" --net ip -o link | grep -vc ' lo:')" = 0 ]
	sleep 0.5 # it goes on trying
	host kill -0 "$pid"
	must_not_see
}

# world: all of the host that a vault could leave something in
world() {
	host bash -c '
		nft list ruleset
		ip -o link | sed "s/^[0-9]*: //"
		ip -o address | sed "s/^[0-9]*: //; s/tentative//"
		ip route show table all
		ip -6 route show table all
		ip rule
		find /run/netns /run/vault /run/wireguard
		find /run/vault /run/wireguard /etc -type f -exec sha256sum {} +
		pgrep -a wireguard-go'
}

@test "L16 to the endpoint's own address too, what is inside sends through the tunnel alone" {
	up
	token
	must_see isp:to-host --token "$TOKEN" -- host "$WIRE" send udp 198.51.100.1 --port 9 --token "$TOKEN"
	token
	all() {
		for how in udp tcp icmp raw; do inside media wire send $how 198.51.100.1 --port 9 --token "$TOKEN"; done
		inside media wire send packet 198.51.100.1 --iface link-media --port 9 --mac "$(mac vlt-media)" --token "$TOKEN"
	}
	must_not_see isp:to-host host:vlt-media -- all
	# It does get there: the server answers, to the tunnel's address.
	[[ $(inside media curl -sS -m 60 http://198.51.100.1/) == 10.66.0.2 ]]
}

# bats test_tags=tunnel
@test "L18 a tunnel told another endpoint, from inside, sends nothing there; up puts it right" {
	endpoint() { inside "$1" wg set "$2" peer "$(host cat "$LAB/keys/server.pub")" endpoint 203.0.113.9:51820; }
	counted() { host nft -j list counter inet vault-guard dropped_endpoint | jq '.nftables[] | .counter? // empty | .packets'; }
	asks() { inside "$1" curl -s -m 2 http://203.0.113.80/ > /dev/null || :; }

	plain_tunnel other "$LAB/provider2.conf" # the one that all tests have may be gone by now
	up
	[[ $(inside media curl -sS -m 60 http://203.0.113.80/) == 198.51.100.1 ]]
	[[ $(inside other curl -sS -m 60 http://203.0.113.80/) == 198.51.100.1 ]]
	endpoint other tun-other
	must_see isp:to-host --to 203.0.113.9 -- asks other
	host ip netns del other # it would go on asking
	retry 5 host sh -c '! pgrep -f "[t]un-other"'
	endpoint media wg-media
	must_not_see isp:to-host --to 203.0.113.9 -- asks media
	(($(counted) > 0))

	up
	[[ $(inside media curl -sS -m 60 http://203.0.113.80/) == 198.51.100.1 ]]

	# Without a link the guard holds it all the same.
	up no-link
	endpoint media wg-media
	must_not_see isp:to-host --to 203.0.113.9 -- asks media
}

@test "L28 an error or a lost answer of the kernel in \`up\`: it fails, and leaves nothing" {
	local before what n status failed=0

	need strace traceable
	up && vault down media # what stays for good, stays now
	before=$(world)
	for what in sendto:error=EPERM sendmsg:error=ENOBUFS recvfrom:error=EIO recvmsg:error=ENOBUFS recvmsg:retval=0; do
		for n in 1 2 3 4 6 8 11 15; do
			status=0
			host strace -o "$LAB/strace" -e inject="$what:when=$n" -e trace="${what%%:*}" "$VAULT" up media \
				conf "$LAB/provider.conf" > "$BATS_TEST_TMPDIR/out" 2>&1 || status=$?
			host grep -q INJECTED "$LAB/strace" || n=over
			if [ $status = 0 ]; then # asked again, or not injected: then it must be whole
				vault exec media -- true
				vault down media > /dev/null
			elif [ $n != over ]; then
				failed=$((failed + 1))
			fi
			diff <(echo "$before") <(world) || status=bad
			[[ $status == [01] ]] || { echo "$what $n: $status"; cat "$BATS_TEST_TMPDIR/out"; return 1; }
			[ $n != over ] || break
		done
	done
	echo "# L28: $failed faults" >&3
	((failed > 10))
}

@test "L28 VC-1 exec refuses a vault whose rules someone changed behind its back, however little" {
	local change

	for change in 'add rule inet vault output accept' 'insert rule inet vault output oifname "link-media" accept' \
		'add chain inet vault output { policy accept; }' 'flush chain inet vault output' 'delete table inet vault' \
		'add element inet vault resolvers4 { 192.0.2.53 }' 'delete element inet vault name_ports { 53 }' \
		'delete table netdev vault-link' 'insert rule netdev vault-tunnel egress accept' \
		'add rule inet vault input accept' 'flush ruleset'; do
		up
		vault exec media -- true
		inside media nft "$change"
		echo "$change"
		run -125 vault exec media -- true
		echo "$output"
		vault down media
	done
}
