#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# units.bats: services in a vault, under a real systemd. All of it in one boot:
#   test/run units
# probe.service idles in the vault; `confined` runs a command as a service in it. The network: network.bash.
# shellcheck disable=SC2154 # what bats' `run` leaves
bats_require_minimum_version 1.5.0
load network
load ../recipe

conf=/etc/wireguard/provider.conf
drop_in=50-vault.conf

# A listener at each path by which something outside would answer.
helpers() {
	local path

	for path in "$@"; do
		mkdir -p "${path%/*}"
		systemd-run -q socat -U "UNIX-LISTEN:$path,fork" "SYSTEM:echo outside"
	done
}

# confine UNIT: by the recipe of vault-systemd(7)
confine() { install -D -m 644 /run/vault/media/confine.conf "/etc/systemd/system/$1.service.d/$drop_in"; }

setup_file() {
	provider
	client provider 10.9.0.2
	echo "conf $conf" >/etc/vault/media.conf
	cat >/etc/systemd/system/probe.service <<-END
		[Service]
		RuntimeDirectory=probe
		StateDirectory=probe
		ExecStart=/bin/sleep infinity
		ExecStop=/bin/bash -c 'cat </dev/tcp/10.9.0.1/80 >/var/lib/probe/last'
	END
	vault up media
	confine probe
	confine try
	confine loose
	vault down media
	systemctl daemon-reload
}

confined() { systemd-run -q --unit=try --wait --pipe --collect -- "$@"; }

# sees COMMAND…: what probe.service sees of network and files
sees() { nsenter -t "$(main_pid)" -n -m -- "$@"; }
main_pid() { systemctl show -P MainPID probe; }

is_inside() { [[ $(readlink "/proc/$(main_pid)/ns/net") == "net:[$(stat -Lc %i /run/netns/media)]" ]]; }

@test "MV-5 IB-3 a service brings its vault up and is in it, by a copy made in an earlier life of the vault" {
	[ ! -e /run/vault/media ]
	systemctl start probe
	[ "$(systemctl is-active vault@media)" = active ]
	[ "$(systemctl show -P NetworkNamespacePath probe)" = /run/netns/media ]
	is_inside
	cmp /run/vault/media/confine.conf /etc/systemd/system/probe.service.d/$drop_in
	systemd-analyze verify --man=no probe.service vault@media.service vault-heal@media.timer > "$BATS_TEST_TMPDIR/said" 2>&1 ||
		{ cat "$BATS_TEST_TMPDIR/said"; return 1; }
	[ ! -s "$BATS_TEST_TMPDIR/said" ] || { cat "$BATS_TEST_TMPDIR/said"; return 1; }
}

@test "MV-1 MV-5 a service sees loopback, tunnel and link alone, in /sys nothing of the host's; it is seen as the tunnel" {
	run confined bash -c 'ip -o link; find /sys -name up0; ls /sys/devices/system/cpu /sys/fs/cgroup
		cat </dev/tcp/10.9.0.1/80; cat </dev/tcp/10.8.0.1/80'
	[ "$(awk -F'[ :@]+' '/^[0-9]+: / { print $2 }' <<<"$output" | sort | xargs)" = "link-media lo wg-media" ]
	[[ $output == *cpu0* && $output == *cgroup.controllers* && $output != *up0* ]]
	[[ $output == *$'\n10.9.0.2\n10.9.0.2' ]]
	[ -e /sys/class/net/up0 ]
	[ "$(bash -c "cat </dev/tcp/10.8.0.1/80")" = 10.8.0.2 ] # so the server can tell
}

@test "MV-3 a service has no network once the tunnel is gone, and again when the vault is reloaded" {
	ip -n media link delete wg-media
	run ! sees timeout 5 bash -c 'cat </dev/tcp/10.8.0.1/80'
	systemctl reload vault@media
	[ "$(sees bash -c 'cat </dev/tcp/10.8.0.1/80')" = 10.9.0.2 ]
	is_inside
}

@test "VC-2 IB-5 L4 a service resolves by the vault's resolver, the host's files stay" {
	before=$(sha256sum /etc/resolv.conf /etc/nsswitch.conf)
	[ "$(sees getent ahostsv4 far.test | awk '{ print $1; exit }')" = 10.9.0.77 ]
	run ! getent ahostsv4 far.test
	[ "$(sees cat /etc/nsswitch.conf)" = "$(</run/vault/media/nsswitch.conf)" ]
	[ "$(sha256sum /etc/resolv.conf /etc/nsswitch.conf)" = "$before" ]
}

