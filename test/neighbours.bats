#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/neighbours.bats: what a neighbour on a segment gets of what a member sends by its gateway, while that is up, and
# while it is not; and what it can make the bridge believe. One segment of each family, `four` and `six`, alike:
#
#   host:  vls-four ---- vlg-gw4     gateway, tunnel                    10.9.0.1     fd00:9::1
#             |  |------ vlg-m4      member via it: who sends           10.9.0.2     fd00:9::2
#             |  |------ vlg-rogue4  another, root in it, no rules      10.9.0.3     fd00:9::3
#             |  `------ vlg-other4  an isolated vault, the same        10.9.0.4     fd00:9::4
#             |--------- spy4        another tool's veth: `spy` eth4    10.9.0.50    fd00:9::50
#             `--------- tap4        another tool's tap: `guest` eth4   10.9.0.51    fd00:9::51

load helper

listeners=(spy guest rogue other)

teardown() {
	despawn_all
	vault down all > /dev/null 2>&1 || :
	host sh -c 'for p in spy4 spy6 two4; do ip link del $p; done; for n in spy guest two; do ip netns del $n; done
		ip link del vls-four; ip link del vls-six' 2> /dev/null || :
}

# ---- who is there --------------------------------------------------------------------------------------------------

declare -gA segment=([4]=four [6]=six) beyond=([4]=203.0.113.9 [6]=2001:db8:9::9) resolver=([4]=10.66.0.1 [6]=fd66::1)
addr() { if [ "$1" = 4 ]; then echo "10.9.0.$2"; else echo "fd00:9::$2"; fi; }
len() { if [ "$1" = 4 ]; then echo 24; else echo 64; fi; }
gateway_conf() { if [ "$1" = 4 ]; then echo "$LAB/provider4.conf"; else echo "$LAB/provider2.conf"; fi; }
gateway() { vault up "gw$1" conf "${2:-$(gateway_conf "$1")}" segment "${segment[$1]}" "$(addr "$1" 1)/$(len "$1")" gateway; }
member() { vault up "$2$1" no-link segment "${segment[$1]}" "$(addr "$1" "$3")/$(len "$1")" via "$(addr "$1" 1)"; }
other() { vault up "other$1" no-link isolated segment "${segment[$1]}" "$(addr "$1" 4)/$(len "$1")"; }

# at LISTENER FAMILY: its namespace and interface
at() { case $1 in spy | guest) echo "$1 eth$2" ;; *) echo "$1$2 seg-${segment[$2]}" ;; esac; }
mac() { inside "$1" cat "/sys/class/net/$2/address"; }

# veth NAME FAMILY HOST: a port of another tool
veth() {
	host sh -euc "[ -e /run/netns/$1 ] || ip netns add $1
		ip link add $1$2 master vls-${segment[$2]} up type veth peer name eth$2 netns $1
		ip -n $1 address add $(addr "$2" "$3")/$(len "$2") dev eth$2 $([ "$2" = 4 ] || echo nodad)
		ip -n $1 link set eth$2 up"
}

# tap FAMILY: a machine's, which reads and writes frames; here a process does, whose other end is a tap, too
tap() {
	local end

	host sh -c '[ -e /run/netns/guest ] || ip netns add guest'
	spawn host socat "TUN,tun-type=tap,iff-no-pi,tun-name=tap$1" "UNIX-SENDTO:$LAB/guest$1.sock,bind=$LAB/tap$1.sock"
	spawn inside guest socat "TUN,tun-type=tap,iff-no-pi,tun-name=eth$1" "UNIX-SENDTO:$LAB/tap$1.sock,bind=$LAB/guest$1.sock"
	for end in tap guest; do retry 10 host test -S "$LAB/$end$1.sock"; done
	host sh -euc "ip link set tap$1 master vls-${segment[$1]} up
		ip -n guest address add $(addr "$1" 51)/$(len "$1") dev eth$1 $([ "$1" = 4 ] || echo nodad)
		ip -n guest link set eth$1 up"
}

