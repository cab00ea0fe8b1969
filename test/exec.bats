#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/exec.bats: can a command in a vault reach anything outside, other than by the tunnel? Attacks, each with its control.

load helper

setup_file() {
	lab_start
	vault up media conf "$LAB/provider.conf"
}

# The host's files as a test finds them are as it leaves them, and what it began has ended.
teardown() {
	despawn_all
	host bash -c 'for m in /etc/resolv.conf /etc/hosts /var/lib; do while mountpoint -q $m; do umount $m; done; done
		rm -rf /run/nscd /run/lab/go /etc/resolv.conf; echo "nameserver 127.0.0.1" > /etc/resolv.conf'
}

xc() { vault exec media "$@"; }

# refused STATUS TEXT COMMAND…: it ends with that status and says so
refused() {
	local want=$1 text=$2

	shift 2
	run "-$want" "$@"
	echo "$output"
	[[ $output == *"$text"* ]]
}

# A daemon on the socket $1 that writes down what it is asked.
daemon() {
	host mkdir -p "${1%/*}"
	host rm -f "$1"
	spawn host socat -u -T 1 "UNIX-LISTEN:$1,fork,mode=777" OPEN:/run/lab/asked,creat,append
	retry 5 host test -S "$1"
}

asked() { host grep -qa "$1" /run/lab/asked; }
clear_asked() { host truncate -s 0 /run/lab/asked; }

# What asks the socket $1, in the shell of whoever runs it; the question is $TOKEN.
ask() { echo "echo $TOKEN | timeout 10 socat -u - UNIX-CONNECT:$1"; }

# The script $1 runs inside at once, $2 when `go` was said; $3 are words of exec before it.
begin() {
	# shellcheck disable=SC2086 # words
	spawn host "$VAULT" exec media ${3:-} -- sh -c "$1; echo begun; until [ -e /run/lab/go ]; do sleep 0.02; done; $2; echo over"
	begun=$SPAWNED_OUT
	retry 5 grep -q begun "$begun"
}

go() {
	host touch /run/lab/go
	retry 10 grep -q over "$begun"
	cat "$begun"
}

@test "MV-6 the address seen from inside is the VPN's, by exec as by ip netns exec, and the host's own outside" {
	[ "$(host curl -sS http://203.0.113.80/)" = 192.0.2.2 ]
	[ "$(xc curl -sS http://203.0.113.80/)" = 198.51.100.1 ]
	[ "$(inside media curl -sS http://203.0.113.80/)" = 198.51.100.1 ]
}

@test "MV-6 /sys is the vault's, with the host's cgroups" {
	run xc ls /sys/class/net
	[[ $output == *lo* && $output != *eth0* ]]
	[ "$(xc ls /sys/fs/cgroup)" = "$(host ls /sys/fs/cgroup)" ]
	[ "$(xc stat -f -c %T /proc)" = proc ]
}

@test "IB-5 the vault's own resolv.conf and nsswitch.conf, the host's untouched; names by the tunnel only" {
	before=$(host sha256sum /etc/resolv.conf /etc/nsswitch.conf)
	[ "$(xc cat /etc/resolv.conf)" = "$(host cat /run/vault/media/resolv.conf)" ]
	[ "$(xc cat /etc/nsswitch.conf)" = "$(host cat /run/vault/media/nsswitch.conf)" ]
	[ "$(host sha256sum /etc/resolv.conf /etc/nsswitch.conf)" = "$before" ]
	token
	xc getent ahostsv4 "$TOKEN.test" | grep -q 203.0.113.80
	host grep -q "query.* $TOKEN.test from 10.66.0.2" "$LAB/srv-dns.log"
	run ! host grep -q "$TOKEN" "$LAB/host-dns.log"
}

@test "IB-5 of /run/vault there is nothing inside but the two files, which nobody can write" {
	host test -e /run/vault/media/vault.json
	[ "$(xc sh -c 'cd /run/vault && echo * */*')" = "media media/nsswitch.conf media/resolv.conf" ]
	for f in /run/vault/media/resolv.conf /etc/resolv.conf; do
		run ! xc sh -c "echo nameserver 192.0.2.1 > $f"
		run ! xc mv $f $f.old
	done
	host sh -c 'umask 077; exec "$0" exec media user nobody cat /etc/resolv.conf /run/vault/media/resolv.conf' "$VAULT"
}