@test "L5 what the host renames over its resolv.conf does not show in a service that runs, nor in the next" {
	# But of the host's other files it sees what they are when it starts.
	echo old >/etc/changing
	[ "$(sees cat /etc/resolv.conf /etc/changing)" = "$(cat /run/vault/media/resolv.conf /etc/changing)" ]
	for file in resolv.conf changing; do
		echo "nameserver 192.0.2.1" >/etc/new
		mv /etc/new /etc/$file
	done
	[ "$(sees cat /etc/resolv.conf)" = "$(</run/vault/media/resolv.conf)" ]
	[ "$(confined cat /etc/resolv.conf /etc/changing)" = "$(cat /run/vault/media/resolv.conf /etc/changing)" ]
}

@test "L3 BX-7 sockets of the host's helpers are not reached, whether they were there before the service or come later" {
	paths=(/run/nscd/socket /run/systemd/resolve/io.systemd.Resolve /run/docker.sock /run/avahi-daemon/socket
		/run/later/socket /var/lib/sss/pipes/nss)
	helpers "${paths[@]:0:2}"
	mkdir -p /var/lib/sss/pipes
	systemctl restart probe
	helpers "${paths[@]:2}"
	for path in "${paths[@]}"; do
		retry 5 test -S "$path"
		[ "$(socat -u "UNIX-CONNECT:$path" -)" = outside ]
		run ! sees socat -u "UNIX-CONNECT:$path" -
	done
	# shellcheck disable=SC2016
	[ -z "$(confined sh -c 'for path; do socat -u UNIX-CONNECT:$path -; done 2>/dev/null' sh "${paths[@]}")" ]
	[ -S /run/dbus/system_bus_socket ]
	run ! sees test -e /run/dbus
	run ! sees test -e /run/systemd/private
	sees test -S /run/systemd/journal/socket
}

@test "a service has its RuntimeDirectory, the same as on the host, and its StateDirectory" {
	sees touch /run/probe/file /var/lib/probe/file
	[ -e /run/probe/file ]
	[ -e /var/lib/probe/file ]
}

@test "L2 L23 VC-5 a service has the capabilities that exec leaves, and sockets of the confined families only" {
	set_of() { awk '$1 == "CapBnd:" { print "0x" $2 }' "$@"; }
	hardening=$((1 << 27 | 1 << 34)) # CAP_MKNOD goes by PrivateDevices, CAP_SYSLOG by ProtectKernelLogs
	[ $(($(set_of "/proc/$(main_pid)/status") | hardening)) = $(($(vault exec media cat /proc/self/status | set_of))) ]
	[ "$(awk '/NoNewPrivs/ { print $2 }' "/proc/$(main_pid)/status")" = 1 ]
	run ! confined socat -u VSOCK-CONNECT:2:1 -
	[[ $output == *"family not supported"* ]]
}

# upcall UID WORDS…: run as that user, whom the kernel tells its program of; what it answered
upcall() { "${@:2}" wire call own upcall "name$1.test"; }

# called UID: the kernel has run it, outside, for that user
called() {
	awk -v ns="$(readlink /proc/self/ns/net)" -v uid="$1" '$1 == ns && $2 == "create" && $4 == uid { n++ } END { exit !n }' /run/upcalls
}

@test "L31 request_key(2): the kernel has the host look a name up, for whoever asks; not for a command of exec nor a service" {
	local words

	install "$O/test/wire" /usr/local/bin/wire
	modprobe dns_resolver
	printf '#!/bin/sh\necho "$(readlink /proc/self/ns/net) $*" >>/run/upcalls\n' >/usr/sbin/request-key
	chmod 755 /usr/sbin/request-key
	systemctl start vault@media
	# The control: any user's, in the vault's network.
	upcall 4001 ip netns exec media setpriv --reuid 4001 --clear-groups
	retry 10 called 4001
	upcall 4002 vault exec media user 4002:4002 keep-caps --
	retry 10 called 4002
	for words in "" "user 4003:4003" "user 4003:4003 own-pids"; do
		# shellcheck disable=SC2086 # words
		[ "$(upcall 4003 vault exec media $words --)" = "Operation not permitted" ]
	done
	[ "$(upcall 4003 confined)" = "Operation not permitted" ]
	upcall 4004 setpriv --reuid 4004 --clear-groups
	retry 10 called 4004
	[ "$(wc -l </run/upcalls)" = 3 ]
	rm /usr/sbin/request-key
}