# frames NAME IFACE HEX…: as they are, 60 bytes at least
frames() {
	inside "$1" perl -e '
		socket(my $s, 17, 3, 0) or die;
		open my $f, "<", "/sys/class/net/$ARGV[0]/ifindex" or die;
		my $to = pack("S n l x12", 17, 3, <$f>);
		shift;
		for (@ARGV) {
			my $frame = pack "H*", s/://gr;
			send($s, $frame . "\0" x (length $frame < 60 ? 60 - length $frame : 0), 0, $to) or die $!;
		}' "${@:2}"
}

# local_frames MAC: to the addresses that bridges keep to themselves, from MAC (and one that they do with STP alone)
local_frames() { printf "0180c20000%s${1}88b5 " 02 03 0d 0e 0f; }
bridge_frames() { printf "0180c20000%s${1}88b5 " 00; local_frames "$1"; }

# ---- the matrix ----------------------------------------------------------------------------------------------------

# Cells are numbered: a state of the gateway, a way to listen (by all; or one of them takes over), what is sent.
kinds=(udp tcp dns "udp to the gateway" "tcp to the gateway")
states=()
declare -gA eye

# eyes NAME IFACE…: counts cells there from now on
eyes() {
	spawn inside "$1" "$WIRE" watch "${@:2}" --cells "$TOKEN"
	eye[$1]=$SPAWNED:$SPAWNED_OUT
	retry 5 grep -q '^ready' "$SPAWNED_OUT"
}

# shoot FAMILY FIRST: the member sends one of each, as an ordinary program does
shoot() {
	# shellcheck disable=SC2016 # the inner shell's words
	inside "m$1" bash -c '
		n=$1 gateway=$2 beyond=$3 resolver=$4
		for what in "udp $beyond" "connect $beyond --port 80" "udp $resolver --port 53" "udp $gateway" \
			"connect $gateway --port 80"; do
			wire send $what --token "$TOKEN$(printf %02x $n)" &
			n=$((n + 1))
		done > /dev/null 2>&1
		wait' - "$2" "$(addr "$1" 1)" "${beyond[$1]}" "${resolver[$1]}" || :
}

# fire FIRST: both families; once as if the gateway was known a moment ago, once while it has to be looked for
fire() {
	local f shooting=()

	for f in 4 6; do
		{
			inside m$f ip neigh replace "$(addr $f 1)" lladdr "${gateway_mac[$f]}" dev "seg-${segment[$f]}" nud reachable
			shoot $f "$1"
			inside m$f ip neigh flush dev "seg-${segment[$f]}"
			shoot $f "$1"
		} 3>&- 4>&- &
		shooting+=($!)
	done
	wait "${shooting[@]}"
}

# gratuitous MAC ADDRESS: an answer of ARP to all that nobody asked for: ADDRESS is at MAC
gratuitous() {
	local a

	# shellcheck disable=SC2046 # words
	a=$(printf %02x $(tr . " " <<< "$2"))
	echo "ffffffffffff${1}08060001080006040002$1$a$1$a"
}

# take_over LISTENER: it has the gateway's addresses, then its MAC too, says so to all, and routes; give_back
take_over() {
	local f name iface lies=()

	for f in 4 6; do
		read -r name iface <<< "$(at "$1" $f)"
		own[$f]=$(mac "$name" "$iface")
		inside "$name" sh -c "nft flush ruleset; sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
			ip address add $(addr $f 1)/$(len $f) dev $iface $([ $f = 4 ] || echo nodad)
			advert() { wire send advert $(addr 6 2) --iface $iface --src $(addr 6 1) --to $(addr 6 1) --mac ${member_mac[6]}; }
			[ $f = 4 ] || advert
			ip link set $iface address ${gateway_mac[$f]}
			[ $f = 4 ] || advert" > /dev/null 2>&1 || :
		# shellcheck disable=SC2207 # words
		lies=($(bridge_frames "${gateway_mac[$f]}") "ffffffffffff${gateway_mac[$f]}88b5"
			"${member_mac[$f]}${gateway_mac[$f]}88b5")
		[ $f = 6 ] || lies=("$(gratuitous "${own[4]}" "$(addr 4 1)")" "$(gratuitous "${gateway_mac[4]}" "$(addr 4 1)")" "${lies[@]}")
		frames "$name" "$iface" "${lies[@]}"
	done
}

