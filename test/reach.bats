#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/reach.bats: what may be reached over the link and on the tunnel (accessible-from, publish, open-port, allow-host,
# allow-to), by whom, and that nothing else may. Who answers says whom it saw.

# shellcheck disable=SC2154 # `stderr` is what bats' `run` leaves
load helper

# ask PROTO FROM TO PORT [TRIES]: whom the service there saw; nothing, and 1, when nobody answers
setup_file() {
	lab_start
	host sh -c 'cat > $LAB/bin/ask && chmod +x $LAB/bin/ask' <<- 'END'
		#!/bin/bash
		[[ $3 == *:* ]] && to="$1"6:[$3]:$4 from=[$2] || to="$1"4:$3:$4 from=$2
		[[ $2 == - ]] || to+=,bind=$from
		[[ $1 == UDP ]] || to+=,connect-timeout=1
		for ((i = 0; i < ${5:-1}; i++)); do
			said=$(echo "${TOKEN:-}" | socat -t 1 -T 1 - "$to" 2> /dev/null | tr -d '\n')
			[[ -z $said ]] || { echo "$said"; exit 0; }
		done
		exit 1
	END
	# matrix: each line of stdin is WHO WHAT PORT TO4 TO6 FROM4 FROM6 EXPECTED4 EXPECTED6 (`-`: any; nobody), all asked at
	# once, by TCP and UDP. Prints WHO WHAT PROTO FAMILY SEEN EXPECTED.
	host sh -c 'cat > $LAB/bin/matrix && chmod +x $LAB/bin/matrix' <<- 'END'
		#!/bin/bash
		one() { # WHO WHAT PROTO FAMILY FROM TO PORT EXPECTED
			local tries=1 where=() said
			case $1 in
			listed) where=(lan) ;;
			unlisted) where=(lan2) ;;
			isp) where=(isp) ;;
			other) where=(ip netns exec other) ;;
			esac
			[[ $8 == - ]] || tries=20
			said=$("${where[@]}" ask "$3" "$5" "$6" "$7" $tries)
			echo "$1 $2 $3 $4 ${said:--} $8"
		}
		while read -r who what port to4 to6 from4 from6 want4 want6; do
			for proto in TCP UDP; do
				one $who $what $proto 4 $from4 $to4 $port $want4 &
				one $who $what $proto 6 $from6 $to6 $port $want6 &
			done
		done
		wait
	END
	# a namespace that does route, to compare with
	host bash -euo pipefail <<- 'END'
		ip netns add plain
		ip link add plain0 type veth peer name out netns plain
		ip address add 10.99.0.1/24 dev plain0
		ip address add fd99::1/64 dev plain0 nodad
		ip link set plain0 up
		ip -n plain address add 10.99.0.2/24 dev out
		ip -n plain address add fd99::2/64 dev out nodad
		ip -n plain link set lo up
		ip -n plain link set out up
		ip -n plain route add default via 10.99.0.1
		ip -n plain -6 route add default via fd99::1
		ip netns exec plain sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
		for a in $(ls /proc/sys/net/ipv4/conf/*/rp_filter); do echo 0 > "$a"; done
	END
	for a in 10.99.0.0/16 10.200.0.0/16 10.66.0.2; do isp ip route add "$a" via 192.0.2.2; done
	for a in fd99::/64 fd76:6175:6c74::/48 fd66::2; do isp ip route add "$a" via 2001:db8:1::2; done
}

teardown() {
	local name

	despawn_all
	for name in $(host ls /run/vault); do vault down "$name" > /dev/null 2>&1 || :; done
	! host nft list table inet vault-guard > /dev/null 2>&1 || { host nft delete table inet vault-guard; return 1; }
}

lists=(accessible-from '192.168.77.2/32,fd00:77::2/128')
up() { vault up media conf "$LAB/provider.conf" "$@"; }

# The server knows where its client is once that has spoken.
warm() { retry 10 inside media curl -sfm 2 -o /dev/null http://10.66.0.1/; }

# serve PORT: inside media; its visitors are in the file $VISITORS
serve() {
	spawn inside media wire echo "$1"
	VISITORS=$SPAWNED_OUT
	retry 10 grep -q '^ready' "$VISITORS"
}

visitors() { grep -h '^tcp\|^udp' "$@" | sort -u; }

# elements NAME: of all the guard's sets, those that name that vault's link
# Not the tunnel's endpoints, which every vault has there.
elements() { host nft list table inet vault-guard | grep -o "[^{,]*\"vlt-$1\"[^,}]*" | sed 's/^[ \t]*//; s/elements = //; s/[ \t]*$//; /^0x/d; /^[0-9a-f.:]* comment/d' || :; }

mac() { host cat "/sys/class/net/$1/address"; }

# sees ADDRESS COMMAND…: the service says that it saw that address
sees() { [[ $("${@:2}" 2> /dev/null) == *"$1"* ]]; }

# ---- the matrix ------------------------------------------------------------------------------------------------------

# through NAME LINK GATEWAY4 GATEWAY6 TO4 TO6: what anybody sends to those of the host's addresses goes by that namespace
through() {
	host bash -euo pipefail -s -- "$@" <<- 'END'
		for v in 4 6; do
			gateway=$3 to=$5
			[[ $v == 4 ]] || gateway=$4 to=$6
			ip -$v route replace default via "$gateway" dev "$2" table 99
			ip -$v rule show pref 100 | grep -q local || ip -$v rule add pref 100 lookup local
			ip -$v rule del pref 0 2> /dev/null || :
			for iif in eth0 eth1 lo vlt-other; do ip -$v rule add pref 10 iif $iif to "$to" lookup 99; done
		done
	END
}

straight() {
	host bash -euo pipefail <<- 'END'
		for v in 4 6; do
			ip -$v rule add pref 0 lookup local
			ip -$v rule del pref 100
			while ip -$v rule del pref 10 2> /dev/null; do :; done
		done
	END
}

@test "VC-7 VC-8 VC-13 L20 L21 who reaches what of a vault, its host and its tunnel: the matrix" {
	local cells=$BATS_TEST_TMPDIR/cells nine seven who
	need socat

	up "${lists[@]}" publish 8080:9/both open-port 7/both > /dev/null
	serve 9
	nine=$VISITORS
	serve 7
	seven=$VISITORS
	vault up other conf "$LAB/provider2.conf" allow-host 9/both > /dev/null
	# the other vault is in an attacker's hands: no rules, and a route by the link
	inside other nft flush ruleset
	host ip -n other route replace default via 10.200.0.5 dev link-other
	host ip -n other -6 route replace default via fd76:6175:6c74::5 dev link-other
	# as if the host were to lead to the tunnel's address
	host ip route add 10.66.0.2 via 10.200.0.2
	host ip -6 route add fd66::2 via fd76:6175:6c74::2

	host matrix <<- 'END' > "$cells"
		listed published 8080 192.168.77.1 fd00:77::1 - - 192.168.77.2 fd00:77::2
		unlisted published 8080 192.168.77.1 fd00:77::1 - - - -
		isp published 8080 192.0.2.2 2001:db8:1::2 - - - -
		other published 8080 10.200.0.5 fd76:6175:6c74::5 - - - -
		host published 8080 192.168.77.1 fd00:77::1 192.168.77.1 fd00:77::1 10.200.0.1 fd76:6175:6c74::1
		localhost published 8080 127.0.0.1 ::1 127.0.0.1 ::1 10.200.0.1 -
		listed other-port 7 192.168.77.1 fd00:77::1 - - - -
		unlisted other-port 7 192.168.77.1 fd00:77::1 - - - -
		isp other-port 7 192.0.2.2 2001:db8:1::2 - - - -
		other other-port 7 10.200.0.5 fd76:6175:6c74::5 - - - -
		host other-port 7 192.168.77.1 fd00:77::1 192.168.77.1 fd00:77::1 - -
		localhost other-port 7 127.0.0.1 ::1 127.0.0.1 ::1 - -
		listed own 9 192.168.77.1 fd00:77::1 - - 192.168.77.2 fd00:77::2
		unlisted own 9 192.168.77.1 fd00:77::1 - - 192.168.77.3 fd00:77::3
		isp own 9 192.0.2.2 2001:db8:1::2 - - 192.0.2.1 2001:db8:1::1
		other own 9 10.200.0.5 fd76:6175:6c74::5 - - 10.200.0.6 fd76:6175:6c74::6
		host own 9 192.168.77.1 fd00:77::1 192.168.77.1 fd00:77::1 192.168.77.1 fd00:77::1
		localhost own 9 127.0.0.1 ::1 127.0.0.1 ::1 127.0.0.1 ::1
		listed vault 7 10.200.0.2 fd76:6175:6c74::2 - - 192.168.77.2 fd00:77::2
		unlisted vault 7 10.200.0.2 fd76:6175:6c74::2 - - - -
		isp vault 7 10.200.0.2 fd76:6175:6c74::2 - - - -
		other vault 7 10.200.0.2 fd76:6175:6c74::2 - - - -
		host vault 7 10.200.0.2 fd76:6175:6c74::2 192.168.77.1 fd00:77::1 10.200.0.1 fd76:6175:6c74::1
		localhost vault 7 10.200.0.2 fd76:6175:6c74::2 127.0.0.1 ::1 10.200.0.1 -
		listed tunnel 7 10.66.0.2 fd66::2 - - - -
		unlisted tunnel 7 10.66.0.2 fd66::2 - - - -
		isp tunnel 7 10.66.0.2 fd66::2 - - - -
		other tunnel 7 10.66.0.2 fd66::2 - - - -
		host tunnel 7 10.66.0.2 fd66::2 192.168.77.1 fd00:77::1 - -
		localhost tunnel 7 10.66.0.2 fd66::2 127.0.0.1 ::1 - -
	END
	warm
	# The controls: the tunnel's address does answer where it may, ...
	[ "$(srv ask TCP - 10.66.0.2 7 5)" = 10.66.0.1 ]
	[ "$(srv ask UDP - fd66::2 7 5)" = fd66::1 ]

	# ... and a namespace that routes does lead to the host.
	through plain plain0 10.99.0.2 fd99::2 10.99.0.1 fd99::1
	for who in lan lan2 isp; do
		[ -n "$($who ask UDP - 10.99.0.1 9 5)" ]
		must_see plain:out --to fd99::1 -- $who ask UDP - fd99::1 9
	done
	straight
	through media vlt-media 10.200.0.2 fd76:6175:6c74::2 10.200.0.1 fd76:6175:6c74::1
	host matrix <<- 'END' >> "$cells"
		listed through 9 10.200.0.1 fd76:6175:6c74::1 - - - -
		unlisted through 9 10.200.0.1 fd76:6175:6c74::1 - - - -
		isp through 9 10.200.0.1 fd76:6175:6c74::1 - - - -
		other through 9 10.200.0.1 fd76:6175:6c74::1 - - - -
		host through 9 10.200.0.1 fd76:6175:6c74::1 192.168.77.1 fd00:77::1 - -
		localhost through 9 10.200.0.1 fd76:6175:6c74::1 127.0.0.1 ::1 - -
	END
	straight

	table > "$BATS_TEST_TMPDIR/table"
	sed 's/^/# /' "$BATS_TEST_TMPDIR/table" >&3
	[ "$(wc -l < "$cells")" = 144 ]
	[ -z "$(awk '$5 != $6' "$cells" | tee /dev/stderr)" ]
	# nobody else was heard inside, answered or not
	[ "$(visitors "$nine" "$seven" | awk '{ print $2 }' | sort -u | tr '\n' ' ')" = \
		"10.200.0.1 10.66.0.1 192.168.77.2 fd00:77::2 fd66::1 fd76:6175:6c74::1 " ]
}

# How many of the four (TCP and UDP, IPv4 and IPv6) were answered, and how many should be.
table() {
	awk '
		{ got[$1, $2] += $5 != "-"; want[$1, $2] += $6 != "-" }
		END {
			n = split("published other-port own vault tunnel through", what)
			m = split("listed unlisted isp other host localhost", who)
			printf "%-10s", "seen/expct"
			for (j = 1; j <= n; j++) printf " %-10s", what[j]
			for (i = 1; i <= m; i++) {
				printf "\n%-10s", who[i]
				for (j = 1; j <= n; j++) printf " %-10s", got[who[i], what[j]] "/" want[who[i], what[j]]
			}
			print ""
		}' "$cells"
}

# ---- in --------------------------------------------------------------------------------------------------------------

reachable() { [[ $(inside media ip -6 neigh show "$1") == *REACHABLE* ]]; }

@test "VC-7 answers to a network that may enter go by the link, none by the tunnel" {
	need socat
	up "${lists[@]}" > /dev/null
	serve 9
	observe media:wg-media --to 192.168.77.2 --to fd00:77::2
	[ "$(lan ask TCP - 10.200.0.2 9 5)" = 192.168.77.2 ]
	[ "$(lan ask UDP - fd76:6175:6c74::2 9 5)" = fd00:77::2 ]
	must_not_see
	must_see host:vlt-media --from 10.200.0.2 -- lan ask UDP - 10.200.0.2 9 5
	# A host that was long not heard of is looked for, packets of the vault's or not.
	host ip -n media -6 neigh replace fd76:6175:6c74::1 lladdr "$(mac vlt-media)" dev link-media nud probe
	retry 10 reachable fd76:6175:6c74::1
	[ "$(lan ask UDP - fd76:6175:6c74::2 9)" = fd00:77::2 ]
	# The control: what is inside opens no connection there: it has no way but the link, which lets answers alone pass.
	token
	observe media:wg-media host:vlt-media
	run ! inside media wire send udp 192.168.77.2 --port 9 --token "$TOKEN"
	must_not_see
	must_see media:wg-media -- inside media wire send udp 203.0.113.9 --token "$TOKEN"
}

# answers FROM WHO PROTO TO PORT: who says it saw WHO (`-`: nobody does)
answers() {
	local said

	[[ $2 == - ]] && { run ! "$1" ask "$3" - "$4" "$5"; return; }
	said=$("$1" ask "$3" - "$4" "$5" 5)
	[ "$said" = "$2" ] || { echo "$*: $said"; return 1; }
}

@test "VC-8 L21 publish: each protocol, one address alone, and the host's own service for who is not let in" {
	need socat
	up "${lists[@]}" publish 8001:9 publish 8002:9/udp publish 192.168.77.1:8003:9/both publish '[fd00:77::1]:8004:9' \
		publish 8010:9 publish 127.0.0.1:8005:9 > /dev/null
	serve 9
	answers lan 192.168.77.2 TCP 192.168.77.1 8001
	answers lan - UDP 192.168.77.1 8001
	answers lan 192.168.77.2 UDP 192.168.77.1 8002
	answers lan - TCP 192.168.77.1 8002
	# on one address
	answers lan 192.168.77.2 TCP 192.168.77.1 8003
	answers lan 192.168.77.2 UDP 192.168.77.1 8003
	answers lan - TCP 192.0.2.2 8003
	answers lan 192.168.77.2 TCP 192.0.2.2 8001 # the control
	answers lan - TCP fd00:77::1 8003
	answers host - TCP 127.0.0.1 8003
	answers host 10.200.0.1 TCP 192.168.77.1 8003
	answers lan fd00:77::2 TCP fd00:77::1 8004
	answers lan - TCP 2001:db8:1::2 8004
	answers host 10.200.0.1 TCP 127.0.0.1 8005
	answers host - TCP 192.168.77.1 8005
	# a service of the host's own that comes later, on a published port
	spawn host wire echo 8010
	local own=$SPAWNED_OUT
	retry 10 grep -q '^ready' "$own"
	answers lan2 192.168.77.3 TCP 192.168.77.1 8010
	answers isp 192.0.2.1 TCP 192.0.2.2 8010
	answers lan 192.168.77.2 TCP 192.168.77.1 8010
	answers lan 192.168.77.2 UDP 192.168.77.1 8010 # tcp alone is published
	[ "$(visitors "$own" | tr '\n' ' ')" = "tcp 192.0.2.1 tcp 192.168.77.3 udp 192.168.77.2 " ]
	[[ $(visitors "$VISITORS" | tr '\n' ' ') == "tcp 10.200.0.1 tcp 192.168.77.2 tcp fd00:77::2 udp 192.168.77.2 " ]]
}

# leads_to: who answers the LAN at port 8010 of the host, the host or the vault, and whom it saw
leads_to() { lan ask TCP - 192.168.77.1 8010 5; }

@test "HO-6 a port on which a program of the host listens is not taken from it: refused by name, nothing is changed" {
	local words

	need socat
	spawn host wire echo 8010
	retry 10 grep -q '^ready' "$SPAWNED_OUT"
	[ "$(leads_to)" = 192.168.77.2 ] # the control
	for words in 'publish 8010' 'publish 8010:80/udp' 'publish 8009 publish 192.168.77.1:8010' 'publish 127.0.0.1:8010:80'; do
		# shellcheck disable=SC2086 # words
		run -1 --separate-stderr up "${lists[@]}" $words
		[[ $stderr == *": publish "*8010*": wire (process "*") on "*" listens there: who may enter would get the vault"* ]]
		run ! host ls /run/vault/media
	done
	# the same of a vault that is up: it stays as it was
	up "${lists[@]}" publish 8009:9 > /dev/null
	run -1 --separate-stderr up "${lists[@]}" publish 8009:9 publish 8010
	[[ $stderr == *"publish 8010/tcp: wire (process "* ]]
	run -1 --separate-stderr up "${lists[@]}" publish 8009:9 publish 8010 plan
	vault check media
	[ "$(vault -j up media as-made)" = '{"name":"media","changes":[]}' ]
	[ "$(leads_to)" = 192.168.77.2 ]
	# at an address, or by a protocol, where nobody listens it may be given
	spawn host socat TCP-LISTEN:8011,bind=127.0.0.1,fork PIPE
	retry 10 host sh -c 'ss -Hltn | grep -q 127.0.0.1:8011'
	up "${lists[@]}" publish 192.168.77.1:8011 publish 8011/udp > /dev/null
	vault check media
	run -1 --separate-stderr up "${lists[@]}" publish 8011
	[[ $stderr == *"publish 8011/tcp: socat (process "*") on 127.0.0.1 listens there"* ]]
}

@test "DL-11 publish takes ranges and lists: each port of the host leads to its own inside" {
	up "${lists[@]}" publish 8020-8022:30,8030/udp,127.0.0.1:8040-8041/both > "$BATS_TEST_TMPDIR/up"
	grep -qx '  publish 8020-8022:30/tcp, 8030/udp, 127.0.0.1:8040-8041/tcp, 127.0.0.1:8040-8041/udp' "$BATS_TEST_TMPDIR/up" ||
		grep -qx 'media: + publish 8022:32/tcp' "$BATS_TEST_TMPDIR/up"
	serve 31
	answers lan 192.168.77.2 TCP 192.168.77.1 8021
	answers lan - TCP 192.168.77.1 8020
	answers lan - TCP 192.168.77.1 8031
	run -0 vault check media
	[[ $output == *"  publish         8020-8022:30/tcp, 8030/udp, 127.0.0.1:8040-8041/tcp,"* ]]
	[ "$(vault up media as-made)" = "media: up, sealed, as described" ]
	run -2 up "${lists[@]}" publish 1000-1256
	[[ $output == *"publish: \"1000-1256\" is too much: no more than 256 ports are published"* ]]
	up "${lists[@]}" publish 21000-21255 > "$BATS_TEST_TMPDIR/up"
	vault check media
	serve 21255
	answers lan 192.168.77.2 TCP 192.168.77.1 21255
	vault leaktest media probe publish probe enter
}

# table_of RULES: a table of another program's in the host, on the way of what comes in
table_of() {
	host nft -f - <<< 'add table ip their; delete table ip their; add table ip6 their; delete table ip6 their'
	host nft -f - <<< "table ${family:-ip} their {
		chain to { $1
		}
		chain nobody { ${2-}
		}
		chain pre { type nat hook prerouting priority dstnat; ${3-jump to}
		}
	}"
}