@test "L31 L32 a service cannot have the kernel act outside, runs no other machine's calls, and sees none of the host's processes" {
	install "$O/test/wire" /usr/local/bin/wire
	run confined sh -c 'for c in "add_key x" "request_key x" "keyctl 0" "io_uring_setup 1" "socket 40"; do wire call own $c; done'
	[ "$(awk '{ print $1 }' <<<"$output" | sort | uniq -c | xargs)" = "1 Address 4 Operation" ] || { echo "$output"; return 1; }
	[ "$(wire call own request_key x)" != "Operation not permitted" ]
	wire call i386 getpid 0
	run ! confined wire call i386 getpid 0
	grep -q . /proc/1/net/fib_trie
	run ! confined cat /proc/1/net/fib_trie
	[ "$(systemctl show -P ProtectProc probe)" = ptraceable ]
	# A unit that lists what it may call keeps its list, but for these, and is told so instead of killed.
	printf '%s\n' '[Service]' Type=oneshot 'SystemCallFilter=@system-service @keyring' StateDirectory=listed \
		"ExecStart=/bin/sh -c 'wire call own request_key x >/var/lib/listed/x; wire call own socket 2 >>/var/lib/listed/x'" \
		>/etc/systemd/system/listed.service
	confine listed
	systemctl daemon-reload
	systemctl start listed
	[ "$(xargs </var/lib/listed/x)" = "Operation not permitted taken" ]
}

# Each line of the drop-in: what `systemctl show` says of it, and what of the override.
hardening='
NoNewPrivileges yes no
ProtectSystem strict no
ProtectHome yes no
PrivateTmp yes no
PrivateDevices yes no
ProtectKernelTunables yes no
ProtectKernelModules yes no
ProtectKernelLogs yes no
ProtectControlGroups yes no
RestrictSUIDSGID yes no
'

# are UNIT FIELD: what systemd has of each line is what that field says
are() {
	local names

	names=$(awk 'NF { print "-p" $1 }' <<<"$hardening")
	# shellcheck disable=SC2086 # words
	diff <(awk -v field="$2" 'NF { print $1 "=" $field }' <<<"$hardening" | sort) <(systemctl show $names "$1" | sort)
}

@test "VC-5 services are hardened, and each line can be overridden" {
	dir=/etc/systemd/system/loose.service.d
	run confined sh -c 'touch /usr/x; touch /etc/x; ls /home; test -e /dev/kmsg || echo no kmsg'
	[[ $output == *"/usr/x': Read-only"* && $output == *"/etc/x': Read-only"* && $output == *"no kmsg"* ]]
	# Nothing is in the drop-in that is not looked at here.
	[ "$(sed -n '/^# Hardening/,$s/=.*//p' $dir/$drop_in | sort)" = \
		"$(awk 'NF && $1 != "NoNewPrivileges" { print $1 }' <<<"$hardening" | sort)" ]
	cat >/etc/systemd/system/loose.service <<-'END'
		[Service]
		Type=oneshot
		ExecStart=/bin/sh -euxc 'touch /usr/loose; test -e /dev/kmsg; test -S /run/dbus/system_bus_socket; test -e /run/netns; \
			test -e /sys/class/net/up0; grep "NoNewPrivs:.0" /proc/self/status'
	END
	systemctl daemon-reload
	are loose 2
	run ! systemctl start loose
	{
		echo '[Service]'
		awk 'NF { print $1 "=" $3 }' <<<"$hardening"
		printf '%s=\n' TemporaryFileSystem InaccessiblePaths BindPaths BindReadOnlyPaths ExecStartPre \
			CapabilityBoundingSet RestrictAddressFamilies SystemCallFilter SystemCallErrorNumber SystemCallArchitectures
		echo ProtectProc=default
	} >$dir/60-mine.conf
	systemctl daemon-reload
	are loose 3
	systemctl start loose
}

