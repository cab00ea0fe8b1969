#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/scenario/prp-012.bats: a media stack whose members have one way out, a gateway vault, by the recipe of
# vault-recipes(7); drilled, watched and measured.
#
#                  segment "media" 10.77.0.0/24: bridge vls-media, no uplink, no host address
#        .1 +---------------+ .11          + .12         + .13           + .14
#      gateway           jellyfin        sonarr       prowlarr       qbittorrent
#      tunnel               : 10.200.11.2  : 10.200.12.2 : 10.200.13.2   : 10.200.14.2     links to the host
#      10.66.0.2       nginx on the host, by name (*.home), for lan 192.168.77.2
#           :
#      srv, the provider, seen by the internet (isp) as 198.51.100.1; the host is 192.0.2.2
#
# shellcheck disable=SC2154 # what bats' `run` leaves
load ../helper
load ../recipe

members=(jellyfin:8096 sonarr:8989 prowlarr:9696 qbittorrent:8080)
vpn=198.51.100.1 net=203.0.113.80

# Stand-ins: each is a web server that tells its name.
services() {
	local m program

	for m in "${members[@]}"; do
		program=${m%:*}
		[[ $program != qbittorrent ]] || program+=-nox
		host sh -c 'mkdir -p "$LAB/site/$1" && echo "this is $1" > "$LAB/site/$1/index.html"
			printf "#!/bin/sh\nexec busybox httpd -f -p %s -h %s\n" "$2" "$LAB/site/$1" > "$LAB/bin/$3"
			chmod +x "$LAB/bin/$3"' - "${m%:*}" "${m#*:}" "$program"
	done
}

setup_file() {
	lab_start
	host which nginx > /dev/null || return 0 # the tests say so
	services
	kitchen
	host sh -c 'rm -f /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*; head -c 4M /dev/urandom > $LAB/www/film'
	cook prp-012 host
}

setup() { need nginx jq perl; }

by_tunnel() { [ "$(inside "$1" curl -sm 3 http://$net/)" = $vpn ]; }

# all_up: whatever was done to them, or to the host's rules
all_up() {
	local name

	for name in gateway jellyfin sonarr prowlarr qbittorrent; do vault up "$name"; done
	retry 10 by_tunnel sonarr
	vault check
}

# pids: of all that runs in the members
pids() { local m; for m in "${members[@]}"; do host ip netns pids "${m%:*}"; done | sort -n | xargs; }

# ---- as it is --------------------------------------------------------------------------------------------------------

@test "PC-1 each member has a network of its own, with a leg and a link, and one way out: the gateway's tunnel" {
	local m name

	[ "$(for m in "${members[@]}"; do host stat -L -c %i "/run/netns/${m%:*}"; done | sort -u | wc -l)" = 4 ]
	for m in "${members[@]}"; do
		name=${m%:*}
		[ "$(inside "$name" ip -j link | jq -r '.[].ifname' | grep -v '^link-' | sort | xargs)" = "lo seg-media" ]
		[ "$(inside "$name" ip -j route show default type unicast | jq -r '.[].gateway')" = 10.77.0.1 ]
		retry 5 by_tunnel "$name"
	done
	[ "$(host curl -sm 3 http://$net/)" = 192.0.2.2 ] # the control
	vault check
}

