#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# test/scenario/isolated-browser.bats: a real browser in a vault, by one command, as an ordinary user, and in bwrap.
#
#   chromium, as alice, in the vault `media`: made no-link, so that a page can learn no address but the tunnel's
#   http://web.test/  on the internet (203.0.113.80), says whom it sees; STUN there, too
#   http://web.test/addresses.html  asks the browser for each address it will tell: WebRTC, and a name to look up ahead
#
# What leaves the host other than in the tunnel is counted on the uplink's router, whatever it is (test/outside.bash).
# The same browser outside the vault is the control.
# shellcheck disable=SC2154 # what bats' `run` leaves

load ../helper
load ../recipe
load ../outside

setup_file() {
	lab_start
	host sh -c 'mount -t tmpfs home /home && useradd --create-home --uid 4242 alice'
	host sh -c 'mkdir /etc/vault && printf "%s\n" "conf $LAB/provider.conf" no-link > /etc/vault/media.conf'
	pages
	isp wire echo 3478 "$LAB/stun.log"
	count_outside isp
}

setup() {
	need chromium
	vault up media
}

# Its `load` event waits for the image, which comes when the page has all the addresses that it will get.
pages() {
	host tee "$LAB/www/addresses.html" <<- 'END' > /dev/null
		<!doctype html>
		<pre id=out></pre>
		<img src="/cgi-bin/wait">
		<script>
		const say = text => document.getElementById('out').textContent += text + '\n';
		const ahead = document.createElement('link');
		ahead.rel = 'dns-prefetch';
		ahead.href = '//' + location.search.slice(1) + '.test';
		document.head.append(ahead);
		(async () => {
			// Who may hear the microphone is told all addresses, not the default route's alone.
			await navigator.mediaDevices?.getUserMedia({audio: true}).then(() => say('microphone'), say);
			const urls = ['stun:203.0.113.80:3478', 'stun:[2001:db8:9::80]:3478'];
			const pc = new RTCPeerConnection({iceServers: [{urls}]});
			pc.onicecandidate = event => say(event.candidate ? event.candidate.candidate : 'that is all');
			pc.onicegatheringstatechange = () => pc.iceGatheringState == 'complete' && fetch('/cgi-bin/go');
			pc.createDataChannel('x');
			await pc.setLocalDescription(await pc.createOffer());
		})();
		</script>
	END
	host tee "$LAB/www/busy.html" <<- 'END' > /dev/null
		<!doctype html>
		<script>
		setInterval(() => {
			const token = location.search.slice(1);
			fetch('/?' + token).catch(() => 0);
			fetch('http://203.0.113.9/?' + token, {mode: 'no-cors'}).catch(() => 0);
			new RTCPeerConnection({iceServers: [{urls: 'stun:203.0.113.80:3478'}]}).createOffer();
		}, 100);
		</script>
	END
	host sh -c 'cd $LAB/www/cgi-bin; answer='\''printf "Content-Type: text/plain\r\n\r\n"'\''
		printf "#!/bin/sh\nfor i in \$(seq 600); do rm $LAB/go 2>/dev/null && break; sleep 0.1; done; $answer\n" > wait
		printf "#!/bin/sh\n: > $LAB/go; $answer\n" > go
		chmod +x wait go'
}

# Without what it would ask of its maker at each start. No option that a user would not give, but for --headless.
browser=(chromium --headless --disable-gpu --no-first-run --disable-background-networking --disable-component-update
	--disable-sync)