@test "HO-6 of rules of others those count that the same packets come to: others are warned of, or not told" {
	local family what

	up "${lists[@]}" > /dev/null
	while IFS='|' read -r what family rules publish; do
		table_of "$rules"
		run --separate-stderr vault up media conf "$LAB/provider.conf" "${lists[@]}" publish "$publish" plan
		echo "$what: $status: $rules: $stderr"
		case $what in
		taken) [[ $status == 1 && $stderr == *"table $family their, chain to forwards it: who may enter would get the vault"* ]] ;;
		perhaps) [[ $status == 0 && $stderr == *"table $family their, chain to forwards it, if for the same packets"* ]] ;;
		no) [[ $status == 0 && $stderr != *their* ]] ;;
		esac
	done <<- 'END'
		taken|ip|tcp dport 8010 dnat to 203.0.113.80:80|8010
		taken|ip|tcp dport 8000-8100 redirect to :80|192.168.77.1:8010
		taken|ip|iifname != "docker0" tcp dport 8010 counter dnat to 203.0.113.80:80|8010
		taken|ip|ip daddr 192.168.77.1 tcp dport 8010 dnat to 203.0.113.80:80|8010
		taken|ip|tcp dport { 80, 8010, 8011 } dnat to 203.0.113.80:80|8010
		taken|ip|tcp dport { 80, 8000-8010 } dnat to 203.0.113.80:80|8010
		taken|ip|dnat to tcp dport map { 80 : 203.0.113.80, 8010 : 203.0.113.80 }|8010
		no|ip|tcp dport { 80, 8011 } dnat to 203.0.113.80:80|8010
		no|ip|tcp dport { 8000-8009, 8011-8020 } dnat to 203.0.113.80:80|8010
		perhaps|ip|tcp dport != { 80, 8011 } tcp dport 8000-8010 dnat to 203.0.113.80:80|8010
		taken|ip6|tcp dport 8010 redirect to :80|8010
		perhaps|ip|ip daddr 192.168.0.0/16 tcp dport 8010 dnat to 203.0.113.80:80|192.168.77.1:8010
		perhaps|ip|ip saddr 198.18.0.0/24 tcp dport 8010 dnat to 203.0.113.80:80|8010
		perhaps|ip|iifname "docker0" tcp dport 8010 dnat to 203.0.113.80:80|8010
		taken|ip|ip daddr != 10.88.0.0/16 tcp dport 8000-8010 dnat to 203.0.113.80:80|8010
		taken|ip|ip daddr != 192.168.77.1 tcp dport 8010 redirect to :80|8010
		no|ip|ip daddr != 192.168.77.1 tcp dport 8010 redirect to :80|192.168.77.1:8010
		no|ip6|tcp dport 8010 redirect to :80|192.168.77.1:8010
		no|ip|tcp dport 8010 redirect to :80|[fd00:77::1]:8010
		no|ip|ip daddr 198.18.0.0/24 tcp dport 8010 dnat to 203.0.113.80:80|192.168.77.1:8010
		no|ip|ip daddr 198.18.0.1 tcp dport 8010 dnat to 203.0.113.80:80|8010
		no|ip|tcp dport 8010 dnat to 203.0.113.80:80|8010/udp
		no|ip|tcp dport 8011 dnat to 203.0.113.80:80|8010
	END
	table_of counter 'tcp dport 8010 redirect to :80' # a chain that nothing leads to
	vault up media conf "$LAB/provider.conf" "${lists[@]}" publish 8010 plan
	host nft delete table ip their
}