@test "L3 BX-7 no daemon on a path is reached that would look up names, carry traffic or start programs outside" {
	host mount -t tmpfs lib /var/lib
	host mkdir -p /run/user/0
	host chmod 700 /run/user/0
	local paths=(/run/nscd/socket /run/nslcd/socket /run/avahi-daemon/socket /run/dbus/system_bus_socket
		/run/systemd/resolve/io.systemd.Resolve /run/systemd/private /run/systemd/io.systemd.Manager
		/run/samba/winbindd/pipe /run/sssd.sock /var/lib/sss/pipes/nss /run/unbound.ctl /run/docker.sock
		/run/podman/podman.sock /run/containerd/containerd.sock /run/libvirt/libvirt-sock /run/tor/socks
		/run/tailscale/tailscaled.sock /run/wireguard/x.sock /run/user/0/bus /run/user/0/systemd/private
		/run/user/0/gnupg/S.dirmngr /run/user/1/bus) path asking=''
	for path in "${paths[@]}"; do
		TOKEN=question-$path-
		daemon "$path"
		asking+="$(ask "$path") && echo ANSWERED;"
		[[ $path != /run/* ]] || asking+="$(ask "/var$path") && echo ANSWERED;"
	done
	host sh -c "$asking"
	for path in "${paths[@]}"; do retry 2 asked "question-$path-"; done
	clear_asked
	run -0 xc sh -c "$asking :"
	[[ $output != *ANSWERED* && $output == *"No such file"* ]]
	sleep 0.3
	run ! asked question
}

@test "DL-10 VAULT_NAME is set inside, and no variable leads to what is out of reach there" {
	local lost=('DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/0/bus,guid=0123' DBUS_SYSTEM_BUS_ADDRESS=unix:path=/var/run/dbus/system_bus_socket
		DOCKER_HOST=unix:///run/docker.sock 'AT_SPI_BUS_ADDRESS=unix:abstract=/tmp/dbus-x,guid=4' TWICE=/run/dbus/system_bus_socket)
	local kept=(SSH_AUTH_SOCK=/tmp/agent NOWHERE=/srv/nothing FOLDERS=/run/nothing:/usr/bin SENTENCE='unix: path' LABELS=/run/lab EMPTY=)
	local one

	host sh -c 'mkdir -p /run/dbus /run/user/0; : > /run/dbus/system_bus_socket; : > /run/docker.sock; : > /run/user/0/bus'
	run -0 host env "${lost[@]}" "${kept[@]}" "$VAULT" exec media env
	[[ $'\n'$output$'\n' == *$'\n'VAULT_NAME=media$'\n'* ]]
	for one in "${kept[@]}"; do [[ $'\n'$output$'\n' == *$'\n'"$one"$'\n'* ]] || { echo "$output"; echo "lost: $one"; return 1; }; done
	for one in "${lost[@]}"; do [[ $output != *"${one%%=*}"* ]] || { echo "$output"; echo "kept: $one"; return 1; }; done
	run -0 host env -i VAULT_NAME=other "$VAULT" exec media env
	[[ $output == VAULT_NAME=media ]]
}

@test "a command of vault's that needs the host says so inside, and finds nothing sound" {
	local words

	host cp "$VAULT" /run/vault-inside
	for words in check 'check media' 'check all' 'leaktest media'; do
		# shellcheck disable=SC2086 # words
		run -3 --separate-stderr xc /run/vault-inside $words
		[[ -z $output && $stderr == *"this is not the network namespace of its host (run it on the host)" ]]
	done
	run -1 --separate-stderr xc /run/vault-inside down media
	[[ $stderr == *"this is not the network namespace of its host"* ]]
	run -1 xc /run/vault-inside up media
	run -125 xc /run/vault-inside exec media true
	vault check media
	xc /run/vault-inside help up
	xc /run/vault-inside parse-conf - < "$LAB/provider.conf"
}

@test "L3 BX-7 what a desktop program needs of /run is there: sound, screen, log, its own folder to write" {
	for path in /run/user/0/pulse/native /run/user/0/wayland-0 /run/systemd/journal/socket /run/systemd/notify \
		/run/some/socket /run/some.socket; do
		daemon "$path"
		token
		xc sh -c "$(ask "$path")"
		retry 2 asked "$TOKEN"
	done
	host ln -sfn /run/some /run/link
	[ "$(xc readlink /run/link)" = /run/some ]
	host mkdir -p /run/user/65534
	host chown nobody:nogroup /run/user/65534
	xc user nobody sh -c 'touch /run/user/65534/x && [ "$(stat -c %U:%G /run/user/65534)" = nobody:nogroup ]'
	[ "$(xc user nobody ls /run/user)" = 65534 ]
}

@test "L3 BX-7 nscd started after the command: glibc inside does not find it" {
	token
	begin : "getent hosts $TOKEN.test"
	daemon /run/nscd/socket
	host timeout 5 getent hosts "$TOKEN.control" || :
	retry 2 asked "$TOKEN.control"
	clear_asked
	go
	run ! asked "$TOKEN"
	host grep -q "query.* $TOKEN.test from 10.66.0.2" "$LAB/srv-dns.log"
}

@test "L3 BX-7 nscd restarted, its folder made anew: a mount over it would be gone" {
	daemon /run/nscd/socket
	despawn "$SPAWNED"
	token
	# The control: what a mount over the folder alone would do.
	spawn host unshare -m sh -c "mount -t tmpfs none /run/nscd && echo begun; until [ -e /run/lab/go ]; do sleep 0.02; done
		$(ask /run/nscd/socket); echo over"
	control=$SPAWNED_OUT
	retry 5 grep -q begun "$control"
	begin : "getent hosts $TOKEN.inside"
	host rm -r /run/nscd
	daemon /run/nscd/socket
	go
	retry 10 grep -q over "$control"
	retry 2 asked "$TOKEN"
	run ! asked "$TOKEN.inside"
}

@test "L3 BX-7 the mounts can't be taken off, by root nor in a user namespace" {
	daemon /run/nscd/socket
	for m in /run /etc /sys; do
		host unshare -m umount -l $m
		run ! xc umount -l $m
	done
	run ! xc cat /proc/1/root/etc/resolv.conf
	xc keep-caps cat /proc/1/root/etc/resolv.conf
	host setpriv --reuid 65534 --clear-groups unshare -Urm true || skip "no user namespaces for ordinary users"
	xc user nobody unshare -Urm sh -c 'mount -t tmpfs t /mnt && umount /mnt'
	run ! xc user nobody unshare -Urm sh -c 'umount /run || umount -l /run'
	run ! xc user nobody unshare -Urm sh -c 'umount /etc || umount -l /etc'
	[ "$(xc user nobody unshare -Urm cat /etc/resolv.conf)" = "$(xc cat /etc/resolv.conf)" ]
}

@test "L4 a symlinked resolv.conf: inside it is the vault's, a file" {
	host mkdir -p /run/systemd/resolve
	host sh -c 'echo nameserver 192.0.2.53 > /run/systemd/resolve/stub-resolv.conf
		ln -sfn ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf'
	[ "$(host cat /etc/resolv.conf)" = "nameserver 192.0.2.53" ]
	[ "$(xc cat /etc/resolv.conf)" = "$(host cat /run/vault/media/resolv.conf)" ]
	[ "$(xc stat -c %F /etc/resolv.conf)" = "regular file" ]
	host ln -sfn /nowhere /etc/resolv.conf
	[ "$(xc cat /etc/resolv.conf)" = "$(host cat /run/vault/media/resolv.conf)" ]
	host rm /etc/resolv.conf
	[ "$(xc cat /etc/resolv.conf)" = "$(host cat /run/vault/media/resolv.conf)" ]
}

@test "L4 files bound over those in /etc, as in a container: hosts stays, resolv.conf is the vault's" {
	host sh -c 'echo nameserver 192.0.2.53 > /run/lab/r; echo 192.0.2.99 bound > "/run/lab/h"
		mount --bind /run/lab/r /etc/resolv.conf; mount --bind /run/lab/h /etc/hosts'
	[ "$(host cat /etc/resolv.conf)" = "nameserver 192.0.2.53" ]
	[ "$(xc cat /etc/resolv.conf)" = "$(host cat /run/vault/media/resolv.conf)" ]
	[ "$(xc cat /etc/hosts)" = "192.0.2.99 bound" ]
}

@test "L4 an /etc that can't be overlaid any more: 125, and nothing is run" {
	refused 125 /etc host unshare -m sh -c 'mkdir -p /run/lab/empty; for i in 1 2; do
		mount -t overlay -o lowerdir=/run/lab/empty:/etc overlay /etc 2> /dev/null; done
		exec "$0" exec media echo ran' "$VAULT"
	[[ $output != *ran* ]]
}

@test "L5 a new resolv.conf renamed into place on the host is not seen inside, where a bound file would be lost" {
	# The control: ip netns exec binds the file.
	host sh -c 'mkdir -p /etc/netns/media; cp /run/vault/media/resolv.conf /etc/netns/media'
	wait='until [ -e /run/lab/go ]; do sleep 0.02; done'
	spawn inside media sh -c "echo begun; $wait; cat /etc/resolv.conf; echo over"
	control=$SPAWNED_OUT
	retry 5 grep -q begun "$control"
	begin : "cat /etc/resolv.conf; getent hosts 192.0.2.2"
	host sh -c 'echo nameserver 192.0.2.53 > /etc/new; mv /etc/new /etc/resolv.conf; mv /etc/nsswitch.conf /etc/old
		cp /etc/old /etc/new; mv /etc/new /etc/nsswitch.conf
		echo nameserver 192.0.2.53 > /run/vault/media/new'
	go
	retry 5 grep -q over "$control"
	grep -q 192.0.2.53 "$control"
	run ! grep 192.0.2.53 "$begun"
	grep -q 'nameserver 10.66.0.1' "$begun"
	host rm -r /run/vault/media/new /etc/netns/media /etc/old
}

@test "L5 what the host mounts later is seen inside, but for what it mounts over /etc, /run and the two files" {
	# shellcheck disable=SC2016 # the inner shells' words
	run host unshare -m --propagation shared sh -c '
		"$0" exec media keep-caps sh -c "mount -t tmpfs inner /srv; echo begun > /run/lab/begun
			until [ -e /mnt/go ]; do sleep 0.02; done; ls /etc/passwd; cat /etc/resolv.conf
			ls /run/vault/media; ls /run/nscd /sys/host" 2>&1 &
		until [ -e /run/lab/begun ]; do sleep 0.02; done; rm /run/lab/begun
		! mountpoint /srv || echo out
		mkdir -p /run/nscd; mount --bind /run/lab/host-dns.log /etc/resolv.conf
		for m in /etc /run /sys; do mount -t tmpfs outer $m; mkdir -p $m/nscd $m/host; echo leak > $m/resolv.conf; done
		mount -t tmpfs outer /mnt; touch /mnt/go; wait' "$VAULT"
	echo "$output"
	[[ $output == *"/etc/passwd"*"nameserver 10.66.0.1"*nsswitch.conf* && $output == *"'/run/nscd': No such"* ]]
	[[ $output != *leak* && $output != *out* && $output == *"'/sys/host': No such"* ]]
}

@test "L23 no way back to the host's namespaces, no say over the network, no raw sockets; keep-caps is the control" {
	for words in "nsenter -t 1 -n true" "unshare -n true" "unshare -m true" "ip link set lo txqueuelen 1000" \
		"nft list ruleset" "wire send raw 203.0.113.9 --token 00" \
		"wire send packet 203.0.113.9 --iface lo --token 00" "chroot /proc/1/root true" "cat /proc/1/environ"; do
		echo "# $words"
		# shellcheck disable=SC2086 # words
		run ! xc $words
		# shellcheck disable=SC2086 # words
		xc keep-caps -- $words > /dev/null
	done
}

@test "L23 capabilities: gone from every set, for good; no_new_privs" {
	own=$(xc grep -h '^Cap' /proc/self/status)
	for i in 12 13 21 19 16 17 22 38 39 2; do # NET_ADMIN NET_RAW SYS_ADMIN PTRACE MODULE RAWIO BOOT PERFMON BPF DAC_READ
		while read -r _ set; do
			(((0x$set >> i & 1) == 0)) || { echo "capability $i: $own"; return 1; }
		done <<< "$own"
	done
	[ "$(xc awk '/^NoNewPrivs/ { print $2 }' /proc/self/status)" = 1 ]
	[ "$(xc keep-caps awk '/^NoNewPrivs/ { print $2 }' /proc/self/status)" = 0 ]
	[ "$(xc keep-caps grep '^Cap' /proc/self/status)" = "$(host grep '^Cap' /proc/self/status)" ]
	run xc user nobody grep -h '^Cap[IPEA]' /proc/self/status
	[[ $output != *[1-9a-f]* || $(tr -d '0\n\t: ' <<< "${output//Cap???:/}") == "" ]]
	# Caller's securebits that keep capabilities over a change of user
	run host setpriv --securebits +no_setuid_fixup "$VAULT" exec media user nobody grep -h '^Cap[IPEA]' /proc/self/status
	[[ $(tr -d '0\n\t: ' <<< "${output//Cap???:/}") == "" ]]
}

@test "L24 a socket of the host's namespace passed as descriptor 5 is closed" {
	send='echo x >&5'
	must_see isp:to-host --to 203.0.113.9 -- host bash -c "exec 5<>/dev/udp/203.0.113.9/9; ip netns exec media bash -c '$send'"
	must_not_see isp:to-host --to 203.0.113.9 -- \
		host bash -c "exec 5<>/dev/udp/203.0.113.9/9; \"\$VAULT\" exec media bash -c '$send'"
	[ "$SENT" != 0 ]
	must_not_see isp:to-host --to 203.0.113.9 -- \
		host bash -c "exec 5<>/dev/udp/203.0.113.9/9; \"\$VAULT\" exec media keep-caps bash -c '$send'"
}

@test "L24 standard input: no network socket, no folder; a pipe, a socketpair, /dev/null and none at all are fine" {
	refused 125 'descriptor 0' host bash -c '"$VAULT" exec media echo ran < /dev/udp/203.0.113.9/9'
	refused 125 'descriptor 1' host bash -c '"$VAULT" exec media echo ran 1<> /dev/tcp/203.0.113.80/80'
	refused 125 'descriptor 0' host bash -c '"$VAULT" exec media echo ran < /run'
	[ "$(echo a | host "$VAULT" exec media cat)" = a ]
	[ "$(host socat - EXEC:"$VAULT exec media echo pair")" = pair ]
	[ "$(host bash -c '"$VAULT" exec media readlink /proc/self/fd/0 <&-')" = /dev/null ]
}

@test "L24 LISTEN_FDS meant for this very process are kept, all others closed" {
	list='cd /proc/self/fd && for f in 3 4 5 9; do [ ! -e $f ] || printf "%s " $f; done'
	open='exec 3</dev/null 4</dev/null 5</dev/null 9</dev/null;'
	[ "$(host bash -c "$open LISTEN_PID=\$\$ LISTEN_FDS=2 exec \"\$VAULT\" exec media sh -c '$list'")" = "3 4 " ]
	[ "$(host bash -c "$open LISTEN_PID=1 LISTEN_FDS=2 exec \"\$VAULT\" exec media sh -c '$list'")" = "" ]
	[ "$(host bash -c "$open LISTEN_PID=\$\$ LISTEN_FDS=2x exec \"\$VAULT\" exec media sh -c '$list'")" = "" ]
	[ "$(host bash -c "$open LISTEN_FDS=2 exec \"\$VAULT\" exec media sh -c '$list'")" = "" ]
}

@test "L24 the working folder is entered anew by its path: an inherited one would lead around the mounts" {
	daemon /run/nscd/socket
	token
	host sh -c "cd /run/nscd && ip netns exec media sh -c '$(ask ./socket)'"
	retry 2 asked "$TOKEN"
	clear_asked
	refused 125 'cwd DIR' host sh -c 'cd /run/nscd && exec "$VAULT" exec media sh -c "$0"' "$(ask ./socket)"
	run ! asked "$TOKEN"
	[ "$(host sh -c 'cd /etc && ip netns exec media cat resolv.conf')" = "$(host cat /etc/resolv.conf)" ]
	[ "$(host sh -c 'cd /etc && exec "$VAULT" exec media cat resolv.conf')" = "$(host cat /run/vault/media/resolv.conf)" ]
	[ "$(host sh -c 'cd /usr/bin && exec "$VAULT" exec media pwd')" = /usr/bin ]
	[ "$(xc cwd /var pwd)" = /var ]
	refused 125 /nowhere xc cwd /nowhere pwd
}

@test "L23 L24 it refuses to start where the kill switch was tampered with" {
	vault up tampered conf "$LAB/provider2.conf"
	[ "$(vault exec tampered echo ran)" = ran ]
	chain=$(inside tampered nft list chains inet | awk '/chain/ { c = $2 } /hook output/ { print c }')
	for words in "flush ruleset" "delete table inet vault" "flush chain inet vault $chain" \
		"insert rule inet vault $chain accept" "add chain inet vault $chain { policy accept ; }"; do
		# shellcheck disable=SC2086 # words
		inside tampered nft $words
		echo "# $words"
		refused 125 'vault up tampered' vault exec tampered echo ran
		[[ $output != *ran$'\n'* ]]
		vault down tampered
		vault up tampered conf "$LAB/provider2.conf"
		[ "$(vault exec tampered echo ran)" = ran ]
	done
	vault down tampered
	refused 125 'not up' vault exec tampered echo ran
}

@test "L14 another namespace under the vault's name: 125" {
	vault up swapped conf "$LAB/provider2.conf"
	host sh -c 'ip netns add other; umount /run/netns/swapped; mount --bind /run/netns/other /run/netns/swapped'
	refused 125 'not the namespace' vault exec swapped echo ran
	host umount /run/netns/swapped
	refused 125 'not up' vault exec swapped echo ran
	host sh -c 'rm /run/netns/swapped; ip netns del other'
	refused 125 'not up' vault exec swapped echo ran
	vault down swapped || :
	host ip netns add plain
	refused 125 'not up' vault exec plain echo ran
	host ip netns del plain
}

@test "L28 whichever step fails, it is 125 and nothing is run" {
	need strace traceable
	for call in setns unshare mount open_tree move_mount mkdirat mkdir symlinkat chdir statfs prctl capget capset \
		setgroups setresgid setresuid seccomp close_range; do
		for ((n = 1; n < 200; n++)); do
			run --separate-stderr host strace -o /run/lab/strace -e "inject=$call:error=EPERM:when=$n" \
				"$VAULT" exec media user nobody /bin/echo ran
			host grep -q INJECTED /run/lab/strace || break
			# shellcheck disable=SC2154 # stderr: of run
			# 134: whoever looks into a namespace and cannot come back ends with abort(3)
			[[ $output == "" && ($status == 125 && $stderr == *"vault: "* || $call$status == setns134) ]] ||
				{ echo "$call $n: $status $output $stderr"; return 1; }
		done
		[[ $status == 0 && $output == ran ]] || { echo "$call: $status $stderr"; return 1; }
		[[ $n -gt 1 || $call == symlinkat ]] || { echo "$call is never called"; return 1; }
	done
}

@test "IB-1 user, group, environment, signals and exit status are as asked for" {
	[ "$(xc user nobody id)" = "$(host setpriv --reuid nobody --regid nogroup --init-groups id)" ]
	[ "$(xc user nobody:daemon id -g)" = 1 ]
	[ "$(xc user 1234:5678 sh -c 'id -u; id -g; id -G' | paste -sd' ')" = "1234 5678 5678" ]
	refused 125 'which group' xc user 1234 true
	refused 125 'no such user' xc user nosuchuser true
	refused 125 'no such group' xc user nobody:nosuchgroup true
	[ "$({ A=b host env; echo VAULT_NAME=media; } | grep -v '^_=' | sort)" = "$(A=b xc env | grep -v '^_=' | sort)" ]
	signals='^Sig(Blk|Ign|Cgt)'
	[ "$(host bash -c "trap '' HUP USR1; grep -E '$signals' /proc/self/status")" = \
		"$(host bash -c "trap '' HUP USR1; \"\$VAULT\" exec media grep -E '$signals' /proc/self/status")" ]
	refused 126 denied xc /etc/passwd
	refused 127 'No such file' xc no-such-command
	refused 127 'No such file' xc /no/such/command
	refused 3 '' xc sh -c 'exit 3'
	refused 143 '' xc sh -c 'kill $$'
	[ "$(xc -- echo user)" = user ]
	refused 2 'which command' xc
	refused 2 'which vault' vault exec
	refused 2 'given twice' xc user nobody user daemon true
	refused 2 'cwd: lacks its DIR' xc cwd
	refused 2 "no vault's name" vault exec ../x true
	refused 125 'not up' vault exec absent true
	run -125 --separate-stderr vault -json exec absent true
	[ "$(jq -r '.error | "\(.code) \(.object)"' <<< "$output")" = "125 absent" ]
}

@test "IB-1 a user's home, name, shell and runtime folder are in the environment; the caller's other variables stay" {
	host mkdir -p /run/user/0 /run/user/65534
	environment='printf "%s " "$HOME" "$USER" "$LOGNAME" "$SHELL" "$XDG_RUNTIME_DIR" "$A"'
	export A=b XDG_RUNTIME_DIR=/run/user/0 SHELL=/bin/bash
	[ "$(xc user nobody sh -c "$environment")" = "/nonexistent nobody nobody /usr/sbin/nologin /run/user/65534 b " ]
	host rmdir /run/user/65534
	[ "$(xc user nobody sh -c "$environment")" = "/nonexistent nobody nobody /usr/sbin/nologin  b " ]
	[ "$(xc user 1234:5678 sh -c "$environment")" = "$(unset XDG_RUNTIME_DIR && sh -c "$environment")" ]
	[ "$(xc sh -c "$environment")" = "$(sh -c "$environment")" ]
}

@test "DL-10 a user who may not enter the caller's folder begins at home, else in the root folder; one who may stays" {
	host sh -euc 'mkdir -p "$LAB/closed" "$LAB/open" "$LAB/home" && chmod 700 "$LAB/closed" && chmod 755 "$LAB" "$LAB/open"
		chown 1500 "$LAB/home"
		{ grep -v "^alice:" /etc/passwd; echo "alice:x:1500:1500::$LAB/home:/bin/sh"; echo "bob:x:1501:1501::/nonexistent:/bin/sh"; } > "$LAB/passwd"
		mount --bind "$LAB/passwd" /etc/passwd'
	from() { host sh -c 'cd "$1" && shift && exec "$0" exec media "$@" pwd' "$VAULT" "$@"; }
	[ "$(from "$LAB/closed" user alice)" = "$LAB/home" ]
	[ "$(from "$LAB/closed" user bob)" = / ]
	[ "$(from "$LAB/closed" user alice own-pids)" = "$LAB/home" ]
	[ "$(from "$LAB/open" user alice)" = "$LAB/open" ]
	[ "$(from "$LAB/closed")" = "$LAB/closed" ]
	[ "$(from / user alice cwd "$LAB/open")" = "$LAB/open" ]
	host umount /etc/passwd
}

@test "IB-1 an ordinary user gets nowhere but by the tunnel" {
	[ "$(xc user nobody curl -sS http://203.0.113.80/)" = 198.51.100.1 ]
	token
	must_see srv:wg0 -- xc user nobody wire send udp 203.0.113.9 --token "$TOKEN"
	must_not_see isp:to-host -- xc user nobody wire send udp 203.0.113.9 --token "$TOKEN"
	must_not_see isp:to-host -- xc user nobody wire send packet 203.0.113.9 --iface lo --token "$TOKEN"
	[ "$SENT" != 0 ]
}

@test "IB-4 bwrap --share-net inside, as an ordinary user" {
	need bwrap
	host setpriv --reuid 65534 --clear-groups unshare -Ur true || skip "no user namespaces for ordinary users"
	[ "$(xc user nobody bwrap --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp --unshare-all --share-net --new-session \
		curl -sS http://203.0.113.80/)" = 198.51.100.1 ]
	[ "$(xc user nobody bwrap --ro-bind / / --proc /proc --dev /dev --unshare-all --share-net cat /etc/resolv.conf)" = \
		"$(host cat /run/vault/media/resolv.conf)" ]
}

@test "L25 a network namespace that a user makes inside has no link, gets none, and its root has no say over the vault" {
	host setpriv --reuid 65534 --clear-groups unshare -Urn true || skip "no user namespaces for ordinary users"
	for who in nobody root; do
		[ "$(xc user $who unshare -Urn sh -c 'ip link set lo up; ip -o link | wc -l')" = 1 ]
		token
		observe host:any isp:to-host srv:wg0
		run ! xc user $who unshare -Urn sh -c "ip link set lo up; wire send udp 203.0.113.9 --token $TOKEN"
		must_not_see
		must_see srv:wg0 -- xc user $who wire send udp 203.0.113.9 --token "$TOKEN"
		# A leg from it to a namespace below it is made, ...
		xc user $who unshare -Urn sh -c 'unshare -n sleep 60 & trap "kill $!" EXIT
			until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
			ip link add name leg type veth peer name other netns $!'
		# ... to the vault, or from it, it is not. (By descriptor: iproute2 6.15 opens what a PID stands for, in vain here.)
		refused 2 "Operation not permitted" xc user $who sh -c 'exec 9< /proc/self/ns/net
			unshare -Urn ip link add name leg type veth peer name other netns /proc/self/fd/9'
		refused 2 "Operation not permitted" xc user $who sh -c 'unshare -Urn sleep 60 & trap "kill $!" EXIT
			until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
			ip link set link-media netns $!'
		# Root by a user namespace alone, in the vault's own network.
		for words in "ip link set wg-media down" "ip address add 203.0.113.7/32 dev lo" "nft flush ruleset" \
			"wire send raw 203.0.113.9 --token 00" "wire send packet 203.0.113.9 --iface lo --token 00"; do
			# shellcheck disable=SC2086 # words
			run ! xc user $who unshare -Ur $words
		done
	done
	vault check media
}

# answer VAULT-WORDS… -- HOW CALL ARG: what the kernel says to that call inside
answer() {
	local words=()

	while [[ $1 != -- ]]; do words+=("$1"); shift; done
	xc "${words[@]}" -- wire call "${@:2}"
}

@test "L31 calls that have the kernel act outside are refused, by whatever convention; keep-caps and the host are the control" {
	local how call

	for how in own x32 i386; do
		host wire call $how getpid 0 > /dev/null || continue
		for call in "add_key x" "request_key x" "keyctl 0" "io_uring_setup 1"; do
			echo "# $how $call"
			# shellcheck disable=SC2086 # words
			[ "$(answer -- $how $call)" = "Operation not permitted" ]
			# shellcheck disable=SC2086 # words
			[ "$(answer user nobody own-pids -- $how $call)" = "Operation not permitted" ]
			# shellcheck disable=SC2086 # words
			[ "$(answer keep-caps -- $how $call)" = "$(host wire call $how $call)" ]
			# shellcheck disable=SC2086 # words
			[ "$(host wire call $how $call)" != "Operation not permitted" ]
		done
		for family in 17 38 40 43 9999; do # AF_PACKET, AF_ALG, AF_VSOCK, AF_SMC, none
			[ "$(answer -- $how socket $family)" = "Address family not supported by protocol" ]
		done
	done
	for family in 1 2 10 16; do # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK
		[ "$(answer -- own socket $family | sed 's/Protocol.*/taken/')" = taken ]
	done
	[ "$(answer keep-caps -- own socket 17)" = "$(host wire call own socket 17)" ]
	[ "$(host wire call own socket 17)" != "Address family not supported by protocol" ]
	if host wire call i386 socketcall 1; then
		[ "$(answer -- i386 socketcall 1)" = "Address family not supported by protocol" ]
		[ "$(host wire call i386 socketcall 1)" != "Address family not supported by protocol" ]
	fi
	[ "$(xc awk '/^Seccomp:/ { print $2 }' /proc/self/status)" = 2 ]
	[ "$(xc keep-caps awk '/^Seccomp:/ { print $2 }' /proc/self/status)" = 0 ]
	# In a user namespace of its own it has no more.
	[ "$(xc user nobody unshare -Ur wire call own request_key x)" = "Operation not permitted" ]
}

# An autofs at $1 of type $2, whose daemon writes down what it is asked, and never answers.
autofs() {
	# shellcheck disable=SC2016 # the inner shell's words
	spawn host bash -c 'mkdir -p "$0" && rm -f /run/lab/fifo && mkfifo /run/lab/fifo && exec 7<> /run/lab/fifo &&
		mount -t autofs -o "fd=7,pgrp=$$,minproto=5,maxproto=5,$1" auto "$0" && echo ready && exec cat <&7 > /run/lab/asked' "$1" "$2"
	retry 5 grep -q ready "$SPAWNED_OUT"
}

@test "L31 where autofs has the host look for whatever is named there is an empty folder; ip netns exec is the control" {
	host grep -q autofs /proc/filesystems || skip "needs autofs in the kernel"
	token
	host unshare -m --propagation private true
	autofs /run/lab/net indirect
	run ! inside media timeout 2 ls "/run/lab/net/control$TOKEN"
	retry 2 asked "control$TOKEN"
	clear_asked
	for words in "" "user nobody" own-pids keep-caps; do
		# shellcheck disable=SC2086 # words
		run xc $words -- timeout 5 ls "/run/lab/net/inside$TOKEN"
		[[ $status == 2 && $output == *"No such file"* ]]
	done
	run ! asked inside
	host umount -l /run/lab/net
	despawn "$SPAWNED"
	# One of a fixed place: the file system that is mounted there is seen, and stays when the host takes it off.
	autofs /run/lab/nas direct
	host mount -t tmpfs nas /run/lab/nas
	host touch /run/lab/nas/file
	begin "ls /run/lab/nas" "ls /run/lab/nas /run/lab/nas/"
	host umount /run/lab/nas
	go
	[ "$(grep -c ^file "$begun")" = 3 ]
	[ "$(xc ls -a /run/lab/nas | xargs)" = ". .." ]
	run ! host grep -q . /run/lab/asked
	host umount -l /run/lab/nas
}

@test "L32 /proc shows nothing of the host's network, to nobody and to root; ip netns exec is the control" {
	local who

	spawn host setpriv --reuid 65534 --regid 65534 --clear-groups sleep 1000
	for words in "user nobody" "" "user nobody own-pids" own-pids; do
		echo "# $words"
		# shellcheck disable=SC2086 # words
		run xc $words -- cat /proc/1/net/fib_trie
		[[ $words == *own-pids || $output == *"No such file"* ]] # of it the first process is there, inside
		run ! grep -E '192\.0\.2\.|192\.168\.' <<< "$output"
		# shellcheck disable=SC2086 # words
		run xc $words -- sh -c 'cat /proc/[0-9]*/net/fib_trie /proc/[0-9]*/task/*/net/fib_trie 2> /dev/null'
		[[ $output == *10.66.0.2* ]]
		[[ $words == "user nobody" ]] || run ! grep -E '192\.0\.2\.|192\.168\.' <<< "$output"
		# shellcheck disable=SC2086 # words
		[ "$(xc $words -- sh -c 'cat /proc/self/net/dev && readlink /proc/self/ns/net')" != "" ]
	done
	[[ $(inside media setpriv --reuid 65534 --regid 65534 --clear-groups cat /proc/1/net/fib_trie) == *192.0.2.2* ]]
	# Of a user with programs outside those are seen, as the page says; with own-pids none is.
	xc user nobody test -e "/proc/$SPAWNED/net"
	run ! xc user daemon test -e "/proc/$SPAWNED"
	[ "$(xc user nobody own-pids sh -c 'echo /proc/[0-9]*')" = /proc/2 ] # nor the first, which waits
	run ! xc user nobody own-pids sh -c "kill $SPAWNED || grep -r 192.0.2.2 /proc/*/net/fib_trie"
	host kill -0 "$SPAWNED"
	# Root outside, as a service without capabilities is, which root inside may look at.
	spawn host setpriv --bounding-set -all --inh-caps -all sleep 1000
	xc test -e "/proc/$SPAWNED/net"
	run ! xc own-pids test -e "/proc/$SPAWNED"
}

@test "L32 the host's /proc by another path, a mount over it, or an own one of a user namespace does not show more" {
	host sh -c 'mkdir -p /run/lab/chroot/proc; mount -t proc proc /run/lab/chroot/proc; echo masked > /run/lab/mask
		mount --bind /run/lab/mask /proc/uptime'
	[[ $(inside media cat /run/lab/chroot/proc/1/net/fib_trie) == *192.0.2.2* ]]
	for words in "user nobody" "" own-pids; do
		# shellcheck disable=SC2086 # words
		run ! xc $words -- grep -r 192.0.2.2 /run/lab/chroot/proc/1/net
		# shellcheck disable=SC2086 # words
		[ "$(xc $words -- cat /run/lab/chroot/proc/self/comm)" = cat ]
		# shellcheck disable=SC2086 # words
		[ "$(xc $words -- cat /proc/uptime)" = masked ]
	done
	run ! xc umount /proc
	run ! xc user nobody unshare -Urm sh -c 'umount -l /proc && cat /proc/1/net/fib_trie'
	run ! xc user nobody unshare -Urm mount -t proc proc /mnt
	host umount /proc/uptime /run/lab/chroot/proc
}

@test "L32 L28 a kernel that gives no such /proc, as in a container, and whichever step of own-pids fails: 125, and nothing is run" {
	need strace traceable
	for err in EPERM EINVAL; do
		refused 125 '/proc: of its own' host strace -qqo /run/lab/strace -P /proc -e "inject=mount:error=$err" "$VAULT" exec media echo ran
		[[ $output != *$'\n'ran* && $output != ran* ]]
	done
	for call in unshare clone pipe2 mount setns prctl seccomp setresuid setgroups close_range; do
		for ((n = 1; n < 200; n++)); do
			run --separate-stderr host strace -fqqo /run/lab/strace -e "inject=$call:error=EPERM:when=$n" \
				"$VAULT" exec media user nobody own-pids /bin/echo ran
			host grep -q INJECTED /run/lab/strace || break
			[[ $output == "" && ($status == 125 && $stderr == *"vault: "* || $call$status == setns134) ]] ||
				{ echo "$call $n: $status $output $stderr"; return 1; }
		done
		[[ $status == 0 && $output == ran && $n -gt 1 ]] || { echo "$call: $status $stderr"; return 1; }
	done
}

gone_inside() { ! host pgrep -fx 'sleep 1234'; }

@test "L32 own-pids: status, signals, environment, descriptors and what is left behind, as one would have them" {
	refused 3 '' xc own-pids sh -c 'exit 3'
	refused 143 '' xc own-pids sh -c 'kill $$'
	refused 137 '' xc own-pids sh -c 'kill -9 $$'
	refused 127 'No such file' xc own-pids no-such-command
	refused 126 denied xc own-pids /etc/passwd
	refused 125 'not up' vault exec absent own-pids true
	[ "$(xc own-pids -- sh -c 'echo $$ $PPID')" = "2 1" ]
	[ "$(echo a | xc own-pids cat)" = a ]
	# Signal mask and dispositions are the caller's.
	signals='^Sig(Blk|Ign|Cgt)'
	for trap in "'' HUP USR1 CHLD" "- HUP"; do
		[ "$(host bash -c "trap $trap; grep -E '$signals' /proc/self/status")" = \
			"$(host bash -c "trap $trap; \"\$VAULT\" exec media own-pids grep -E '$signals' /proc/self/status")" ]
	done
	list='cd /proc/self/fd && for f in 3 4 5 9; do [ ! -e $f ] || printf "%s " $f; done; [ "$LISTEN_PID" != $$ ] || echo mine'
	open='exec 3</dev/null 4</dev/null 5</dev/null 9</dev/null;'
	[ "$(host bash -c "$open LISTEN_PID=\$\$ LISTEN_FDS=2 exec \"\$VAULT\" exec media own-pids sh -c '$list'")" = "3 4 mine" ]
	# Nothing of its capabilities is left in any of the three, nor a descriptor.
	spawn host "$VAULT" exec media user nobody own-pids sh -c 'trap "echo told; exit 9" TERM; echo begun; while :; do sleep 0.05; done'
	retry 5 grep -q begun "$SPAWNED_OUT"
	local pids
	pids="$SPAWNED $(host pgrep -P "$SPAWNED") $(host pgrep -P "$(host pgrep -P "$SPAWNED")")"
	for pid in $pids; do
		run host grep -E '^(Uid|Cap[IPEA]|Seccomp:|NoNewPrivs)' "/proc/$pid/status"
		[[ $output == *65534* && $output == *"NoNewPrivs:	1"* && $output == *"Seccomp:	2"* ]]
		[[ $(sed -n 's/^Cap...:[0	]*//p' <<< "$output" | tr -d '\n') == "" ]]
	done
	[ "$(wc -w <<< "$pids")" = 3 ]
	# A signal for the outer one is COMMAND's.
	host kill -TERM "$SPAWNED"
	retry 5 gone "$SPAWNED"
	grep -q told "$SPAWNED_OUT"
	# Whatever it has begun ends with it, also when the outer one is killed; who is left behind is reaped.
	xc own-pids sh -c 'sleep 1234 & sleep 0.1; (sleep 0.1 &); sleep 0.3; ! grep -q Z /proc/[0-9]*/stat 2> /dev/null'
	retry 5 gone_inside
	spawn host "$VAULT" exec media own-pids sh -c 'setsid sleep 1234 & echo begun; wait'
	retry 5 grep -q begun "$SPAWNED_OUT"
	run ! gone_inside
	host kill -KILL "$SPAWNED"
	retry 5 gone_inside
	vault check media
}

@test "L32 own-pids: no end to the reading of what COMMAND has closed; its terminal, stops and process groups work" {
	need python3 perl
	# The reader's end comes with COMMAND's last writer, which the two that wait are not.
	[ "$(host timeout 60 sh -c 'rm -f /run/lab/read; "$0" exec media own-pids sh -c "echo a; exec >&- 2>&-
		until [ -e /run/lab/read ]; do sleep 0.02; done" | { cat; touch /run/lab/read; }' "$VAULT")" = a ]
	local words
	for words in "" own-pids; do
		echo "# job control: $words"
		host timeout 60 python3 - "$VAULT" "$words" <<- 'END'
			import os, pty, select, sys, time
			pid, fd = pty.fork()
			if pid == 0:
			    os.environ["PS1"] = "outer> "
			    os.execvp("bash", ["bash", "--norc", "-i"])
			seen = b""
			def until(text):
			    global seen
			    end = time.monotonic() + 40
			    while text not in seen:
			        if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
			            sys.exit("no %r in %r" % (text, seen))
			        seen += os.read(fd, 65536)
			    seen = seen[seen.index(text) + len(text):]
			def say(text):
			    os.write(fd, text)
			# The kernel stops whoever is in the group, each in its own time: one that still reads would take what is typed next.
			def until_stopped(word):
			    for _ in range(2000):
			        for pid in filter(str.isdigit, os.listdir("/proc")):
			            try:
			                if (open("/proc/%s/comm" % pid).read() == "sh\n" and word in open("/proc/%s/cmdline" % pid).read()
			                        and "State:\tT" in open("/proc/%s/status" % pid).read()):
			                    return
			            except OSError:
			                pass
			        time.sleep(0.02)
			    sys.exit("not stopped: " + word)
			run = sys.argv[1].encode() + b" exec media " + sys.argv[2].encode() + b" -- "
			until(b"outer> ")
			say(run + b"sh -c 'echo beg''un; read x; echo got $x'\n"); until(b"begun")
			say(b"\x1a"); until(b"Stopped"); until(b"outer> "); until_stopped("read x; echo got") # Ctrl-Z; the shell knows
			say(b"fg\n"); until(b"fg"); say(b"word\n"); until(b"got word"); until(b"outer> ")
			say(run + b"sh -c 'trap \"echo in''t\" INT; echo beg''un; read x || read x; echo got $x'\n"); until(b"begun")
			say(b"\x03"); until(b"int"); say(b"more\n"); until(b"got more"); until(b"outer> ")
			say(run + b"sh -c 'echo beg''un; exec sleep 1000'\n"); until(b"begun"); say(b"\x03"); until(b"outer> ")
			say(b"echo status $?\n"); until(b"status 130"); until(b"outer> ")
			# A shell inside, with jobs of its own, which takes the terminal and must give it back.
			say(run + b"env PS1='inner> ' bash --norc -i\n"); until(b"inner> ")
			say(b"sh -c 'echo beg''un; exec sleep 1000'\n"); until(b"begun"); say(b"\x1a"); until(b"Stopped"); until(b"inner> ")
			say(b"kill %1; wait -f %1; jobs; echo $((6 * 7))\n"); until(b"42"); until(b"inner> ")
			say(b"exit\n"); until(b"outer> "); say(b"echo ba''ck\n"); until(b"back"); until(b"outer> ")
			# The same from a script, which has no job control that would take it back.
			say(b"bash -c '" + run + b"bash --norc -ic true; read x; echo got $x'\n")
			say(b"third\n"); until(b"got third"); until(b"outer> ")
			# One that comes before there is a command ends it, too.
			say(b"for i in 1 2 3 4 5; do " + run + b"sleep 1000 & sleep 0.0$i; kill -INT -- $!; kill -TERM $!; wait $!; done; echo al''l\n")
			until(b"all"); until(b"outer> ")
			# Programs that stop their whole group, as editors do.
			say(run + b"perl -e '$| = 1; kill \"TSTP\", 0; print \"go''es on\\n\"'\n"); until(b"Stopped"); until(b"outer> ")
			say(b"fg\n"); until(b"go")
			until(b"outer> ")
			say(b"exit\n")
		END
	done
}

@test "L32 IB-4 own-pids: bwrap, a PID namespace and a /proc of its own below it" {
	need bwrap
	host setpriv --reuid 65534 --clear-groups unshare -Ur true || skip "no user namespaces for ordinary users"
	for words in "" own-pids; do
		# shellcheck disable=SC2086 # words
		[ "$(xc user nobody $words -- bwrap --ro-bind / / --proc /proc --dev /dev --unshare-all --share-net sh -c 'cat /proc/1/comm; ls /proc/self/fd > /dev/null && echo $$')" = \
			$'bwrap\n2' ]
	done
	[ "$(xc user nobody own-pids unshare -Urpf --mount-proc sh -c 'echo $$ /proc/[0-9]*')" = "1 /proc/1" ]
}

@test "L38 root in a user namespace of its own, for a program that wants to be root, stays inside" {
	host setpriv --reuid 65534 --clear-groups unshare -Ur true || skip "no user namespaces for ordinary users"
	[ "$(xc user nobody unshare -Ur id -u)" = 0 ]
	[ "$(xc user nobody unshare -Ur curl -sS http://203.0.113.80/)" = 198.51.100.1 ]
	# What CAP_NET_ADMIN alone is for: a macvlan on the host's uplink, by the link's own way to that namespace.
	local uplink id escape
	uplink=$(host cat /sys/class/net/eth0/ifindex)
	id=$(inside media ip -o link show type veth | sed -n 's/.*link-netnsid \([0-9]*\).*/\1/p')
	escape="ip link add link if$uplink link-netnsid ${id:-0} name out type macvlan mode bridge"
	if inside media setpriv --bounding-set -all,+net_admin --inh-caps -all sh -c "$escape"; then
		inside media ip link show out
		inside media ip link delete out
	else
		echo "# this kernel has no macvlan: the escape itself cannot be shown" >&3
	fi
	# shellcheck disable=SC2086 # words
	run ! xc user nobody unshare -Ur $escape
	# shellcheck disable=SC2086 # words
	run ! xc $escape
	run ! inside media ip link show out
	vault check media
}

# What a program can find of addresses: by netlink, by /proc, and the one that a socket to a stranger has.
# shellcheck disable=SC2016 # the inner shell's words
addresses='ip -o address; ip route show table all; ip -6 route show table all; ip neigh; cd /proc/net; cat arp route fib_trie
	sed "s/\(....\)/\1:/g" if_inet6 ipv6_route; ip route get 203.0.113.9; ip -6 route get 2001:db8:9::9'

own() { xc ip -o address show | awk '$2 != "lo" { sub("/.*", "", $4); print $4 }' | sort | xargs; }

@test "L26 a program inside finds the tunnel's addresses and the link's, none of the host's; with no-link the tunnel's alone" {
	run host sh -c "$addresses"
	[[ $output == *192.0.2.2* && $output == *192.168.77.1* && $output == *2001:0db8:0001:* && $output == *fd00:77::1* ]]
	run xc sh -c "$addresses"
	[[ $output == *10.66.0.2* && $output == *fd66::2* ]]
	run ! grep -E '192\.0\.2\.|192\.168\.|2001:0?db8:0{0,3}1:|fd00:0?0?77' <<< "$output"
	[ "$(own)" = "10.200.0.2 10.66.0.2 fd66::2 fd76:6175:6c74::2 fe80::2" ]
	vault down media
	vault up media conf "$LAB/provider.conf" no-link
	[ "$(own)" = "10.66.0.2 fd66::2" ]
	[ "$(xc curl -sS http://203.0.113.80/)" = 198.51.100.1 ]
}