@test "PC-11 a unit of Type=simple is judged by its program, not by what systemd is until that has begun" {
	local n

	systemctl start vault@media
	for n in early1 early2 early3; do
		printf '%s\n' '[Service]' 'Type=simple' 'ExecStart=/bin/sleep 1000' >/etc/systemd/system/$n.service
		confine $n
	done
	systemctl daemon-reload
	for n in 1 2 3; do
		systemctl restart early1 early2 early3
		vault check media unit early1 unit early2 unit early3
	done
	systemctl stop early1 early2 early3
}

@test "PC-11 L36 a process of a unit that calls itself as systemd's copies are called is judged all the same, at once" {
	systemctl start vault@media
	printf '%s\n' 'printf "(named)" >/proc/$$/comm' 'while :; do sleep 1; done' >/run/named
	systemd-run -q --unit=named bash /run/named
	retry 10 grep -qx '(named)' "/proc/$(systemctl show -P MainPID named)/comm"
	run -1 vault check media unit named
	[[ $output == *FAIL*process-netns*"(named)"* ]]
	[[ $output != *"has not begun"* ]]
	systemctl stop named
}

@test "PC-7 PC-10 a leak test as a service: sealed, in a log for root alone; its timer runs as long as the vault is up" {
	systemctl start vault@media vault-leaktest@media.timer
	systemctl start vault-leaktest@media || { journalctl -q -u vault-leaktest@media; false; }
	[ "$(tail -n 1 /var/log/vault/media.jsonl | jq -r '.name, .verdict, .control.verdict' | xargs)" = "media sealed seen" ]
	[ "$(stat -c %a /var/log/vault /var/log/vault/media.jsonl | xargs)" = "700 600" ]
	[[ $(vault leaktest media report /var/log/vault/media.jsonl) == "media: 1 run: 1 sealed, "* ]]
	[ "$(systemctl is-active vault-leaktest@media.timer)" = active ]
	[[ $(systemctl show -P BindsTo vault-leaktest@media.timer) == vault@media.service ]]
}

@test "PC-10 the metrics timer writes what check finds, whether the vault is up or not, and never half a file" {
	mkdir -p /var/lib/prometheus/node-exporter
	prom=/var/lib/prometheus/node-exporter/vault-media.prom
	systemctl start vault@media
	systemctl start vault-metrics@media || { journalctl -q -u vault-metrics@media; false; }
	grep -qx 'vault_up{name="media"} 1' $prom
	grep -q '^vault_leaktest_verdict{name="media",verdict="sealed"} 1$' $prom # of the test above
	ip netns exec media nft flush ruleset
	rm $prom
	systemctl start vault-metrics@media.timer
	retry 30 grep -qx 'vault_verdict{name="media",verdict="broken"} 1' $prom
	[ "$(ls -A /var/lib/prometheus/node-exporter)" = vault-media.prom ]
	systemctl stop vault-metrics@media.timer vault@media
	systemctl start vault-metrics@media
	grep -qx 'vault_up{name="media"} 0' $prom
	systemctl start vault@media
}

rules() { ip netns exec media nft list table inet vault; }

# Also that of a reload.
last_change() { systemctl show -P StateChangeTimestampMonotonic vault@media; }

rests() { [ "$(systemctl is-active vault-heal@media)" = inactive ]; }

@test "HO-8 a unit that runs nothing cannot be judged; the remedy as printed starts it" {
	systemctl stop probe
	run -3 vault check media unit probe remedy # row START_UNIT
	[ "$output" = "systemctl start probe.service" ]
	eval "$output"
	retry 30 is_inside
	vault check media unit probe
}