@test "HO-7 what refuses is told, by which chain it ever comes; what names the link, each way by itself, is not" {
	local what rules

	up "${lists[@]}" > /dev/null
	while IFS='|' read -r what rules; do
		host nft -f - <<< "table ip their {
			counter c { }
			set s { type ipv4_addr; flags dynamic; size 64; }
			chain refuse { drop; }
			chain pass { accept; }
			chain count { counter; }
			chain link { oifname \"vlt-media\" accept; iifname \"vlt-media\" accept; }
			chain forward { type filter hook forward priority 0; $rules
			}
		}"
		run --separate-stderr up "${lists[@]}"
		host nft delete table ip their
		echo "$what: $rules: $stderr"
		[[ $what != in && $what != both ]] || [[ $stderr == *"into the vault: another firewall (table ip their, chain forward)"* ]]
		[[ $what != out && $what != both ]] || [[ $stderr == *"out of the vault: another firewall (table ip their, chain forward)"* ]]
		[[ $what == in || $what == both ]] || [[ $stderr != *"into the vault: another firewall"* ]]
		[[ $what == out || $what == both ]] || [[ $stderr != *"out of the vault: another firewall"* ]]
	done <<- 'END'
		both|policy drop;
		both|policy accept; counter name c drop
		both|policy accept; add @s { ip saddr } drop
		both|policy accept; goto refuse
		both|policy drop; goto count; accept
		both|policy drop; oifname "vlt-media" counter
		both|policy drop; oifname "vlt-media" drop
		out|policy drop; oifname "vlt-media" accept
		in|policy drop; iifname "vlt-media" accept
		no|policy accept; goto count; drop
		no|policy accept; jump pass; drop
		no|policy drop; ct state established,related accept; iifname "eth1" jump link; oifname "eth1" jump link
		no|policy drop; iifname "vlt-*" accept; oifname "vlt-*" accept
	END
	# one of IPv6 is no matter of words that have IPv4 alone
	host nft 'table ip6 their { chain forward { type filter hook forward priority 0; policy drop; }; }'
	run -0 --separate-stderr up accessible-from 192.168.77.0/24
	[[ $stderr != *their* ]]
	run -0 --separate-stderr up accessible-from fd00:77::/64
	[[ $stderr == *"table ip6 their, chain forward"* ]]
	host nft delete table ip6 their
	# the same of iptables as it was
	while IFS='|' read -r what rules; do
		host iptables-legacy-restore <<< $'*filter\n:refuse - [0:0]\n-A refuse -j DROP\n'"${rules//;/$'\n'}"$'\nCOMMIT'
		run --separate-stderr up "${lists[@]}"
		echo "$what: $rules: $stderr"
		[[ $what == no ]] || [[ $stderr == *"out of the vault: another firewall (iptables-legacy, chain FORWARD)"* ]]
		[[ $what != no ]] || [[ $stderr != *iptables-legacy* ]]
	done <<- 'END'
		told|-A FORWARD -m comment --comment "the rest" -j REJECT
		told|-A FORWARD -g refuse
		told|-A FORWARD -i vlt-media -j DROP;-A FORWARD -j DROP
		told|-A FORWARD -j DROP
	END
	host iptables-legacy -F
	host iptables-legacy -X
}

