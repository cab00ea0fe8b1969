/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/neigh.c: neighbours, of IPv4 and IPv6, by rtnetlink(7). */
#include "lib/neigh.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define ROOM 128
#define MAC_LEN 6
#define UNKNOWN (NUD_INCOMPLETE | NUD_FAILED)

struct dump {
	neigh_fn *fn;
	void *arg;
};

static int read_neighbour(const struct nlmsghdr *nlh, void *arg)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	const struct dump *dump = arg;
	const struct nlattr *tb[NDA_DST + 1];
	struct addr address;
	int r;

	if (nlh->nlmsg_type != RTM_NEWNEIGH)
		return -EBADMSG;
	r = nl_attrs(nlh, sizeof(*ndm), tb, NDA_DST);
	if (r)
		return r;
	address = (struct addr){ .family = ndm->ndm_family };
	if ((ndm->ndm_family != AF_INET && ndm->ndm_family != AF_INET6) || !tb[NDA_DST] ||
	    !ndm->ndm_state || ndm->ndm_state & UNKNOWN)
		return 0; /* bridges answer the same request */
	r = nl_copy(tb[NDA_DST], address.bytes, addr_size(&address));
	return r ? r : dump->fn(&address, dump->arg);
}

int neigh_dump(struct nl *nl, neigh_fn *fn, void *arg, struct nl_error *error)
{
	const struct ndmsg request = { .ndm_family = AF_UNSPEC };
	struct dump dump = { .fn = fn, .arg = arg };

	return nl_dump(nl, RTM_GETNEIGH, 0, &request, sizeof(request), read_neighbour, &dump,
		       error);
}

static int send_one(struct nl *nl, uint16_t type, uint16_t flags, uint32_t index,
		    const struct addr *address, const uint8_t *mac)
{
	struct nl_error error = { 0 };
	struct nl_batch b = { 0 };
	struct nlmsghdr *nlh = nl_batch_add(&b, nl, type, flags, sizeof(struct ndmsg), ROOM, 0);
	struct ndmsg *ndm = nl_extra(nlh);

	ndm->ndm_family = address->family;
	ndm->ndm_ifindex = (int)index;
	ndm->ndm_state = NUD_REACHABLE;
	mnl_attr_put(nlh, NDA_DST, addr_size(address), address->bytes);
	if (mac)
		mnl_attr_put(nlh, NDA_LLADDR, MAC_LEN, mac);
	nl_batch_end(&b, nlh);
	return nl_batch_send(&b, NULL, NULL, &error);
}

int neigh_tell(struct nl *nl, uint32_t index, const struct addr *address, const uint8_t *mac)
{
	return send_one(nl, RTM_NEWNEIGH, NLM_F_CREATE, index, address, mac);
}

int neigh_forget(struct nl *nl, uint32_t index, const struct addr *address)
{
	return send_one(nl, RTM_DELNEIGH, 0, index, address, NULL);
}
