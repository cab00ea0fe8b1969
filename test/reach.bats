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
		[[ $1 == UDP ]] || to+=,connect-timeout=2
		for ((i = 0; i < ${5:-1}; i++)); do
			said=$(echo "${TOKEN:-}" | socat -t 2 -T 2 - "$to" 2> /dev/null | tr -d '\n')
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
			[[ $8 == - ]] || tries=5
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
	! host nft list table inet vault > /dev/null 2>&1 || { host nft delete table inet vault; return 1; }
}

lists=(accessible-from 192.168.77.2/32,fd00:77::2/128)
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
elements() { host nft list table inet vault | grep -o "[^{,]*\"vlt-$1\"[^,}]*" | sed 's/^[ \t]*//; s/elements = //; s/[ \t]*$//' || :; }

mac() { host cat "/sys/class/net/$1/address"; }

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

# bats test_tags=tunnel
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