@test "HO-7 what as-made meets besides what it mends is not accepted by that: a fault stays one" {
	up "${lists[@]}" > /dev/null
	host sh -c 'echo 0 > /proc/sys/net/ipv4/conf/eth1/forwarding'
	run -1 vault check media
	[[ $output == *"FAIL     forwarding"* ]]
	inside media ip link set wg-media down
	vault up media as-made
	run -1 vault check media
	[[ $output == *"FAIL     forwarding"* ]]
	up "${lists[@]}" # by whoever types it, and was told
	vault check media
	vault up media as-made
	vault check media
	host sh -c 'echo 1 > /proc/sys/net/ipv4/conf/eth1/forwarding'
}

# why_is VERDICT FROM TO REAL: what `why` says, and what came of REAL, an answer or none
why_is() {
	local from=()

	[ "$2" = inside ] || from=(from "$2")
	run vault check media why "$3" "${from[@]}"
	echo "$output"
	[[ $output == "media: $2 to $3: $1"* && $status == $([ "$1" = passes ] && echo 0 || echo 1) ]]
	[[ $1 != passes || -n $4 ]]
	[[ $1 != dropped || -z $4 ]]
}

@test "DL-13 why tells of a packet what the kernel does with it, from inside and from outside, and by which word" {
	local to answer who address

	up accessible-from 192.168.77.2/32 publish 9091:80 publish 192.168.77.1:9093:80 allow-host 9 \
		allow-to 192.168.77.2:9/tcp open-port 6881 > /dev/null
	warm
	serve 80
	for to in 203.0.113.80:80 192.168.77.2:9 10.200.0.1:9 10.200.0.1:80 10.66.0.1:53; do
		answer=$(inside media ask TCP - "${to%:*}" "${to#*:}" 3 || :)
		[[ $to != *:53 && $to != *.80:80 ]] || answer=$(inside media sh -c "nc -w 3 -z ${to/:/ } && echo open" || :)
		case $to in
		10.200.0.1:80) why_is dropped inside "$to/tcp" "$answer" && [[ $output == *"(allow-host 80/tcp)"* ]] ;;
		*) why_is passes inside "$to/tcp" "$answer" ;;
		esac
	done
	why_is dropped inside 203.0.113.53:53/udp "$(inside media ask UDP - 203.0.113.53 53 || :)"
	[[ $output == *"dropped: queries to servers that are not the vault's resolvers"* ]]
	for who in lan:192.168.77.2 lan2:192.168.77.3; do
		address=${who#*:}
		for to in 192.168.77.1:9091 192.168.77.1:9092 192.168.77.1:9093 10.200.0.2:80 10.200.0.2:22; do
			answer=$(${who%:*} ask TCP - "${to%:*}" "${to#*:}" || :)
			case $who-$to in
			lan:*:9091 | lan:*:9093 | lan:*:80) why_is passes "$address" "$to/tcp" "$answer" ;;
			lan:*:22) why_is passes "$address" "$to/tcp" nobody-listens-there ;;
			*) why_is dropped "$address" "$to/tcp" "$answer" ;;
			esac
		done
	done
	run -1 vault check media why 192.168.77.1:9092 from 192.168.77.2
	[[ $output == *"host      the host's own, and not published (publish 9092/tcp)"* ]]
	run -1 vault check media why 192.168.77.1:9091 from 192.168.77.3
	[[ $output == *"host      published, but not for 192.168.77.3 (accessible-from 192.168.77.3)"* ]]
	inside media ip link set wg-media down
	run -1 vault check media why 203.0.113.80:80
	[[ $output == *"inside    no way to 203.0.113.80: No route to host"* ]]
	host sh -c 'echo 0 > /proc/sys/net/ipv4/conf/eth1/forwarding'
	run -1 vault check media why 192.168.77.1:9091 from 192.168.77.2
	[[ $output == *"host      accessible-from 192.168.77.2/32: the host does not forward what comes by eth1 (sysctl -w net/ipv4/conf/eth1/forwarding=1)"* ]]
	host sh -c 'echo 1 > /proc/sys/net/ipv4/conf/eth1/forwarding'
}

@test "DL-13 why: what the host puts in the way is told, dropped where that is certain, else unknown" {
	why() { vault check media why "$@"; }

	up accessible-from 192.168.77.2/32 publish 9091:80 allow-host 80 open-port 80 > /dev/null
	warm
	serve 80
	run -0 why 10.66.0.2:80 from 10.66.0.1
	[[ $output == *"tunnel    from the peer "* && $output == *"inside    passes: open-port"* ]]
	[ "$(srv ask TCP - 10.66.0.2 80 3)" ]
	run -1 why 10.66.0.2:81 from 10.66.0.1
	run -3 why 10.200.0.1:80 from 10.200.0.2
	host nft 'table inet ufw { chain input { type filter hook input priority 0; policy drop; iifname lo accept; ct state established,related accept; }; }'
	run -3 why 10.200.0.1:80
	[[ $output == *"(table inet ufw, chain input) drops by policy and does not name vlt-media"* ]]
	host nft delete table inet ufw
	run -0 why 10.200.0.1:80
	host ip route add 10.200.0.2/32 via 192.168.77.3
	run -1 why 192.168.77.1:9091 from 192.168.77.2
	[[ $output == *"the host's way to 10.200.0.2 is by eth1"*"(ip route del 10.200.0.2/32 "* ]]
	[ -z "$(lan ask TCP - 192.168.77.1 9091)" ]
	host ip route del 10.200.0.2/32
	host nft 'table inet dn { chain p { type nat hook prerouting priority -110; tcp dport 9091 dnat ip to 192.168.77.1:80; }; }'
	run -3 why 192.168.77.1:9091 from 192.168.77.2
	[[ $output == *"host      table inet dn, chain p forwards it, too"* ]]
	host nft delete table inet dn
	run -0 why 192.168.77.1:9091 from 192.168.77.2
	run -2 why 10.66.0.1 pid 1
	vault down media
	vault up gw conf "$LAB/provider.conf" segment lan 10.9.0.1/24 gateway
	vault up m segment lan 10.9.0.2/24 via 10.9.0.1
	run -3 vault check m why 203.0.113.80:80
	run -3 vault check gw why 203.0.113.80:80 from 10.9.0.2
	vault down m gw
}

@test "HO-6 a port published at an address that the host does not have: told, a fault once it is gone" {
	run -0 --separate-stderr up "${lists[@]}" publish 192.168.77.99:8010:9 publish 127.0.0.9:8011:9
	[[ $stderr == *"warning: publish 192.168.77.99:8010:9/tcp: the host has no address 192.168.77.99 (give another address)"* && $stderr != *127.0.0.9* ]]
	run -0 vault check media
	[[ $output == *"skip     forwarding            publish 192.168.77.99:8010:9/tcp: the host has no address"* ]]
	host ip address add 192.168.77.99/24 dev eth1
	run -0 --separate-stderr up "${lists[@]}" publish 192.168.77.99:8010:9 publish 127.0.0.9:8011:9
	[[ $stderr != *"no address"* ]]
	host ip address del 192.168.77.99/24 dev eth1
	run -1 vault check media
	[[ $output == *"FAIL     forwarding            publish 192.168.77.99:8010:9/tcp: the host has no address"* ]]
}

@test "HO-6 a program that comes later to a published port: the vault stays, up warns, check names it" {
	local unread

	need socat strace traceable
	up "${lists[@]}" publish 8010:9 > /dev/null
	serve 9
	[ "$(vault -j check media | jq -c '.[0].checks | map(select(.id == "published").verdict)')" = '["ok"]' ]
	spawn host wire echo 8010
	retry 10 grep -q '^ready' "$SPAWNED_OUT"
	run -1 vault check media
	[[ $output == *"FAIL     published"*"publish 8010:9/tcp: wire (process "*") on "*"(end it, or publish another port)"* ]]
	[ "$(vault check media remedy)" = "" ] # nothing that vault could do
	run -0 --separate-stderr up "${lists[@]}" publish 8010:9
	[[ $stderr == *"warning: publish 8010:9/tcp: wire (process "*" listens there, too"* ]]
	[ "$(leads_to)" = 192.168.77.2 ]
	[[ $(visitors "$VISITORS") == *"tcp 192.168.77.2"* ]] # it is the vault's
	despawn_all
	vault check media
	host nft 'table ip their { chain pre { type nat hook prerouting priority dstnat; tcp dport 8010 dnat to 203.0.113.80; }; }'
	run -1 vault check media
	[[ $output == *"FAIL     published"*"publish 8010:9/tcp: table ip their, chain pre forwards it, too"*"(end it, or publish another port)"* ]]
	host nft delete table ip their
	host nft 'table ip their { chain out { type nat hook output priority -100; tcp dport 8010 redirect to :3128; }; }' # the host's own
	vault check media
	host nft delete table ip their
	# Who listens cannot be told: what is published already is put right all the same, and nothing more is taken.
	unread=(host strace -qq -o /dev/null -P /proc/net/tcp -e trace=openat -e inject=openat:error=EIO "$VAULT")
	inside media nft flush chain inet vault output
	run -0 --separate-stderr "${unread[@]}" up media as-made
	[[ $output == *"~ kill switch"* && $stderr == *"warning: publish: which ports programs of the host have: Input/output error"* ]]
	run -1 --separate-stderr "${unread[@]}" up media conf "$LAB/provider.conf" "${lists[@]}" publish 8010:9 publish 8012
	[[ $stderr == *"publish: which ports programs of the host have: Input/output error"* ]]
	run -3 "${unread[@]}" check media
	vault check media
}