@test "PC-2 the gateway leads the segment into its tunnel, and nowhere else" {
	local mac peer

	token
	must_see srv:wg0 -- inside sonarr wire send udp 203.0.113.9 --token "$TOKEN"
	must_see isp:to-host lan:eth0 -- host sh -c "wire send udp 203.0.113.9 --token $TOKEN; wire send udp 192.168.77.2 --token $TOKEN"
	mac=$(inside gateway cat /sys/class/net/seg-media/address)
	observe isp:to-host lan:eth0 host:vlt-gateway host:vlt-sonarr host:vls-media
	inside sonarr sh -c "for to in 192.168.77.2 192.0.2.1 10.200.0.1 10.200.11.1 203.0.113.9; do
		wire send udp \$to --token $TOKEN
		wire send packet \$to --iface seg-media --src 10.77.0.12 --mac $mac --token $TOKEN
	done" || :
	must_not_see
	# nor does it lead in what nobody asked for, if the provider sends it
	peer=$(srv wg show wg0 allowed-ips | awk '/10\.66\.0\.2/ { print $1 }')
	srv wg set wg0 peer "$peer" allowed-ips 10.66.0.2/32,fd66::2/128,10.77.0.0/24
	srv ip route add 10.77.0.0/24 dev wg0
	must_see gateway:wg-gateway -- srv wire send udp 10.77.0.12 --token "$TOKEN"
	must_not_see sonarr:seg-media gateway:seg-media -- srv sh -c "wire send udp 10.77.0.12 --token $TOKEN; wire send icmp 10.77.0.12 --token $TOKEN"
	srv ip route del 10.77.0.0/24 dev wg0
	srv wg set wg0 peer "$peer" allowed-ips 10.66.0.2/32,fd66::2/128
}

# reached WHERE… : those of the places (ROLE URL) that answer, all asked at once
reached() {
	local place pids=()

	for place; do
		{ ! ${place% *} curl -sm 2 -o /dev/null "${place#* }" 2> /dev/null || echo "$place"; } 3>&- 4>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
}