@test "PC-9 the heal timer puts a flushed rule set back, and a name that the namespace lost: services in it go on" {
	mkdir -p /etc/systemd/system/vault-heal@media.timer.d
	printf '[Timer]\nOnActiveSec=1s\nOnUnitInactiveSec=5s\n' >/etc/systemd/system/vault-heal@media.timer.d/soon.conf
	systemctl daemon-reload
	pid=$(main_pid)
	ip netns exec media nft flush ruleset
	run ! rules
	systemctl -q enable --now vault-heal@media.timer
	retry 30 rules >/dev/null
	[ "$(main_pid)" = "$pid" ]
	systemctl -q disable --now vault-heal@media.timer
	retry 30 rests # a look that the timer began would be taken for the one below
	since=$(last_change)
	ip netns exec media nft add table ip strange # which no reload takes away
	systemctl start vault-heal@media
	[ "$(last_change)" = "$since" ]
	echo "open-port 7777" >>/etc/vault/media.conf
	ip netns exec media nft flush ruleset
	systemctl start vault-heal@media
	[ "$(last_change)" != "$since" ]
	[[ $(rules) == *"chain output"* && $(rules) != *7777* ]] # what it was made with: the file is the administrator's to load
	[ ! -e /run/vault-heal/media/mends ]
	systemctl reload vault@media
	[[ $(rules) == *7777* ]]
	sed -i /7777/d /etc/vault/media.conf
	systemctl reload vault@media
	ip netns delete media
	systemctl start vault-heal@media
	is_inside
	[ "$(main_pid)" = "$pid" ]
	vault check media unit probe
}