@test "VC-9 open-port: on the tunnel, each protocol and a range; no other port, and not on the link" {
	need socat
	up "${lists[@]}" open-port 1001 open-port 1002/udp open-port 1003-1005/both > /dev/null
	warm
	for p in 1000 1001 1002 1003 1005 1006; do serve $p; done
	for to in 10.66.0.2 fd66::2; do
		who=${to%2}1
		answers srv "$who" TCP $to 1001
		answers srv - UDP $to 1001
		answers srv "$who" UDP $to 1002
		answers srv - TCP $to 1002
		answers srv "$who" TCP $to 1003
		answers srv "$who" UDP $to 1005
		answers srv - TCP $to 1000
		answers srv - UDP $to 1006
	done
	answers lan 192.168.77.2 TCP 10.200.0.2 1000 # the control: it is there
	answers lan2 - TCP 10.200.0.2 1001
	answers host 10.200.0.1 UDP 10.200.0.2 1006
}

@test "L6 a resolver in a network that may enter, or that a hole leads to, is asked by the tunnel alone, and named" {
	local words

	for words in 'accessible-from 192.168.77.0/24,fd00:77::/64' \
		'allow-to 192.168.77.0/24/tcp allow-to 192.168.77.0/24/udp allow-to fd00:77::/64/tcp allow-to fd00:77::/64/udp'; do
		# shellcheck disable=SC2086 # words
		run -0 --separate-stderr up dns 192.168.77.2,fd00:77::2 $words
		[[ $stderr == *"warning: resolver 192.168.77.2 lies in 192.168.77.0/24, which is reached over the link: it is asked by the tunnel alone"* ]]
		[[ $stderr == *"warning: resolver fd00:77::2 lies in fd00:77::/64, which"* ]]
		token
		observe lan:eth0 host:vlt-media
		inside media wire cells 192.168.77.2@53 192.168.77.2@853 192.168.77.3@53 fd00:77::2@53 fd00:77::2@5353 fd00:77::3@53 \
			--token "$TOKEN" --mac "$(mac vlt-media)" > /dev/null 2>&1
		must_not_see
		for a in 192.168.77.2 fd00:77::2; do
			must_see media:wg-media -- inside media wire send udp $a --port 53 --token "$TOKEN"
		done
		[[ $words != allow-to* ]] || # the control: a hole it is
			must_see host:vlt-media -- inside media wire send udp 192.168.77.3 --port 9 --token "$TOKEN"
		vault down media
	done
}

@test "L10 L11 the tunnel's address answers nobody on the link, by no SYN, echo or ARP, whatever routes the host and the LAN have" {
	local mac

	up "${lists[@]}" accessible-from 10.66.0.0/24,fd66::/64 open-port 9/both > /dev/null 2>&1
	# The rules hold it, whatever others write: nobody checks sources, neither here (setup) nor inside.
	inside media sh -c 'for a in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > "$a"; done'
	host sh -c 'echo 0 > /proc/sys/net/ipv4/conf/vlt-media/rp_filter'
	serve 9
	warm
	host ip route add 10.66.0.2 via 10.200.0.2
	host ip -6 route add fd66::2 via fd76:6175:6c74::2
	observe host:any lan:eth0 --from 10.66.0.2 --from fd66::2
	lan sh -c 'for a in 10.66.0.2 fd66::2; do wire send syn $a --port 9; wire send udp $a --port 9; ping -c 1 -W 1 $a; done' || :
	host sh -c 'for a in 10.66.0.2 fd66::2; do wire send syn $a --port 9; ping -c 1 -W 1 $a; done' || :
	# past the guard's output, by frames, as the host itself and from the LAN's and a public address
	mac=$(inside media cat /sys/class/net/link-media/address)
	for from in 10.200.0.1 192.168.77.2 203.0.113.9; do
		host wire send packet 10.66.0.2 --iface vlt-media --src $from --mac "$mac" --port 9 || :
		host wire send syn 10.66.0.2 --src 10.200.0.1 --port 9 || :
	done
	host wire send packet fd66::2 --iface vlt-media --src fd76:6175:6c74::1 --mac "$mac" --port 9
	must_not_see
	for where in 'host -I vlt-media' 'lan -I eth0'; do
		# shellcheck disable=SC2086 # words
		run ! ${where% -I*} arping -c 2 -w 2 -f -I ${where#*-I } 10.66.0.2
	done
	# The controls: the link's address answers all of this, and the tunnel's does so by the tunnel.
	host arping -c 5 -w 5 -f -I vlt-media 10.200.0.2
	must_see host:vlt-media --from 10.200.0.2 -- host wire send packet 10.200.0.2 --iface vlt-media --src 10.200.0.1 --mac "$mac" --port 9
	[ "$(srv ask UDP - 10.66.0.2 9 5)" = 10.66.0.1 ]
	[ "$(visitors "$VISITORS" | grep -vc ' 10.200.0.1$')" = 1 ]
}

@test "L17 routes that a rogue DHCP server gives the host change nothing inside" {
	up "${lists[@]}" publish 8080:9 > /dev/null
	warm
	token
	# 0/1 and 128/1, the web's and the server's own address by the LAN's attacker
	host sh -c 'for r in 0.0.0.0/1 128.0.0.0/1 203.0.113.0/24 198.51.100.1/32; do ip route add $r via 192.168.77.3; done
		ip -6 route add 2000::/3 via fd00:77::3'
	lan2 ip route add 198.51.100.1 via 192.168.77.1 # so that the encrypted packets arrive
	lan2 sh -c 'sysctl -qw net.ipv4.conf.all.send_redirects=0'
	observe host:vlt-media lan2:to-host host:eth1
	inside media wire cells 203.0.113.9 2001:db8:9::9 --token "$TOKEN" > /dev/null 2>&1
	must_not_see
	# the control: the host itself is led astray
	must_see lan2:to-host -- host wire send udp 203.0.113.9 --token "$TOKEN"
	host sh -c 'for r in 0.0.0.0/1 128.0.0.0/1 203.0.113.0/24 198.51.100.1/32; do ip route del $r; done; ip -6 route del 2000::/3'
	lan2 ip route del 198.51.100.1
	must_see srv:wg0 -- inside media wire send udp 203.0.113.9 --token "$TOKEN"
}

@test "L20 a vault routes for nobody: from the LAN, from the host, to the internet, the LAN and the host" {
	local to

	up "${lists[@]}" allow-to 192.168.77.3 allow-host 9 publish 8080:9 > /dev/null
	warm
	inside media sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 # the rules alone
	for where in 'plain plain0 10.99.0.2 fd99::2' 'media vlt-media 10.200.0.2 fd76:6175:6c74::2'; do
		token
		# shellcheck disable=SC2086 # words
		through $where 203.0.113.9 2001:db8:9::9
		case $where in
		plain*) observe isp:to-host ;;
		*) observe isp:to-host srv:wg0 media:wg-media ;;
		esac
		for to in 203.0.113.9 2001:db8:9::9; do lan wire send udp $to --token "$TOKEN"; done
		case $where in
		plain*) must_see ;;
		*) must_not_see ;;
		esac
		straight
	done
}

@test "VC-8 a LAN address forged on another interface enters nothing: not the vault, not a published port" {
	local mac rule

	up "${lists[@]}" publish 8080:9/both > /dev/null
	serve 9
	mac=$(host cat /sys/class/net/eth0/address)
	forge() {
		isp wire send packet 10.200.0.2 --iface to-host --src 192.168.77.2 --mac "$mac" --port 9
		isp wire send packet 192.0.2.2 --iface to-host --src 192.168.77.2 --mac "$mac" --port 8080
		isp wire send packet fd76:6175:6c74::2 --iface to-host --src fd00:77::2 --mac "$mac" --port 9
		isp wire send packet 2001:db8:1::2 --iface to-host --src fd00:77::2 --mac "$mac" --port 8080
	}
	must_not_see media:link-media --from 192.168.77.2 --from fd00:77::2 -- forge
	[ -z "$(visitors "$VISITORS")" ]
	# The controls: from the LAN itself the same enters; and so does the forged one where that rule is missing.
	[ "$(lan ask UDP - 192.0.2.2 8080 5)" = 192.168.77.2 ]
	rule=$(host nft -a list chain inet vault-guard forward | sed -n 's/.*fib saddr.*# handle //p')
	host nft delete rule inet vault-guard forward handle "$rule"
	must_see media:link-media --from 192.168.77.2 -- forge
}