# A user's consent, and addresses as they are instead of made-up .local names.
telling=(--use-fake-ui-for-media-stream --use-fake-device-for-media-stream --disable-features=WebRtcHideLocalIpsWithMdns
	--unsafely-treat-insecure-origin-as-secure=http://web.test)

# in_vault COMMAND…, outside COMMAND…: as alice
in_vault() { vault exec media user alice cwd /home/alice "$@"; }
outside() { host env HOME=/home/alice setpriv --reuid alice --regid alice --init-groups "$@"; }

# page WHERE… OPTIONS… URL: what the page is like once it is there; what the browser says goes to the test's output
page() { "$@" 2> "$BATS_TEST_TMPDIR/said" || { grep -v dbus "$BATS_TEST_TMPDIR/said"; return 1; }; }

left() { went_outside isp; }

# name: a new $TOKEN as above, to be part of a host's name; $ON_THE_WIRE is how frames would carry it
name() {
	token
	ON_THE_WIRE=$(printf %s "$TOKEN" | od -An -v -tx1 | tr -d ' \n')
}

asked() { host grep -q "query.* $2 from $3" "$LAB/$1-dns.log"; }

# The addresses that a page was told by its browser.
told() { awk '/^candidate:/ { print $5 }' <<< "$1" | sort -u; }

@test "IB-1 MV-6 a browser starts inside by one command, as an ordinary user: pages see the VPN's address" {
	before=$(left)
	[[ $(page in_vault "${browser[@]}" --dump-dom http://web.test/) == *2001:db8:2::1* ]]
	[[ $(page in_vault "${browser[@]}" --dump-dom http://203.0.113.80/) == *198.51.100.1* ]]
	[ "$(left)" = "$before" ]
	[[ $(page outside "${browser[@]}" --dump-dom http://203.0.113.80/) == *192.0.2.2* ]]
	(($(left) > before)) # so the router can tell
	[ "$(host stat -c %U /home/alice/.config/chromium)" = alice ]
}

@test "IB-1 L32 a browser, with its own sandbox, in a PID namespace: none of the user's programs outside is in sight of it" {
	spawn host setpriv --reuid alice --regid alice --init-groups sleep 1000
	in_vault test -e "/proc/$SPAWNED/net"
	run ! in_vault own-pids test -e "/proc/$SPAWNED"
	[[ $(page in_vault own-pids "${browser[@]}" --dump-dom http://203.0.113.80/) == *198.51.100.1* ]]
	run ! grep -i 'no-sandbox\|sandbox is disabled' "$BATS_TEST_TMPDIR/said"
}

@test "IB-1 PC-4 names of pages, and those looked up ahead, are asked of the VPN's resolvers alone" {
	name
	observe isp:to-host lan2:to-host --token "$ON_THE_WIRE"
	there=$(page in_vault "${browser[@]}" --dump-dom "http://$TOKEN.test/addresses.html?ahead-$TOKEN")
	must_not_see
	[[ $there == *"that is all"* ]]
	asked srv "$TOKEN.test" '\(10.66.0.2\|fd66::2\)'
	asked srv "ahead-$TOKEN.test" '\(10.66.0.2\|fd66::2\)'
	run ! host grep "$TOKEN" "$LAB/host-dns.log" "$LAB/isp-dns.log"
	name
	observe isp:to-host lan2:to-host --token "$ON_THE_WIRE"
	page outside "${browser[@]}" --dump-dom "http://$TOKEN.test/addresses.html?ahead-$TOKEN"
	must_see
	asked host "ahead-$TOKEN.test" 127.0.0.1
}

@test "L26 WebRTC tells a page the tunnel's addresses and the VPN's, and none of the host's, whatever the user consents to" {
	before=$(left)
	there=$(page in_vault "${browser[@]}" "${telling[@]}" --dump-dom http://web.test/addresses.html)
	echo "$there"
	[ "$(left)" = "$before" ]
	[[ $there == *microphone*"that is all"* ]]
	[ "$(told "$there" | paste -sd' ')" = "10.66.0.2 198.51.100.1 2001:db8:2::1 fd66::2" ]
	there=$(page outside "${browser[@]}" "${telling[@]}" --dump-dom http://web.test/addresses.html)
	for address in 192.0.2.2 192.168.77.1 2001:db8:1::2; do told "$there" | grep -Fx $address; done
}

# shielded: alice's browser has its own sandbox: pages run in namespaces of their own, under a filter of system calls
shielded() {
	local pid

	pid=$(host pgrep -u alice -f -- '--type=renderer' | head -n 1)
	[ -n "$pid" ]
	host awk '/^Seccomp:/ && $2 == 2 { filtered = 1 } /^NSpid:/ && NF > 2 { apart = 1 } END { exit !(filtered && apart) }' \
		"/proc/$pid/status"
	run ! host pgrep -u alice -f -- --no-sandbox
}

@test "IB-1 MV-3 PC-12 L25 the tunnel killed under a browser: no page loads, what it goes on trying does not leave" {
	name
	spawn host "$VAULT" exec media user alice cwd /home/alice "${browser[@]}" "http://web.test/busy.html?$TOKEN"
	retry 30 must_see srv:wg0 --token "$ON_THE_WIRE" -- sleep 1
	shielded
	# shellcheck disable=SC2046 # words
	vault check media $(host pgrep -u alice chromium | sed 's/^/pid /')
	observe isp:to-host lan2:to-host --token "$ON_THE_WIRE" --to 203.0.113.80 --to 203.0.113.9
	before=$(left)
	host ip -n media link delete wg-media
	run in_vault "${browser[@]}" --user-data-dir=/home/alice/other --dump-dom http://203.0.113.80/
	[[ $output == *"Page load failed"*ERR_INTERNET_DISCONNECTED* ]]
	must_not_see
	[ "$(left)" = "$before" ]
	vault up media
	retry 30 must_see srv:wg0 --token "$ON_THE_WIRE" -- sleep 1 # it had gone on
}

# bwrap in vault exec, as vault-exec(8) has it
in_both() {
	in_vault bwrap --unshare-all --share-net --new-session --die-with-parent --ro-bind / / --proc /proc --dev /dev \
		--tmpfs /tmp --tmpfs /home --bind /home/alice/vaulted /home/alice/vaulted "$@"
}

@test "IB-4 a browser in bwrap --share-net in a vault: the VPN's address and resolvers; files and processes of its own" {
	need bwrap
	name
	host sh -c 'echo secret > /home/alice/secret; install -d -o alice /home/alice/vaulted'
	before=$(left)
	boxed=("${browser[@]}" --user-data-dir=/home/alice/vaulted)
	[[ $(page in_both "${boxed[@]}" --dump-dom "http://$TOKEN.test/") == *2001:db8:2::1* ]]
	asked srv "$TOKEN.test" '\(10.66.0.2\|fd66::2\)'
	run ! host grep "$TOKEN" "$LAB/host-dns.log" "$LAB/isp-dns.log"
	run page in_both "${boxed[@]}" --dump-dom file:///home/alice/secret
	[[ $output != *secret* ]]
	[[ $(page in_vault "${boxed[@]}" --dump-dom file:///home/alice/secret) == *secret* ]]
	[ "$(in_both sh -c 'set -- /proc/[0-9]*; echo $#')" -le 3 ]
	[ "$(left)" = "$before" ]
}

@test "IB-1 IB-4 the recipe: typed as printed, the page sees the VPN's address, with and without bwrap" {
	need bwrap
	host sh -c 'mkdir -p /etc/wireguard; install -m 600 $LAB/provider.conf /etc/wireguard/; ln -sf "$VAULT" $LAB/bin/vault'
	# Where there is no screen the page is printed.
	host sh -c 'printf "#!/bin/sh\nexec %s \"\$@\"\n" "$*" > $LAB/bin/chromium; chmod +x $LAB/bin/chromium' sh \
		"/usr/bin/${browser[*]} --dump-dom"
	vault down media
	cook browser host
	[ "$(grep -c 2001:db8:2::1 "$BATS_FILE_TMPDIR/browser.cooked")" = 2 ]
	vault down browser
}