@test "PC-5 members reach each other by address and name, nginx each of them over its link, nobody else any" {
	local a b who n=10 others=()

	for a in "${members[@]}"; do
		for b in "${members[@]}"; do
			[ "$(vault exec "${a%:*}" curl -sSm 20 "http://$b/")" = "this is ${b%:*}" ]
		done
	done
	[ "$(inside prowlarr curl -sSm 20 http://10.77.0.11:8096/)" = "this is jellyfin" ]
	for a in "${members[@]}"; do
		n=$((n + 1))
		[ "$(lan curl -sSm 20 --resolve "${a%:*}.home:80:192.168.77.1" "http://${a%:*}.home/")" = "this is ${a%:*}" ]
		for who in lan isp srv; do others+=("$who http://10.200.$n.2:${a#*:}/" "$who http://10.77.0.$n:${a#*:}/"); done
		others+=("host http://10.77.0.$n:${a#*:}/")
	done
	[ "$(reached "host http://10.200.12.2:8989/")" = "host http://10.200.12.2:8989/" ] # the control
	[ "$(reached "${others[@]}")" = "" ]
}

@test "PC-4 members' names are asked of the VPN's resolver alone; with the tunnel down, of nobody" {
	local m

	token
	for m in "${members[@]}"; do
		vault exec "${m%:*}" getent ahostsv4 "${m%:*}-$TOKEN.test" | grep 203.0.113.80
	done
	run ! inside sonarr busybox nslookup "$TOKEN-isp.test" 203.0.113.53
	run ! inside sonarr busybox nslookup "$TOKEN-host.test" 10.200.12.1
	vault down gateway keep-ns
	for m in "${members[@]}"; do run ! vault exec "${m%:*}" getent ahostsv4 "dark-$TOKEN.test"; done
	host cat "$LAB/srv-dns.log" | grep -c "query.*-$TOKEN.test from 10.66.0.2"
	host getent ahostsv4 "control-$TOKEN.test" # the control: that one it is asked for
	[ "$(host cat "$LAB/host-dns.log" "$LAB/isp-dns.log" | grep "query.*$TOKEN" | grep -cv "control-$TOKEN")" = 0 ]
	[ "$(host grep -c "query.*dark-$TOKEN" "$LAB/srv-dns.log")" = 0 ]
	vault up gateway
	retry 5 by_tunnel sonarr
}

@test "PC-6 PC-11 a verdict by exit code, for whatever asks: dead with the tunnel, sound again; a stray process is found" {
	vault check gateway sonarr
	host ip -n gateway link del wg-gateway
	run -1 vault check gateway sonarr
	[[ $output == *"gateway: broken"*"sonarr: broken"* ]]
	vault up gateway
	vault check gateway sonarr
	run -0 vault -j check sonarr
	[ "$(jq -r '.[0].processes[].name' <<< "$output")" = busybox ]
	vault check sonarr pid "$(host ip netns pids sonarr)"
	spawn host sleep 1000
	run -1 vault check sonarr pid "$SPAWNED"
	[[ $output == *"FAIL"*"process-netns"* ]]
}

# ---- drills ----------------------------------------------------------------------------------------------------------

# flow: from sonarr, a marked packet each 10 ms to the internet, where $FLOW tells when each came, and from whom
flow() {
	spawn isp perl -MSocket -MTime::HiRes=time -e '
		$| = 1;
		socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
		bind($s, sockaddr_in(7777, inet_aton("203.0.113.9"))) or die;
		while (my $from = recv($s, my $data, 100, 0)) { printf "%.3f %s\n", time, inet_ntoa((sockaddr_in($from))[1]) }'
	FLOW=$SPAWNED_OUT
	spawn inside sonarr perl -MSocket -e '
		socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
		for (;;) { send($s, pack("H*", $ARGV[0]), 0, sockaddr_in(7777, inet_aton("203.0.113.9"))); select(undef, undef, undef, 0.01) }' "$TOKEN"
}

now() { date +%s.%3N; }
last() { tail -n 1 "$FLOW" | cut -d' ' -f1; }

# since A B: milliseconds from A to B, none when B is before
since() { awk -v a="$1" -v b="$2" 'BEGIN { printf("%d", b > a ? (b - a) * 1000 : 0) }'; }

came_after() { (($(since "$1" "$(last)") > 0)); }
quiet() { (($(since "$(last)" "$(now)") > 700)); }

# drill WHAT COMMAND…: a line of the table
drill() {
	local failed mended dark back from

	from=$(($(wc -l < "$FLOW") + 1))
	observe isp:to-host lan:eth0 host:vlt-gateway host:vlt-sonarr host:eth1
	failed=$(now)
	"${@:2}" > "$BATS_TEST_TMPDIR/drill" 2>&1 || { cat "$BATS_TEST_TMPDIR/drill"; return 1; }
	retry 10 quiet
	dark=$(since "$failed" "$(last)")
	mended=$(now)
	vault up gateway > "$BATS_TEST_TMPDIR/drill"
	retry 30 came_after "$mended"
	back=$(awk -v t="$mended" '$1 > t { print $1; exit }' "$FLOW")
	must_not_see
	printf '# %-34s %10s %12s %10s\n' "$1" "$dark ms" "$(since "$mended" "$back") ms" "$SEEN" >&3
	[ "$(tail -n "+$from" "$FLOW" | cut -d' ' -f2 | sort -u)" = $vpn ]
}

kill_program() { host kill -KILL "$(host pgrep -f 'wireguard-go -f wg-[g]ateway')"; }
unreachable() { isp nft 'table inet cut { chain forward { type filter hook forward priority 0; udp dport 51820 drop; udp sport 51820 drop; }; }'; }

@test "PC-3 PC-9 PC-12 drills: each failure makes the members dark at once, \`vault up gateway\` brings them back, nothing passes outside" {
	local before

	token
	flow
	before=$(pids)
	retry 10 grep -q "$vpn" "$FLOW"
	must_see isp:to-host -- host wire send udp 203.0.113.9 --token "$TOKEN" # the control
	printf '# %-34s %10s %12s %10s\n' failure "dark after" "back after" outside >&3
	[ "$LAB_BACKEND" = kernel ] || drill "VPN's program killed" kill_program
	drill "tunnel's interface deleted" host ip -n gateway link del wg-gateway
	drill "rules of the gateway flushed" inside gateway nft flush ruleset
	drill "gateway down" vault down gateway
	drill "gateway's namespace deleted" host sh -c 'ip netns del gateway'
	[ "$(pids)" = "$before" ] # nobody touched the services
	vault check
}

@test "PC-12 rules flushed everywhere, on the host too: what members send still goes by the tunnel or not at all" {
	token
	flow
	retry 10 grep -q "$vpn" "$FLOW"
	observe isp:to-host lan:eth0 host:vlt-gateway host:vlt-sonarr host:eth1
	inside sonarr nft flush ruleset
	host nft flush ruleset
	sleep 1
	inside gateway nft flush ruleset
	retry 10 quiet
	must_not_see
	[ "$(cut -d' ' -f2 "$FLOW" | sort -u)" = $vpn ]
	host nft 'table inet nat { chain postrouting { type nat hook postrouting priority srcnat; oifname "eth0" masquerade; }; }' # the lab's own
	all_up
}

# fetch: what is lacking of the film
fetch() { inside qbittorrent curl -sSf -m 60 --speed-time 2 --speed-limit 1 -C - -o "$BATS_TEST_TMPDIR/film" http://$net/film; }

@test "PC-9 PC-12 a download before, during and after a failure is whole, and all of it came by the tunnel" {
	local sum size

	sum=$(host sha256sum "$LAB/www/film" | cut -d' ' -f1)
	fetch
	[ "$(sha256sum < "$BATS_TEST_TMPDIR/film" | cut -d' ' -f1)" = "$sum" ]
	rm "$BATS_TEST_TMPDIR/film"
	observe isp:to-host --to $net
	spawn inside qbittorrent curl -sSf --limit-rate 1M --speed-time 3 --speed-limit 1 -o "$BATS_TEST_TMPDIR/film" http://$net/film
	retry 10 test -s "$BATS_TEST_TMPDIR/film"
	host ip -n gateway link del wg-gateway
	run ! fetch # nothing more comes
	retry 10 gone "$SPAWNED"
	size=$(stat -c %s "$BATS_TEST_TMPDIR/film")
	((size > 0 && size < 4194304))
	vault up gateway
	retry 10 fetch
	must_not_see
	[ "$(sha256sum < "$BATS_TEST_TMPDIR/film" | cut -d' ' -f1)" = "$sum" ]
	must_see isp:to-host --to $net -- host curl -sSm 60 -o "$BATS_TEST_TMPDIR/page" http://$net/ # the control
}

# ---- watched ---------------------------------------------------------------------------------------------------------

# monitor WHAT-ON-LEAK: the gateway's, a run each second, by two servers that say whom they see
monitor() {
	spawn host "$VAULT" leaktest gateway echo http://$net/ echo http://203.0.113.9/ interval 1s log "$LAB/audit.log" on-leak "$1"
	MONITOR=$SPAWNED
}

# runs N VERDICT: so many of the last lines of the log say so
runs() { [ "$(host tail -n "$1" "$LAB/audit.log" 2> /dev/null | jq -Rr 'fromjson? | .verdict' | sort | uniq -c | xargs)" = "$1 $2" ]; }

# What nobody should do: a second way out, and no rules, inside and on the host. The monitor may be faster than the last.
tear_open() {
	host ip -n gateway route replace default via "$(host ip -j -4 address show vlt-gateway | jq -r '.[0].addr_info[0].local')"
	inside gateway nft flush ruleset
	host nft delete table inet vault-guard || :
}

@test "PC-7 PC-8 the leak monitor: each run with the addresses seen in a log that a crash leaves whole; a leak calls an alert, or takes the vault down" {
	local hook

	monitor 'printf %s "$VAULT_LEAK" | curl -sm 5 --data-binary @- http://192.168.77.2:8000/'
	retry 20 runs 3 sealed
	[ "$(host tail -n 1 "$LAB/audit.log" | jq -r '.addresses[0] | "\(.inside) \(.host)"')" = "$vpn 192.0.2.2" ]
	host kill -KILL "$MONITOR"
	printf '{"name": "gateway", "ti' | host sh -c 'cat >> $LAB/audit.log' # as cut off in the middle of a line
	spawn lan socat -u TCP-LISTEN:8000,reuseaddr -
	hook=$SPAWNED_OUT
	monitor 'printf %s "$VAULT_LEAK" | curl -sm 5 --data-binary @- http://192.168.77.2:8000/'
	tear_open
	retry 20 grep -q '"verdict"' "$hook"
	[ "$(sed '1,/^\r*$/d' "$hook" | jq -r '"\(.name) \(.verdict)"')" = "gateway LEAK" ]
	host kill "$MONITOR"
	vault up gateway
	monitor down
	retry 20 runs 2 sealed
	by_tunnel sonarr
	tear_open
	retry 20 gone "$MONITOR" # there is nothing left to test
	run ! host test -e /run/netns/gateway
	run ! inside sonarr curl -sm 2 http://$net/
	all_up
}

@test "PC-10 the report of the day: runs, the longest gap, leaks and what was done about them, addresses" {
	run -1 vault leaktest gateway report "$LAB/audit.log"
	run -1 vault -j leaktest gateway report "$LAB/audit.log"
	echo "$output" | jq .
}

# ---- seen from elsewhere ---------------------------------------------------------------------------------------------

# metrics: what a timer does each minute
metrics() { vault check all prometheus | host sh -c 'cat > $LAB/metrics/vault.prom'; }

# ask PATH WORDS…: the HTTP interface of Prometheus
ask() { host curl -sfG -m 5 "http://127.0.0.1:9090/api/v1/$1" "${@:2}"; }

# is QUERY VALUE: what Prometheus says of it is that, for each
is() { [ "$(ask query --data-urlencode "query=$1" | jq --arg v "$2" '.data.result | length > 0 and all(.value[1] == $v)')" = true ]; }

# alerts: the vaults that there is one of
alerts() { ask alerts | jq -r '.data.alerts[] | select(.state == "firing") | .labels.name'; }
alerts_are() { [ "$(alerts | sort | xargs)" = "$1" ]; }

@test "PC-10 a real Prometheus has the verdict, the traffic and the drops of each vault, and raises an alert while the gateway is dead" {
	local dir=$LAB/metrics

	need prometheus
	host mkdir "$dir"
	host sh -c 'cat > $LAB/metrics/prometheus.yml; printf "%s\n" "groups:" "  - name: vault" "    rules:" "      - alert: VaultBroken" \
		"        expr: vault_verdict{verdict=\"sound\"} == 0" > $LAB/metrics/alerts.yml' <<- 'END'
		global: { scrape_interval: 1s, evaluation_interval: 1s }
		rule_files: [ alerts.yml ]
		scrape_configs:
		  - job_name: vault
		    metrics_path: /vault.prom
		    static_configs: [ { targets: [ "127.0.0.1:9100" ] } ]
	END
	metrics
	host busybox httpd -p 127.0.0.1:9100 -h "$dir"
	spawn host prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/data" --web.listen-address=127.0.0.1:9090
	retry 20 is 'vault_verdict{verdict="sound"}' 1
	is 'count(vault_up == 1)' 5
	is 'vault_received_bytes_total{name="gateway"} > bool 0' 1
	alerts_are ""
	token
	inside sonarr wire send udp 192.0.2.1 --token "$TOKEN" --iface link-sonarr || : # dropped, and counted
	host ip -n gateway link del wg-gateway
	metrics
	retry 20 alerts_are "gateway jellyfin prowlarr qbittorrent sonarr" # without it none of them has a way out
	is 'vault_verdict{name="gateway",verdict="sound"}' 0
	is 'sum(vault_dropped_packets_total{name="sonarr"}) > bool 0' 1
	vault up gateway
	metrics
	retry 20 is 'vault_verdict{name="gateway",verdict="sound"}' 1
	retry 20 alerts_are ""
}