@test "BX-1 L2 L6 root inside without any rules: the guard alone lets nothing out but what is allowed" {
	local mac a

	up "${lists[@]}" allow-host 9/udp allow-to 192.168.77.3:9/udp allow-to fd00:77::3/udp > /dev/null
	vault up other conf "$LAB/provider2.conf" accessible-from 10.0.0.0/8 publish 8080:9 allow-host 7 > /dev/null
	host tc qdisc del dev vlt-media clsact # the second wall, which guard.bats tries
	inside media nft flush ruleset
	host ip -n media link set wg-media down
	host ip -n media route replace default via 10.200.0.1 dev link-media
	host ip -n media -6 route replace default via fd76:6175:6c74::1 dev link-media
	host ip -n media address add 192.168.77.2/32 dev link-media
	host sysctl -qw net.ipv4.conf.all.rp_filter=2 # as some hosts have it
	mac=$(mac vlt-media)
	token
	observe lan:eth0 lan2:to-host isp:to-host other:any
	inside media wire cells 192.168.77.2@9 192.168.77.3@7 192.168.77.3@53 203.0.113.9 10.200.0.6@9 fd00:77::2@9 fd00:77::3@53 \
		2001:db8:9::9 fd76:6175:6c74::6@9 192.168.77.1@9 fd00:77::1@9 10.200.0.1@7 127.0.0.1@9 --token "$TOKEN" --mac "$mac" > /dev/null 2>&1
	must_not_see
	# forged: what the hole and the host's service answer would go to those; no ARP of the host's own is to be seen
	host ip neigh replace 192.168.77.2 dev eth1 nud permanent lladdr "$(lan cat /sys/class/net/eth0/address)"
	host ip neigh replace fd00:77::2 dev eth1 nud permanent lladdr "$(lan cat /sys/class/net/eth0/address)"
	observe lan:eth0 lan2:to-host isp:to-host --to 203.0.113.9 --to 192.168.77.2 --to 2001:db8:9::9 --to fd00:77::2
	host sh -c ': > $LAB/host-echo.log'
	for a in 203.0.113.9 192.168.77.2 10.200.0.6 127.0.0.1 192.0.2.2; do
		for to in 10.200.0.1 192.168.77.3; do
			inside media wire send packet $to --iface link-media --src $a --mac "$mac" --port 9
		done
	done
	for a in 2001:db8:9::9 fd00:77::2 fd76:6175:6c74::6 ::1; do
		for to in fd76:6175:6c74::1 fd00:77::3; do
			inside media wire send packet $to --iface link-media --src $a --mac "$mac" --port 9
		done
	done
	must_not_see
	[ -z "$(host sed /ready/d /run/lab/host-echo.log)" ]
	# The controls: what is allowed is, ...
	must_see lan2:to-host -- inside media wire send udp 192.168.77.3 --src 10.200.0.2 --port 9 --token "$TOKEN"
	[ "$(inside media ask UDP 10.200.0.2 10.200.0.1 9 5)" = 10.200.0.2 ]
	[ "$(inside media ask UDP - fd76:6175:6c74::1 9 5)" = fd76:6175:6c74::2 ]
	# ... and without the guard all the rest.
	host nft delete table inet vault-guard
	must_see isp:to-host -- inside media wire send udp 203.0.113.9 --src 10.200.0.2 --token "$TOKEN"
	host sysctl -qw net.ipv4.conf.all.rp_filter=0
	host ip neigh flush dev eth1 nud permanent
}

# ---- up again, and down ------------------------------------------------------------------------------------------------

# changes WORDS…: the lines of `up` with these words, without the vault's name, in one
changes() { up "$@" | sed 's/^media: //' | tr '\n' ';'; }

@test "BX-3 each word comes and goes by up again: what it prints, and what the guard holds" {
	local nothing
	nothing='"vlt-media" . 10.200.0.2
"vlt-media" . fd76:6175:6c74::2'
	up > /dev/null
	[ "$(elements media)" = "$nothing" ]
	[ "$(changes)" = 'up, sealed, as described;' ]

	[ "$(changes accessible-from 192.168.77.2)" = '+ accessible-from 192.168.77.2/32;' ]
	elements media | grep -F '"vlt-media" . 10.200.0.2 . 192.168.77.2'
	[ "$(changes accessible-from 192.168.77.2)" = 'up, sealed, as described;' ]
	[ "$(changes accessible-from fd00:77::/64)" = \
		'- accessible-from 192.168.77.2/32;+ accessible-from fd00:77::/64;' ]
	[ "$(changes)" = '- accessible-from fd00:77::/64;' ]
	[ "$(elements media)" = "$nothing" ]

	[ "$(changes publish 8080:9)" = '+ publish 8080:9/tcp;' ]
	elements media | grep -F 'tcp . 8080 . 0.0.0.0/0 comment "vlt-media" : 10.200.0.2 . 9'
	[ "$(changes publish 8080:10)" = '- publish 8080:9/tcp;+ publish 8080:10/tcp;' ]
	elements media | grep -F ': 10.200.0.2 . 10'
	[ "$(changes)" = '- publish 8080:10/tcp;' ]
	[ "$(elements media)" = "$nothing" ]

	[ "$(changes open-port 7/both)" = '+ open-port 7/tcp;+ open-port 7/udp;' ]
	[ "$(changes)" = '- open-port 7/tcp;- open-port 7/udp;' ]

	[ "$(changes allow-host 9)" = '+ allow-host 9/tcp;' ]
	elements media | grep -F '"vlt-media" . 10.200.0.1 . tcp . 9'
	[ "$(changes)" = '- allow-host 9/tcp;' ]
	[ "$(elements media)" = "$nothing" ]

	[ "$(changes allow-to 192.168.77.3:9)" = '+ allow-to 192.168.77.3/32:9/tcp;' ]
	elements media | grep -F '"vlt-media" . 10.200.0.2 . 192.168.77.3 . tcp . 9'
	[ "$(changes)" = '- allow-to 192.168.77.3/32:9/tcp;' ]
	[ "$(elements media)" = "$nothing" ]
}

# lines FILE: how many
lines() { host sh -c "wc -l < $1"; }

more_than() { (($(lines "$1") > $2)); }

# stands FILE: no line comes to it for a second
stands() { local n; n=$(lines "$1"); sleep 1; [ "$(lines "$1")" = "$n" ]; }

@test "BX-3 a connection over the link, and one by a published port, live through words that come and go" {
	local n direct published

	up "${lists[@]}" publish 8080:80 > /dev/null
	spawn inside media busybox httpd -f -h /run/lab/www
	retry 10 lan curl -sfm 2 -o /dev/null http://10.200.0.2/
	spawn lan curl -sN http://10.200.0.2/cgi-bin/drip
	direct=$SPAWNED_OUT
	spawn lan curl -sN http://192.168.77.1:8080/cgi-bin/drip
	published=$SPAWNED_OUT
	retry 20 more_than "$direct" 1
	retry 20 more_than "$published" 1
	for words in 'publish 8080:80 publish 8081:9/both' 'publish 8080:80 allow-host 9 open-port 7' 'publish 8080:80'; do
		# shellcheck disable=SC2086 # words
		[[ $(changes "${lists[@]}" $words) == *[+-]" "* ]]
		for out in "$direct" "$published"; do
			n=$(lines "$out")
			retry 20 more_than "$out" $((n + 2))
		done
	done
	# the control: without the word that let it in, it stands still
	up > /dev/null
	retry 5 stands "$direct"
}

@test "BX-3 the guard's elements, lost or altered, come back" {
	local words before drift
	words=("${lists[@]}" publish 8080:9/both allow-host 9 allow-to 192.168.77.3:9)

	up "${words[@]}" > /dev/null
	before=$(elements media)
	for drift in 'delete element inet vault-guard vaults4 { "vlt-media" . 10.200.0.2 }' \
		'flush map inet vault-guard published4' 'flush map inet vault-guard self6' 'flush set inet vault-guard entrants6' \
		'flush set inet vault-guard services4' 'flush set inet vault-guard holes4' \
		'add element inet vault-guard entrants4 { "vlt-media" . 10.200.0.2 . 10.0.0.0/8 }' \
		'add element inet vault-guard services6 { "vlt-media" . fd76:6175:6c74::1 . tcp . 22 }' \
		'add element inet vault-guard self4 { tcp . 99 . 0.0.0.0/0 comment "vlt-media" : 10.200.0.2 . 99 }' \
		'flush ruleset' 'delete table inet vault-guard'; do
		host nft "$drift"
		run ! diff <(echo "$before") <(elements media)
		[ "$(changes "${words[@]}")" = '~ guard on the host;' ] || [[ $drift == *table* || $drift == *ruleset* ]]
		diff <(echo "$before") <(elements media)
		[ "$(changes "${words[@]}")" = 'up, sealed, as described;' ]
	done
}