give_back() {
	local f name iface

	for f in 4 6; do
		read -r name iface <<< "$(at "$1" $f)"
		inside "$name" sh -c "ip link set $iface address ${own[$f]}; ip address del $(addr $f 1)/$(len $f) dev $iface"
	done
}

# round STATE: the gateway's; all listen, then each takes over
round() {
	local first=$((${#states[@]} * 25)) l

	states+=("$1")
	fire $first
	for l in "${listeners[@]}"; do
		first=$((first + 5))
		take_over "$l"
		fire $first
		give_back "$l"
	done
}

# tally: what was counted, into $counted["NAME FAMILY CELL in"] and out
tally() {
	local n what cell iface in out f

	for n in "${!eye[@]}"; do
		while read -r what cell iface _ in _ out; do
			[[ $what == cell ]] || continue
			f=6
			[[ $iface != *four && $iface != eth4 ]] || f=4
			counted["$n $f $cell in"]=$in counted["$n $f $cell out"]=$out
		done < "${eye[$n]#*:}"
	done
}

close_eyes() {
	local e

	sleep 0.5 # what was sent last is on its way
	for e in "${eye[@]}"; do host kill -TERM "${e%%:*}"; done
	for e in "${eye[@]}"; do
		retry 5 grep -q '^seen\|^unknown' "${e#*:}"
		run ! grep '^unknown' "${e#*:}"
	done
}

# row LISTENER FIRST: $row, sent and seen of each kind and family; $sent_all, $seen_none and $seen_all of all rows so far
row() {
	local f k name sent seen

	row=
	for f in 4 6; do
		read -r name _ <<< "$(at "$1" $f)"
		for k in 0 1 2 3 4; do
			sent=${counted["m$f $f $(($2 + k)) out"]:-0}
			seen=${counted["$name $f $(($2 + k)) in"]:-0}
			((sent)) || sent_all=false
			((!seen)) || seen_none=false
			((seen)) || seen_all=false
			row+=" $f:$sent>$seen"
		done
	done
}

@test "L29 L30 the matrix: what a member sends by its gateway, up, rotated, deleted, killed, restarting, down, is seen by no neighbour" {
	local sent_all=true seen_none=true seen_all=true row i l n f name iface change
	local -A gateway_mac member_mac own counted

	need socat perl
	for f in 4 6; do
		gateway $f
		member $f m 2
		member $f rogue 3
		other $f
		veth spy $f 50
		tap $f
		read -r name iface <<< "$(at gw $f)"
		gateway_mac[$f]=$(mac "$name" "$iface")
		read -r name iface <<< "$(at m $f)"
		member_mac[$f]=$(mac "$name" "$iface")
	done
	token
	for f in 4 6; do
		eyes m$f "seg-${segment[$f]}"
		eyes rogue$f "seg-${segment[$f]}"
		eyes other$f "seg-${segment[$f]}"
	done
	eyes spy eth4 eth6
	eyes guest eth4 eth6

	[ "$(inside m4 curl -sS --max-time 60 http://203.0.113.80/)" = 198.51.100.1 ] # it works
	[ "$(inside m6 curl -sS --max-time 60 'http://[2001:db8:9::80]/')" = 2001:db8:2::1 ]
	round up
	[ "$(inside m4 curl -sS --max-time 60 http://203.0.113.80/)" = 198.51.100.1 ] # and after all that
	[ "$(inside m6 curl -sS --max-time 60 'http://[2001:db8:9::80]/')" = 2001:db8:2::1 ]
	host sh -c "sed 's/^DNS.*/&\nMTU = 1380/' $LAB/provider2.conf > /run/rotated6.conf; chmod 600 /run/rotated6.conf"
	{ gateway 4 "$LAB/provider.conf"; gateway 6 /run/rotated6.conf; } 3>&- 4>&- &
	change=$!
	round rotated
	wait $change
	[ "$(inside m4 curl -sS --max-time 60 http://203.0.113.80/)" = 198.51.100.1 ]
	host sh -c 'ip link del vlg-gw4; ip link del vlg-gw6'
	round deleted
	gateway 4
	gateway 6
	host sh -c 'for n in gw4 gw6; do umount /run/netns/$n; rm /run/netns/$n; done'
	round killed
	gateway 4
	gateway 6
	{ vault down gw4 gw6; gateway 4; gateway 6; } 3>&- 4>&- &
	change=$!
	round restarting
	wait $change
	[ "$(inside m4 curl -sS --max-time 60 http://203.0.113.80/)" = 198.51.100.1 ]
	vault down gw4 gw6
	round down
	# The control: the same where no rule holds it, and the bridge floods all of its ports. What waits to know the
	# gateway was sent before.
	for f in 4 6; do inside m$f ip neigh flush dev "seg-${segment[$f]}"; done
	host sh -c 'nft delete table bridge vault-guard; for p in /sys/class/net/vlg-*/brport/unicast_flood; do echo 1 > $p; done'
	fire 200
	close_eyes
	tally

	echo "# sent>seen of each family: ${kinds[*]/%/,}" >&3
	for i in "${!states[@]}"; do
		for ((n = 0; n < 5; n++)); do
			for l in "${listeners[@]}"; do
				row "$l" $((i * 25 + 5 * n))
				((n)) || echo "# gateway ${states[i]}, $l listens:   $row" >&3
				((!n)) || [[ ${listeners[n - 1]} != "$l" ]] || echo "# gateway ${states[i]}, $l takes over:$row" >&3
			done
		done
	done
	$sent_all
	$seen_none
	for l in "${listeners[@]}"; do
		seen_all=true
		row "$l" 200
		echo "# no rules, gateway down, $l listens:$row" >&3
		$seen_all
	done
}

# ---- who is asked for ----------------------------------------------------------------------------------------------

# everybody: all of the above, of both families
everybody() {
	local f

	for f in 4 6; do
		gateway $f
		member $f m 2
		member $f rogue 3
		other $f
		veth spy $f 50
		tap $f
	done
}

# looks HOST: all of them look for who asks for that host of both segments
looks() {
	local n group

	group=$(printf 'ff02::1:ff00:%s' "$1")
	eye=()
	for n in m4 m6 gw4 gw6 rogue4 rogue6 other4 other6 spy guest; do
		[ -e "/proc/$LAB_PID/root/run/netns/$n" ] || continue
		case $n in spy | guest) iface=(eth4 eth6) ;; *) iface=("seg-${segment[${n: -1}]}") ;; esac
		spawn inside "$n" "$WIRE" watch "${iface[@]}" --to "$(addr 4 "$1")" --to "$group"
		eye[$n]=$SPAWNED:$SPAWNED_OUT
		retry 5 grep -q '^ready' "$SPAWNED_OUT"
	done
}

# ask NAME HOST: it knows nobody, and sends to that host
ask() {
	local f name iface

	for f in 4 6; do
		read -r name iface <<< "$(at "$1" $f)"
		inside "$name" sh -c "ip neigh flush dev $iface; wire send udp $(addr $f "$2")" || :
	done
}

# asked NAME: how often, of both families; printed
asked() { awk '$1 == "iface" { n += $4 } END { print n + 0 }' "${eye[$1]#*:}"; }

# nobody_but WHAT NAME…: they were asked, and nobody else; all_of: they were
nobody_but() {
	local n

	all_of "$@"
	for n in "${!eye[@]}"; do
		[[ " $* " == *" $n "* ]] || ((!$(asked "$n")))
	done
}

all_of() {
	local n text=

	close_eyes
	for n in "${!eye[@]}"; do text+=" $n $(asked "$n")"; done
	echo "# asked, when $1:$text" >&3
	for n in "${@:2}"; do (($(asked "$n"))); done
}

@test "L29 who looks for a leg, or for its gateway that is down, asks that port alone" {
	local n iface

	need socat
	everybody
	looks 1
	for n in m rogue other spy guest; do ask $n 1; done
	nobody_but "all look for the gateway" gw4 gw6
	looks 2
	for n in gw rogue other spy guest; do ask $n 2; done
	nobody_but "all look for a member" m4 m6
	looks 51
	ask m 51
	all_of "a member looks for the tap, which is no leg" spy guest rogue4 rogue6 other4 other6
	vault down gw4 gw6
	looks 1
	ask m 1
	ask rogue 1
	nobody_but "members look for the gateway, which is down"
	# The control.
	host nft delete table bridge vault-guard
	looks 1
	ask m 1
	all_of "the same without rules" spy guest rogue4 rogue6 other4 other6
}

# ---- what the bridge learns ----------------------------------------------------------------------------------------

learned() { host bridge fdb show br vls-four | grep -v permanent | sort; }

@test "L30 link-local frames, from another tool's port or by root in a member: the bridge learns nothing of them" {
	local mac before n

	need perl
	gateway 4
	member 4 m 2
	member 4 rogue 3
	veth spy 4 50
	inside spy ping -q -c 1 -W 30 10.9.0.1
	mac=$(mac gw4 seg-four)
	inside rogue4 nft flush ruleset
	before=$(learned)
	echo "$before"
	[[ $before == *"$mac dev vlg-gw4 "*sticky* ]]
	for n in "spy eth4" "rogue4 seg-four"; do
		# shellcheck disable=SC2046,SC2086 # words
		frames $n $(bridge_frames "$mac") $(bridge_frames 02:76:0a:09:00:63) $(local_frames 02:aa:00:00:00:01)
	done
	[ "$before" = "$(learned)" ]
	[ "$(inside m4 curl -sS --max-time 60 http://203.0.113.80/)" = 198.51.100.1 ]
	vault check gw4 m4
	# The control, twice: where it may, the bridge learns of the very same frames.
	host ip link set vls-four type bridge no_linklocal_learn 0
	# shellcheck disable=SC2046 # words
	frames spy eth4 $(local_frames 02:aa:00:00:00:01)
	[[ $(learned) == *"02:aa:00:00:00:01 dev spy4"* ]]
	run -1 vault check m4
	[[ $output == *"learns from link-local frames (no_linklocal_learn)"*"(vault up m4 as-made)"* ]]
	host sh -c 'nft delete table bridge vault-guard; bridge fdb del '"$mac"' dev vlg-gw4 master'
	# shellcheck disable=SC2046 # words
	frames spy eth4 $(local_frames "$mac")
	[[ $(learned) == *"$mac dev spy4"* ]]
	# It is mended from there, and the very same frames move nothing.
	member 4 m 2
	gateway 4
	vault check gw4 m4
	# shellcheck disable=SC2046 # words
	frames spy eth4 $(local_frames "$mac")
	[[ $(learned) == *"$mac dev vlg-gw4 "*sticky* ]]
	[ "$(inside m4 curl -sS --max-time 60 http://203.0.113.80/)" = 198.51.100.1 ]
}

# many FIRST N: frames from so many MAC addresses by the veth, to all
many() {
	inside spy perl -e '
		socket(my $s, 17, 3, 0) or die;
		open my $f, "<", "/sys/class/net/eth4/ifindex" or die;
		my $to = pack("S n l x12", 17, 3, <$f>);
		for ($ARGV[0] .. $ARGV[0] + $ARGV[1] - 1) {
			my $frame = "\xff" x 6 . pack("CCN", 2, 0xaa, $_) . "\x88\xb5" . "\0" x 46;
			until (send($s, $frame, 0, $to)) { $!{ENOBUFS} or die $! }
		}' "$1" "$2"
}
behind() { host bridge fdb show br vls-four | grep -c "^02:aa:.* dev spy4"; }

@test "L30 addresses without end by one port: the bridge learns a bounded number, and others go on" {
	need perl
	gateway 4
	member 4 m 2
	veth spy 4 50
	inside spy ping -q -c 1 -W 30 10.9.0.1
	many 1 5000
	n=$(behind)
	echo "# $n of 5000 learned" >&3
	((n >= 900 && n <= 1500))
	veth two 4 52
	[ "$(inside m4 curl -sS --max-time 60 http://203.0.113.80/)" = 198.51.100.1 ]
	inside two ping -q -c 1 -W 30 10.9.0.2
	inside spy ping -q -c 1 -W 30 10.9.0.2 # who was there before
	vault check m4
	# The control: without rules all are learned, but for the bridge's own bound, where it has one.
	host nft delete table bridge vault-guard
	many 10000 20000
	n=$(behind)
	echo "# $n of 20000 learned without rules" >&3
	if [[ $(printf '%s\n' 6.7 "$(uname -r)" | sort -V | head -n 1) == 6.7 ]]; then
		((n >= 15000 && n <= 16384))
	else
		((n >= 20000))
	fi
}

# ---- other ways ----------------------------------------------------------------------------------------------------

@test "L29 a member uses its own gateway and no other, root inside and a wide network too" {
	local own other

	gateway 4
	vault up gwb conf "$LAB/provider2.conf" segment four 10.9.0.9/24 gateway
	vault up m4 no-link segment four 10.9.0.2/8 via 10.9.0.1
	own=02:76:0a:09:00:01 other=02:76:0a:09:00:09
	inside m4 nft flush ruleset
	token
	must_see srv:wg0 -- inside m4 wire send packet 203.0.113.9 --iface seg-four --mac $own --token "$TOKEN"
	token
	observe gwb:seg-four
	inside m4 wire send packet 203.0.113.9 --iface seg-four --mac $other --token "$TOKEN"
	inside m4 wire send packet 10.66.0.1 --port 53 --iface seg-four --mac $other --token "$TOKEN" # of its network
	inside m4 wire send packet 10.9.0.77 --iface seg-four --mac $other --token "$TOKEN"
	must_not_see
	token
	must_see gwb:seg-four -- inside m4 wire send packet 10.9.0.9 --iface seg-four --mac $other --token "$TOKEN" # a member
	# Nor does it get answers, or resets, that are no answers, by any other; who has no way out gets none by any.
	vault up other4 no-link isolated segment four 10.9.0.4/24
	inside gw4 nft flush ruleset
	inside gwb nft flush ruleset
	token
	from_beyond() { inside "$1" wire send packet "10.9.0.$3" --iface seg-four --mac "$2" --src 203.0.113.80 --token "$TOKEN"; }
	must_see m4:seg-four -- from_beyond gw4 02:76:0a:09:00:02 2
	token
	must_not_see m4:seg-four -- from_beyond gwb 02:76:0a:09:00:02 2
	must_not_see other4:seg-four -- from_beyond gw4 02:76:0a:09:00:04 4
	must_see other4:seg-four -- inside gw4 wire send packet 10.9.0.4 --iface seg-four --mac 02:76:0a:09:00:04 --token "$TOKEN"
}

@test "L29 DN-5 machines of other tools: none takes the gateway's place towards another, none gets what is for it, or for another" {
	local mac spy

	need perl
	gateway 4
	member 4 m 2
	veth spy 4 50
	veth two 4 52
	host ip -n two route add default via 10.9.0.1
	[ "$(inside two curl -sS --max-time 60 http://203.0.113.80/)" = 198.51.100.1 ]
	inside spy ping -q -c 1 -W 30 10.9.0.52 # as neighbours
	inside spy ping -q -c 1 -W 30 10.9.0.1
	mac=$(mac gw4 seg-four) spy=$(mac spy eth4)
	# By its own MAC: towards a leg and another machine alike.
	observe two:eth4 --from 10.9.0.1 --from 10.9.0.2
	frames spy eth4 "$(gratuitous "$spy" 10.9.0.1)" "$(gratuitous "$spy" 10.9.0.2)"
	inside spy wire send packet 10.9.0.52 --iface eth4 --mac "$(mac two eth4)" --src 10.9.0.1
	must_not_see
	must_see two:eth4 --from 10.9.0.50 -- frames spy eth4 "$(gratuitous "$spy" 10.9.0.50)"
	# The gateway down, its MAC is known to the machine a moment longer.
	vault down gw4
	host ip -n two neigh replace 10.9.0.1 lladdr "$mac" dev eth4 nud reachable
	token
	must_not_see spy:eth4 m4:seg-four -- inside two wire send udp 203.0.113.9 --token "$TOKEN"
	inside spy ip link set eth4 address "$mac"
	frames spy eth4 "ffffffffffff${mac}88b5"
	[[ $(learned) != *"$mac"* ]]
	token
	must_not_see spy:eth4 m4:seg-four -- inside two wire send udp 203.0.113.9 --token "$TOKEN"
	inside spy ip link set eth4 address "$spy"
	# A machine that is gone: what a leg sends to it is flooded to nobody.
	inside m4 ping -q -c 1 -W 30 10.9.0.52
	own=$(mac two eth4)
	host ip link del two4
	host ip -n m4 neigh replace 10.9.0.52 lladdr "$own" dev seg-four nud reachable
	token
	must_not_see spy:eth4 -- inside m4 wire send udp 10.9.0.52 --token "$TOKEN"
	# The control.
	host nft delete table bridge vault-guard
	token
	must_see spy:eth4 -- inside m4 wire send udp 10.9.0.52 --token "$TOKEN"
}

@test "L29 a frame with a tag of VLAN 0, which is taken for untagged, tells no lies between two ports of other tools" {
	need python3
	local bridge mac_b

	vault up m1 isolated segment tags 10.77.0.11/24 no-link
	bridge=$(host sh -c 'cd /sys/class/net && echo vls-*')
	host sh -c "for n in a b; do ip netns add tool-\$n; ip link add p-\$n type veth peer name e0 netns tool-\$n
		ip link set p-\$n master $bridge up; ip -n tool-\$n link set e0 up; done
		ip -n tool-a address add 10.77.0.21/24 dev e0; ip -n tool-b address add 10.77.0.22/24 dev e0"
	for n in a b; do retry 10 inside tool-$n ping -c 1 -W 1 10.77.0.11; done # so they are known to be on it
	mac_b=$(inside tool-b cat /sys/class/net/e0/address)
	lie() { # ADDRESS TAG: an answer by ARP, to b, that a has that address
		inside tool-a python3 - "$mac_b" "$1" "$2" <<- 'END'
			import socket, sys
			to, ip, tag = bytes.fromhex(sys.argv[1].replace(":", "")), socket.inet_aton(sys.argv[2]), bytes.fromhex(sys.argv[3])
			s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
			s.bind(("e0", 0))
			own = s.getsockname()[4]
			s.send(to + own + tag + bytes.fromhex("08060001080006040002") + own + ip + to + socket.inet_aton("10.77.0.22"))
		END
	}
	believes() { inside tool-b ip neigh show "$1" | grep -q "$(inside tool-a cat /sys/class/net/e0/address)"; }
	inside tool-b ip neigh replace 10.77.0.99 lladdr 02:00:00:00:00:01 dev e0 nud stale
	takes() { lie "$1" "$2" && believes "$1"; }
	retry 5 takes 10.77.0.99 "" # the control: nobody's address; the kernel takes no other for a second
	for tag in 81000000 8100000081000000 88a8000081000000; do run ! takes 10.77.0.11 $tag; done
	sleep 1.1
	for tag in 81000000 8100000081000000 88a8000081000000; do run ! takes 10.77.0.11 $tag; done
	inside tool-b ping -c 1 -W 30 10.77.0.11
	host sh -c 'ip netns del tool-a; ip netns del tool-b'
	vault down m1
}

# flow FAMILY: m sends to somewhere beyond, and says what it was told of that
flow() {
	spawn inside "m$1" python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.connect((sys.argv[1], 9))
s.send(b"x")
print("port", s.getsockname()[1], flush=True)
try: s.recv(1)
except OSError as e: print("told", e.strerror, flush=True)' "${beyond[$1]}"
	FLOW=$SPAWNED_OUT
	retry 5 grep -q '^port' "$FLOW"
}

# error NAME FAMILY REASON: of m's flow, from NAME's own address
error() {
	inside "$1" python3 - "$(addr "$2" 2)" "${beyond[$2]}" "$(sed -n 's/^port //p' "$FLOW")" "$3" <<- 'END'
		import socket, struct, sys
		to, beyond, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
		six = ":" in to
		family = socket.AF_INET6 if six else socket.AF_INET
		ends = [socket.inet_pton(family, a) for a in (to, beyond)]
		udp = struct.pack("!4H", port, 9, 1400, 0)
		if six:
		    about = struct.pack("!IHBB", 6 << 28, 1400, 17, 63) + b"".join(ends) + udp + bytes(1200)
		else:
		    head = struct.pack("!BBHHHBBH", 0x45, 0, 1420, 0, 0x4000, 63, 17, 0) + b"".join(ends)
		    total = sum(struct.unpack("!10H", head))
		    total = (total & 0xffff) + (total >> 16)
		    about = head[:10] + struct.pack("!H", 0xffff - total) + head[12:] + udp
		kind, code, mtu = {
		    "Message too long": (2, 0, 1300) if six else (3, 4, 1300),
		    "Connection refused": (1, 4, 0) if six else (3, 3, 0),
		}[sys.argv[4]]
		icmp = struct.pack("!BBHI", kind, code, 0, mtu) + about
		if not six:
		    total = sum(struct.unpack("!%dH" % (len(icmp) // 2), icmp))
		    total = (total & 0xffff) + (total >> 16)
		    total = (total & 0xffff) + (total >> 16)
		    icmp = icmp[:2] + struct.pack("!H", 0xffff - total) + icmp[4:]
		s = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP)
		s.sendto(icmp, (to, 0))
	END
	inside "$1" ping -q -c 1 -W 30 "$(addr "$2" 2)" > /dev/null # it comes behind that
}

@test "L35 what a neighbour says of a member's flow ends it not, nor makes its packets small; its own gateway is believed" {
	need python3
	local f from reason

	for f in 4 6; do
		gateway $f
		member $f m 2
		member $f rogue 3
		veth spy $f 50
		inside rogue$f nft flush ruleset
		inside gw$f nft flush ruleset
		retry 10 inside spy ping -q -c 1 -W 1 "$(addr $f 2)"
		for reason in "Message too long" "Connection refused"; do
			flow $f
			for from in rogue$f spy; do error "$from" $f "$reason"; done
			run ! grep told "$FLOW"
			error gw$f $f "$reason"
			retry 5 grep "told $reason" "$FLOW"
		done
	done
}

@test "L29 BX-1 root in a member makes frames of every kind for somewhere beyond, to another tool's port: none comes there" {
	need python3
	local f name

	for f in 4 6; do
		name=${segment[$f]}
		gateway $f
		member $f rogue 3
		veth spy $f 50
		inside rogue$f nft flush ruleset
		retry 10 inside rogue$f ping -q -c 1 -W 1 "$(addr $f 50)"
		token
		must_see spy:eth$f -- inside rogue$f wire send udp "$(addr $f 50)" --token "$TOKEN"
		token
		must_not_see spy:eth$f -- inside rogue$f python3 "$BATS_TEST_DIRNAME/forge.py" all "seg-$name" "$(mac spy eth$f)" \
			10.9.0.3 fd00:9::3 "$TOKEN" "${beyond[$f]}"
		# shellcheck disable=SC2153 # must_not_see sets it
		[ "$SENT" = 0 ]
	done
}
