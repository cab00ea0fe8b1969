/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vault/apply/kind/port.c: the host's end of a veth pair that is a port of a segment's bridge. It
 * has nothing of the host's; the bridge has the MAC address of its other end there for good, and
 * learns nothing there (L30): what the guard's rules (seal/segment.c) hold alone is held once more
 * by the bridge itself.
 */
#include <errno.h>
#include <stdio.h>

#include "lib/file.h"
#include "lib/ns.h"
#include "lib/rtnl.h"
#include "vault/apply/kind/veth.h"

/* What it does not, and whose it is. The bridge takes both while it is down, too. */
static int port_mend(const struct obj_veth *veth, struct session *w)
{
	struct nl *nl = &w->host_route;
	int r = session_queue(w, nl);

	if (r)
		return r;
	rtnl_queue_port_settings(&w->batch, nl, w->current, veth->index);
	rtnl_queue_station(&w->batch, nl, w->current, veth->index, veth->mac);
	return 0;
}

static int port_set(const struct obj_veth *veth, struct session *w)
{
	int r = session_flush(w);

	if (!r)
		r = session_silence(w, veth->name);
	return r ? r : port_mend(veth, w);
}

static int port_look(const struct obj_veth *veth, struct session *w)
{
	const struct observed_host *host = w->observed->host;
	const struct rtnl_link *port = observed_link(host->links, host->n_links, veth->name);
	const char *fault = NULL;
	struct rtnl_station station;
	struct nl_error error = { 0 };
	int r = rtnl_ask_station(&w->host_route, port->master, veth->mac, &station, &error);

	if (r && r != -ENOENT) {
		snprintf(w->why, sizeof(w->why), "where its bridge has its MAC address: %.200s",
			 error.text);
		return r;
	}
	if (r)
		fault = "its bridge does not know its MAC address (fdb)";
	else if (station.port != port->index || !station.stays)
		fault = "its bridge has its MAC address elsewhere, or not for good (fdb)";
	else if (port->learns)
		fault = "its port learns (bridge_slave learning)";
	else if (port->floods)
		fault = "its port is flooded (bridge_slave flood)";
	snprintf(w->why, sizeof(w->why), "%s", fault ? fault : "");
	return fault ? LOOK_OTHER : LOOK_SAME;
}

static void port_print(const struct obj_veth *veth, struct str *out)
{
	char ether[ETHER_STRLEN];

	str_addf(out, "sysctl -qw 'net/ipv6/conf/%s/disable_ipv6=1'\n", veth->name);
	str_addf(out, "ip link set %s type bridge_slave learning off flood off\n", veth->name);
	str_addf(out, "bridge fdb replace %s dev %s master static sticky\n",
		 ether_format(veth->mac, ether), veth->name);
}

const struct veth_end veth_port = {
	.set = port_set, .mend = port_mend, .look = port_look, .print = port_print
};