@test "VC-8 BX-2 one port for one vault: the second is refused and told, and nothing of it stays; down takes its own" {
	local before both

	up publish 8080:9 publish 127.0.0.1:9000 > /dev/null
	before=$(elements media)
	for words in 'publish 8080' 'publish 192.168.77.1:8080:80/both' 'publish 9000'; do
		# shellcheck disable=SC2086 # words
		run -1 --separate-stderr vault up other conf "$LAB/provider2.conf" $words
		[[ $stderr == "vault: other: making guard on the host: "*"publish "[89]0[80]0"/tcp: that port of the host leads to another vault, by vlt-media" ]]
		[ "$(elements media)" = "$before" ]
		[ -z "$(elements other)" ]
		run ! host ls -d /run/netns/other /run/vault/other/vault.json /sys/class/net/vlt-other
	done
	# what does not meet it may be
	vault up other conf "$LAB/provider2.conf" publish 8080/udp publish 192.168.77.1:9000 accessible-from 192.168.77.2 allow-host 9 > /dev/null
	[ "$(elements media)" = "$before" ]
	run -1 --separate-stderr up publish 8080:9/both
	[[ $stderr == *"putting right guard on the host: "*"publish 8080/udp: that port of the host leads to another vault, by vlt-other"* ]]
	both=$(elements other)
	[[ $both == *'udp . 8080 . 0.0.0.0/0 comment "vlt-other"'* ]]
	vault down media
	[ -z "$(elements media)" ]
	[ "$(elements other)" = "$both" ]
	vault down other
	run ! host nft list table inet vault-guard
}

@test "L13 an up that ends half-way allows nothing that down does not take back" {
	local n

	need strace
	vault up steady conf "$LAB/provider2.conf" publish 8999:9 > /dev/null
	# failed behind the guard, before the description was written
	up > /dev/null
	run -1 host strace -o /dev/null -e trace=rename,renameat,renameat2 -e inject=rename,renameat,renameat2:error=EIO \
		"$VAULT" up media conf "$LAB/provider.conf" publish 8080 allow-host 99 "${lists[@]}"
	elements media | grep -F 'tcp . 8080' # the control
	vault down media
	[ -z "$(elements media)" ]
	# killed at each send
	for n in 2 3 4 5 6 7 8 9; do
		run host strace -o /dev/null -e trace=sendmsg -e inject=sendmsg:signal=KILL:when=$n \
			"$VAULT" up media conf "$LAB/provider.conf" publish 8080 allow-host 99 "${lists[@]}"
		run vault down media
		[ -z "$(elements media)" ]
		run ! host ls /sys/class/net/vlt-media
	done
	elements steady | grep -F 'tcp . 8999 .'
}

@test "VC-8 as many words as there may be: every element is there" {
	local words=() i

	for ((i = 1; i <= 64; i++)); do words+=(accessible-from "fd00:$i::/64"); done
	words+=(publish 8001-8128/both) # 256, for each of these
	up "${words[@]}" > /dev/null
	[ "$(host nft list map inet vault-guard published6 | grep -o '"vlt-media"' | wc -l)" = 16384 ]
	[ "$(changes "${words[@]}")" = 'up, sealed, as described;' ]
	vault exec media -- true
	run -2 --separate-stderr up "${words[@]}" publish 1
	[[ $stderr == *'publish: "1" is too much: no more than 256 ports are published' ]]
	run -2 --separate-stderr up "${words[@]}" accessible-from fd00:65::/64
	[[ $stderr == *'accessible-from: "fd00:65::/64" is one too many: no more than 64 of a word' ]]
	vault down media
	run ! host nft list table inet vault-guard
}

# ---- words -------------------------------------------------------------------------------------------------------------

