# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# test/outside.bash: whatever leaves a host by its uplink other than in the tunnel, counted by rules of nft on the uplink's router,
# where the uplink's interface is `to-host`, or a VLAN of it, and the provider's port 51820.
#
#   count_outside ROUTER…   begin; ROUTER… are the words that run a command on the router
#   went_outside ROUTER…    how many there were since
#
# Not counted is what the host's kernel says on its own link, with nobody's doing and at times of its own: neighbours and routers
# looked for, groups it is in. It is told by its hop limit, which no packet that the host forwards, for a vault or anybody, has.

count_outside() {
	"$@" nft -f - <<- 'END'
		table inet outside {
			counter frames {}
			chain prerouting {
				type filter hook prerouting priority raw
				iifname != "to-host*" accept
				udp dport 51820 accept
				ip protocol igmp ip ttl 1 accept
				ip6 hoplimit 1 icmpv6 type { mld-listener-report, mld-listener-done, mld2-listener-report } accept
				ip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept
				icmp type destination-unreachable @th,224,16 51820 accept # to the provider: the tunnel's port, once it is closed
				counter name frames
			}
		}
	END
}

went_outside() { "$@" nft -j list counter inet outside frames | jq '.nftables[] | .counter // empty | .packets'; }