@test "IB-3 a stopped vault stops its services first, while they still have network; nothing is left" {
	systemctl is-active probe
	rm -f /var/lib/probe/last
	systemctl stop vault@media
	[ "$(systemctl is-active probe)" = inactive ]
	[ "$(</var/lib/probe/last)" = 10.9.0.2 ]
	run ! ls -d /run/netns/media /run/vault/media /run/vault-etc/media
	[[ $output != /run/* ]]
	run ! findmnt /run/vault-etc/media
}

@test "BX-8 IB-3 a userspace WireGuard lives and ends with the vault's unit" {
	printf 'conf %s\nuserspace wireguard-go\n' $conf >/etc/vault/media.conf
	systemctl start vault@media
	systemctl reload vault@media
	pgrep wireguard-go
	[ "$(ip netns exec media bash -c 'cat </dev/tcp/10.9.0.1/80')" = 10.9.0.2 ]
	systemctl stop vault@media
	run ! pgrep wireguard-go
	[ ! -e /run/netns/media ]
	echo "conf $conf" >/etc/vault/media.conf
}

@test "the provider's file as a credential of systemd's: the unit alone has it, and the vault is the host's as ever" {
	install -D -m 600 $conf /etc/credstore/provider.conf
	install -D -m 644 /dev/stdin /etc/systemd/system/vault@cred.service.d/credential.conf <<-END
		[Service]
		LoadCredential=provider.conf:/etc/credstore/provider.conf
	END
	echo 'conf /run/credentials/vault@cred.service/provider.conf' >/etc/vault/cred.conf
	systemctl daemon-reload
	systemctl start vault@cred
	vault check cred
	[ "$(vault exec cred bash -c 'cat </dev/tcp/10.9.0.1/80')" ]
	[ -e /run/vault-etc/cred/resolv.conf ]
	ip -n cred link set wg-cred down
	systemctl reload vault@cred
	vault check cred
	systemctl stop vault@cred
	[ ! -e /run/netns/cred ]
}

@test "PC-6 a vault that does not come up keeps its services from starting" {
	echo "conf /nonexistent" >/etc/vault/media.conf
	run ! systemctl start probe
	[ "$(systemctl is-active probe)" = inactive ]
	[ "$(systemctl is-failed vault@media)" = failed ]
	echo "conf $conf" >/etc/vault/media.conf
	systemctl start probe
	is_inside
}

@test "PC-6 a vault that check does not find sound keeps a service from starting, by ExecStartPre" {
	cat >/etc/systemd/system/careful.service <<-'END'
		[Service]
		Type=oneshot
		ExecStartPre=/usr/sbin/vault -q check media
		ExecStart=/bin/true
	END
	systemctl daemon-reload
	systemctl start careful
	ip netns exec media nft add table ip strange
	run ! systemctl start careful
	ip netns exec media nft delete table ip strange
	systemctl start careful
}

@test "IB-3 a vault whose unit fails takes its services along" {
	systemctl start probe
	echo "conf /nonexistent" >/etc/vault/media.conf
	run ! systemctl restart vault@media
	retry 10 test "$(systemctl show -P MainPID probe)" = 0
	[ "$(systemctl is-active vault@media)" = failed ]
	[ ! -e /run/netns/media ]
}

runs() { [ "$(systemctl is-active "$1")" = active ]; }
stopped() { [ "$(systemctl is-active "$1")" = inactive ]; }

@test "PC-6 PC-9 PC-12 services in cascade: a gateway that check finds broken stops its members' vaults, and what runs in them; one start brings all back" {
	local unit

	systemctl stop vault@media
	client gateway 10.9.0.9
	printf '%s\n' 'conf /etc/wireguard/gateway.conf' 'segment media 10.77.0.1/24 gateway' 'wait-handshake 30' >/etc/vault/gateway.conf
	echo 'segment media 10.77.0.12/24 via 10.77.0.1' >/etc/vault/sonarr.conf
	printf '%s\n' '[Service]' 'ExecStart=sleep infinity' >/etc/systemd/system/sonarr.service
	cook cascade
	for unit in vault@gateway vault@sonarr sonarr vault-stop@gateway.timer; do runs $unit; done
	[ "$(ip netns exec sonarr bash -c 'cat </dev/tcp/10.9.0.1/80')" = 10.9.0.9 ]
	systemctl start vault-stop@gateway # sound: nothing stops
	runs sonarr
	ip -n gateway link delete wg-gateway
	retry 30 stopped sonarr # by the timer
	retry 10 stopped vault@sonarr
	retry 10 stopped vault@gateway
	run ! ls -d /run/netns/gateway /run/netns/sonarr
	systemctl start sonarr
	for unit in vault@gateway vault@sonarr sonarr vault-stop@gateway.timer; do runs $unit; done
	[ "$(ip netns exec sonarr bash -c 'cat </dev/tcp/10.9.0.1/80')" = 10.9.0.9 ]
	systemctl stop vault@gateway
	retry 10 stopped vault@sonarr
}

# comes_and_goes: a vault comes up, is sound, has nothing to change the second time, and goes
comes_and_goes() {
	echo "conf $conf" >/etc/vault/media.conf
	vault up media
	vault check media
	udevadm settle 2>/dev/null || :
	vault check media
	run -0 vault up media
	[ "$output" = "media: up, sealed, as described" ]
	run -0 vault down media
	run ! ls -d /run/netns/media /sys/class/net/vlt-media
}

@test "HO-1 L28 what udev lays on each new interface, as systemd's 50-default.conf has it, is no fault of a vault's" {
	[ -x /lib/systemd/systemd-udevd ] || skip "needs udev"
	vault down media || :
	mkdir -p /etc/sysctl.d
	printf '%s\n' 'net.ipv4.conf.default.rp_filter = 2' 'net.ipv4.conf.*.rp_filter = 2' '-net.ipv4.conf.all.rp_filter' \
		'net.ipv4.conf.default.accept_source_route = 0' 'net.ipv4.conf.*.accept_source_route = 0' \
		'-net.ipv4.conf.all.accept_source_route' 'net.ipv4.conf.default.promote_secondaries = 1' \
		'net.ipv4.conf.*.promote_secondaries = 1' '-net.ipv4.conf.all.promote_secondaries' >/etc/sysctl.d/50-default.conf
	systemd-run -q --unit=udevd -p Delegate=yes /lib/systemd/systemd-udevd
	retry 10 udevadm control --ping
	ip link add laid type dummy
	retry 10 grep -qx 2 /proc/sys/net/ipv4/conf/laid/rp_filter # so it does
	echo "conf $conf" >/etc/vault/media.conf
	vault up media
	retry 10 grep -qx 2 /proc/sys/net/ipv4/conf/vlt-media/rp_filter
	vault check media
	vault down media
	comes_and_goes
	systemctl stop udevd
	ip link delete laid
	rm /etc/sysctl.d/50-default.conf
}

@test "HO-1 a vault comes up where a module has put a device of its own into every namespace, as each of them does" {
	vault down media || :
	for module in sit ipip ip_gre ip6_tunnel ip6_gre ip_vti ip6_vti; do
		modprobe $module
		ip netns add fresh
		[ "$(ip -n fresh -o link | sed -n 's/^2: .*/taken/p')" = taken ] # an index that was free before
		ip netns delete fresh
		comes_and_goes
		modprobe -r $module
		echo "# $module: as without it"
	done
}