@test "words that are no good: told, exit 2, and nothing is changed" {
	local word arg why

	while IFS='|' read -r word arg why; do
		run -2 --separate-stderr vault up media conf "$LAB/provider.conf" "$word" "$arg" < /dev/null
		[ "$stderr" = "vault: media: $word: \"$arg\" $why" ] || { echo "$word $arg: $stderr"; return 1; }
	done <<- 'END'
		accessible-from|lan|is not PREFIX[,PREFIX...]
		accessible-from|192.168.77.0/33|is not PREFIX[,PREFIX...]
		accessible-from|10.0.0.0/8,|is not PREFIX[,PREFIX...] (a list has no blanks)
		accessible-from|10.0.0.0/8,,192.168.0.0/16|is not PREFIX[,PREFIX...]
		accessible-from|10.8/16|is not PREFIX[,PREFIX...]
		accessible-from|fe80::1%eth0|is not PREFIX[,PREFIX...]
		accessible-from||is not PREFIX[,PREFIX...]
		accessible-from|0.0.0.0/0|is everything: refused
		accessible-from|::/0|is everything: refused
		accessible-from|192.168.77.1/24|has bits behind its length: is another length, or one address, meant?
		accessible-from|fd00::1/64|has bits behind its length: is another length, or one address, meant?
		accessible-from|127.0.0.0/8|is no network beyond the host
		accessible-from|224.0.0.0/4|is no network beyond the host
		accessible-from|fe80::/10|is no network beyond the host
		accessible-from|0.0.0.0/1|is no network beyond the host
		accessible-from|::1|is no network beyond the host
		publish||has a port that is not a number from 1 to 65535, or a range that is none
		publish|0|has a port that is not a number from 1 to 65535, or a range that is none
		publish|65536|has a port that is not a number from 1 to 65535, or a range that is none
		publish|80:|has a port that is not a number from 1 to 65535, or a range that is none
		publish|:80|has a port that is not a number from 1 to 65535, or a range that is none
		publish|http|has a port that is not a number from 1 to 65535, or a range that is none
		publish|90-80|has a port that is not a number from 1 to 65535, or a range that is none
		publish|192.168.77.1:|has a port that is not a number from 1 to 65535, or a range that is none
		publish|127.0.0.1:80:0|has a port that is not a number from 1 to 65535, or a range that is none
		publish|+80|has a port that is not a number from 1 to 65535, or a range that is none
		publish|080x|has a port that is not a number from 1 to 65535, or a range that is none
		publish|80:90:100|has more than two ports (an IPv6 address stands in brackets)
		publish|fd00::1:80|has more than two ports (an IPv6 address stands in brackets)
		publish|80/sctp|has a protocol that is none of the word's: it is /tcp, /udp or /both
		publish|80/icmp|has a protocol that is none of the word's: it is /tcp, /udp or /both
		publish|80/|has a protocol that is none of the word's: it is /tcp, /udp or /both
		publish|80/TCP|has a protocol that is none of the word's: it is /tcp, /udp or /both
		publish|192.168.1:80|has a host address that is none (without one: all of the host's)
		publish|0.0.0.0:80|has a host address that is none (without one: all of the host's)
		publish|224.0.0.1:80|has a host address that is none (without one: all of the host's)
		publish|[::]:80|has a host address that is none (without one: all of the host's)
		publish|[fe80::1]:80|has a host address that is none (without one: all of the host's)
		publish|[fd00::g]:80|has a host address that is none (without one: all of the host's)
		publish|[fd00::1]80|lacks ]: behind its address
		publish|[fd00::1:80|lacks ]: behind its address
		publish|[::1]:80|has ::1, which the kernel leads nowhere else: use 127.0.0.1
		open-port|0|has a port that is not a number from 1 to 65535, or a range that is none
		open-port|90-80|has a port that is not a number from 1 to 65535, or a range that is none
		open-port|80-|has a port that is not a number from 1 to 65535, or a range that is none
		open-port|-80|has a port that is not a number from 1 to 65535, or a range that is none
		open-port|80-90-100|has a port that is not a number from 1 to 65535, or a range that is none
		open-port|1-65536|has a port that is not a number from 1 to 65535, or a range that is none
		open-port|80/icmp|has a protocol that is none of the word's: it is /tcp, /udp or /both
		open-port|80/|has a protocol that is none of the word's: it is /tcp, /udp or /both
		open-port|80/all|has a protocol that is none of the word's: it is /tcp, /udp or /both
		allow-host|53|would ask names outside the tunnel: refused
		allow-host|853/udp|would ask names outside the tunnel: refused
		allow-host|5353/both|would ask names outside the tunnel: refused
		allow-host|5355|would ask names outside the tunnel: refused
		allow-host|80-90|is a range: give one port
		allow-host|192.168.77.1:80|has a port that is not a number from 1 to 65535, or a range that is none
		allow-host|0|has a port that is not a number from 1 to 65535, or a range that is none
		allow-to|0.0.0.0/0|is everything: refused
		allow-to|::/0|is everything: refused
		allow-to|10.0.0.0/8:53|would ask names outside the tunnel: refused
		allow-to|[fd00::/64]:853/tcp|would ask names outside the tunnel: refused
		allow-to|10.0.0.0/8:0|has a port that is not a number from 1 to 65535, or a range that is none
		allow-to|10.0.0.0/8:|has a port that is not a number from 1 to 65535, or a range that is none
		allow-to|[fd00::/64]:x|has a port that is not a number from 1 to 65535, or a range that is none
		allow-to|10.0.0.1/8|has bits behind its length: is another length, or one address, meant?
		allow-to|[fd00::/64|lacks a ]
		allow-to|[fd00::/64]80|has more behind its ] than :PORT
		allow-to|fd00::/64:80|is not PREFIX[:PORT] (an IPv6 one with a port: [PREFIX]:PORT)
		allow-to|lan:80|is not PREFIX[:PORT] (an IPv6 one with a port: [PREFIX]:PORT)
		allow-to|10.0.0.0/8:80/icmp|has a port, which ICMP has not
		allow-to|10.0.0.0/8/sctp|has a protocol that is none: it is /tcp, /udp, /both or /icmp
		allow-to|10.0.0.0/8:80/|has a protocol that is none: it is /tcp, /udp, /both or /icmp
	END
	# the tunnel's own network, which two roads would lead to
	host sh -c 'sed "s|10.66.0.2/32|10.66.0.2/24|" $LAB/provider.conf > $LAB/wide.conf; chmod 600 $LAB/wide.conf'
	for word in accessible-from allow-to; do
		run -2 --separate-stderr vault up media conf "$LAB/wide.conf" $word 10.66.0.0/24
		[[ $stderr == *"vault: media: $word 10.66.0.0/24: that is the tunnel's own network, which is reached by it alone"* ]]
	done
	run -2 --separate-stderr up no-link publish 80
	[[ $stderr == *"no-link: there is no link for accessible-from, publish, allow-host or allow-to"* ]]
	run -2 --separate-stderr up publish 80 publish 80:81
	[[ $stderr == *'publish: "80:81" has a host port that is published already' ]]
	run ! host nft list table inet vault-guard
}

# granted WORDS…: the guard's elements as dry-run has them, one a line
granted() { up "$@" dry-run | sed -n '/^add table/,/^EOF/p' | grep -o '[^{,]*"vlt-media"[^,}]*' | sed 's/^ *//; s/ *$//; /^0x/d; /^[0-9a-f.:]* comment/d; /^"vlt-media" [.] [^ ]*\( comment.*\)*$/d'; }

@test "the forms of publish, allow-host and allow-to, with IPv6 in brackets" {
	local c='comment "vlt-media" :' v4=10.200.0.2 v6=fd76:6175:6c74::2

	[ "$(granted publish 80)" = "tcp . 80 . 0.0.0.0/0 $c $v4 . 80
tcp . 80 . ::/0 $c $v6 . 80" ]
	[ "$(granted publish 80:81/udp)" = "udp . 80 . 0.0.0.0/0 $c $v4 . 81
udp . 80 . ::/0 $c $v6 . 81" ]
	[ "$(granted publish 192.168.77.1:80/both)" = "tcp . 80 . 192.168.77.1 $c $v4 . 80
udp . 80 . 192.168.77.1 $c $v4 . 80" ]
	[ "$(granted publish '[fd00:77::1]:80:81')" = "tcp . 80 . fd00:77::1 $c $v6 . 81" ]
	[ "$(granted publish 80 publish 80/tcp publish 80:80)" = "$(granted publish 80)" ] # once is enough
	[ "$(granted allow-host 80/both)" = '"vlt-media" . 10.200.0.1 . tcp . 80
"vlt-media" . 10.200.0.1 . udp . 80
"vlt-media" . fd76:6175:6c74::1 . tcp . 80
"vlt-media" . fd76:6175:6c74::1 . udp . 80' ]
	[ "$(granted allow-to 192.168.77.3:80-90/udp)" = '"vlt-media" . 10.200.0.2 . 192.168.77.3 . udp . 80-90' ]
	[ "$(granted allow-to '[fd00:77::3]:80')" = '"vlt-media" . fd76:6175:6c74::2 . fd00:77::3 . tcp . 80' ]
	[ "$(granted allow-to '[fd00:77::/64]:80/both')" = '"vlt-media" . fd76:6175:6c74::2 . fd00:77::/64 . tcp . 80
"vlt-media" . fd76:6175:6c74::2 . fd00:77::/64 . udp . 80' ]
	[ "$(granted allow-to fd00:77::/64/udp)" = '"vlt-media" . fd76:6175:6c74::2 . fd00:77::/64 . udp . 0-65535' ]
	# The link is not numbered from what it leads to.
	[ "$(granted allow-to 10.0.0.0/8)" = '"vlt-media" . 172.31.252.2 . 10.0.0.0/8 . tcp . 0-65535
"vlt-media" . 172.31.252.2 . 10.0.0.0/8 . udp . 0-65535
"vlt-media" . 172.31.252.2 . 10.0.0.0/8 . icmp . 0-65535' ]
	[ "$(granted allow-to 10.0.0.0/8/icmp)" = '"vlt-media" . 172.31.252.2 . 10.0.0.0/8 . icmp . 0-65535' ]
	# what lies within another is not held twice
	[ "$(granted accessible-from 10.1.0.0/16,10.0.0.0/8,10.2.3.4)" = '"vlt-media" . 172.31.252.2 . 10.0.0.0/8' ]
}

@test "check shows every hole, each time, and what passed by them" {
	run -0 vault up media conf "$LAB/provider.conf" allow-to 203.0.113.80/32:80 allow-to 192.168.77.2/32/icmp
	[[ ${lines[-2]} == "  allow-to 203.0.113.80/32:80/tcp, outside the tunnel" ]]
	[[ $(inside media curl -sS -m 60 http://203.0.113.80/) == 192.0.2.2 ]]
	run -0 vault check media
	[[ $output == *"allow-to 203.0.113.80/32:80/tcp is open"* && $output == *"allow-to 192.168.77.2/32/icmp is open"* ]]
	[[ ! $output == *"(0 packets"* ]]
	vault down media
}

@test "up says which setting of the host and which firewall stand in the way, and changes neither" {
	ways() { vault up media conf "$LAB/provider.conf" accessible-from 192.168.77.0/24,fd00:77::/64 allow-host 9 2>&1; }

	[[ $(ways) != *warning* ]]
	vault down media
	host sysctl -qw net.ipv4.conf.eth1.forwarding=0 net.ipv6.conf.all.forwarding=0
	host nft add table ip other
	host nft add chain ip other FORWARD '{ type filter hook forward priority 0; policy drop; }'
	host nft add chain ip other INPUT '{ type filter hook input priority 0; policy drop; }'
	run -0 ways
	host nft insert rule ip other FORWARD oifname vlt-media accept
	host nft insert rule ip other FORWARD iifname vlt-media accept
	host nft insert rule ip other INPUT iifname vlt-media accept
	again=$(ways)
	host nft delete table ip other
	[[ $(host sysctl -n net.ipv4.conf.eth1.forwarding net.ipv6.conf.all.forwarding | xargs) == "0 0" ]]
	host sysctl -qw net.ipv4.conf.eth1.forwarding=1 net.ipv6.conf.all.forwarding=1
	[[ $output == *"sysctl -w net/ipv4/conf/eth1/forwarding=1"* && $output == *"sysctl -w net/ipv6/conf/all/forwarding=1"* ]]
	[[ $output == *"nft insert rule ip other FORWARD oifname vlt-media accept"* ]]
	[[ $output == *"nft insert rule ip other FORWARD iifname vlt-media accept"* ]]
	[[ $output == *"nft insert rule ip other INPUT iifname vlt-media accept"* ]]
	[[ $again != *"table ip other"* && $again == *forwarding* ]]
	vault down media
}

@test "MV-2 VC-10 addresses of the admin's choice: a proxy on the host reaches a service inside, whose answer goes back by the link" {
	vault up media conf "$LAB/provider.conf" host-address 10.200.1.1/30 vault-address 10.200.1.2/30
	spawn inside media wire echo 8096
	retry 5 grep -q ready "$SPAWNED_OUT"
	spawn host socat TCP-LISTEN:80,bind=192.168.77.1,reuseaddr,fork TCP:10.200.1.2:8096 # the proxy
	must_see media:link-media --from 10.200.1.2 -- retry 5 sees 10.200.1.1 lan bash -c 'exec 3<> /dev/tcp/192.168.77.1/80 && echo >&3 && cat <&3'
	must_not_see media:wg-media --to 10.200.1.1 --to 192.168.77.2 -- \
		sees 10.200.1.1 lan bash -c 'exec 3<> /dev/tcp/192.168.77.1/80 && echo >&3 && cat <&3'
	vault down media
}
