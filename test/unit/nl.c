/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test/unit/nl.c: exchanges with the real kernel, the ways they fail, and batches without memory. */
#include "lib/base.h"

#include <arpa/inet.h>
#include <stdbool.h>

static bool no_memory;
#define calloc(n, size) (no_memory ? NULL : calloc(n, size))
#include "lib/nlmsg.c"
#undef calloc
#include "lib/nl.c"

#include <linux/capability.h>
#include <linux/if_addr.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "test/unit/sandbox.h"
#include "test/unit/tap.h"

static struct nl rt = NL_CLOSED, nf = NL_CLOSED;
static struct nl_error error;

/* Address 10.x.y.z/8 on the loopback link, numbered by N. */
static void queue_address(struct nl_batch *b, unsigned int tag, unsigned int n)
{
	struct nlmsghdr *nlh = nl_batch_add(b, &rt, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
					    sizeof(struct ifaddrmsg), 64, tag);
	struct ifaddrmsg *ifa = nl_extra(nlh);

	ifa->ifa_family = AF_INET;
	ifa->ifa_prefixlen = 8;
	ifa->ifa_index = 1;
	mnl_attr_put_u32(nlh, IFA_LOCAL, htonl(10U << 24 | n));
	mnl_attr_put_u32(nlh, IFA_FLAGS, IFA_F_NOPREFIXROUTE);
	nl_batch_end(b, nlh);
}

/* A route whose destination has host bits set: refused with words by every kernel. */
static void queue_bad_route(struct nl_batch *b, unsigned int tag)
{
	struct nlmsghdr *nlh =
		nl_batch_add(b, &rt, RTM_NEWROUTE, NLM_F_CREATE, sizeof(struct rtmsg), 64, tag);
	struct rtmsg *rtm = nl_extra(nlh);

	*rtm = (struct rtmsg){ .rtm_family = AF_INET,
			       .rtm_dst_len = 8,
			       .rtm_table = RT_TABLE_MAIN,
			       .rtm_type = RTN_UNICAST };
	mnl_attr_put_u32(nlh, RTA_DST, htonl(0x0a010203));
	nl_batch_end(b, nlh);
}

static int count_reply(const struct nlmsghdr *nlh, void *arg)
{
	int *left = arg;

	(void)nlh;
	return --*left == 0 ? -ECANCELED : 0;
}

static int count_addresses(int stop_at)
{
	struct ifaddrmsg ifa = { .ifa_family = AF_INET };
	int left = stop_at;
	int err = nl_dump(&rt, RTM_GETADDR, 0, &ifa, sizeof(ifa), count_reply, &left, &error);

	return err ? err : stop_at - left;
}

static void test_errors(void)
{
	struct nl_batch b = { .nl = NULL };

	ok(nl_batch_send(&b, NULL, NULL, &error) == 0, "an empty batch is sent by doing nothing");
	queue_address(&b, 1, 1);
	ok(nl_batch_send(&b, NULL, NULL, &error) == 0 && !b.count && !b.buf,
	   "one message; the batch is empty afterwards");

	queue_address(&b, 21, 2);
	queue_address(&b, 22, 1);
	queue_address(&b, 23, 3);
	ok(nl_batch_send(&b, NULL, NULL, &error) == -EEXIST && error.err == -EEXIST &&
		   error.tag == 22,
	   "an error in the middle has its tag");
	printf("# the kernel's words: '%s'\n", error.text);
	ok(count_addresses(1000) == 3, "what follows a failed message was carried out");

	queue_address(&b, 31, 4);
	queue_bad_route(&b, 32);
	queue_address(&b, 33, 1);
	ok(nl_batch_send(&b, NULL, NULL, &error) == -EINVAL && error.tag == 32 &&
		   strstr(error.text, "prefix"),
	   "the first of two errors is told, with the kernel's words");
	queue_address(&b, 41, 5);
	queue_address(&b, 42, 5);
	ok(nl_batch_send(&b, NULL, NULL, &error) == -EEXIST && error.tag == 42,
	   "an error in the last message");
	queue_address(&b, 51, 6);
	ok(nl_batch_send(&b, NULL, NULL, &error) == 0 && !error.text[0],
	   "the exchange after a failed one succeeds");
}

static void test_misuse(void)
{
	struct nl_batch b = { .nl = NULL };
	struct nlmsghdr *nlh;

	queue_address(&b, 5, 9);
	nlh = nl_batch_add(&b, &nf, 0xa00, 0, 4, 0, 6);
	nl_batch_end(&b, nlh);
	ok(nl_batch_send(&b, NULL, NULL, &error) == -EINVAL && error.tag == 5,
	   "one batch, two sockets: refused");

	no_memory = true;
	queue_address(&b, 1, 9);
	no_memory = false;
	queue_address(&b, 2, 9);
	ok(b.err == -ENOMEM && nl_batch_send(&b, NULL, NULL, &error) == -ENOMEM && !b.err,
	   "without memory the batch takes messages and sends none");
	queue_address(&b, 1, 9);
	ok(nl_batch_send(&b, NULL, NULL, &error) == 0, "and nothing of it was sent");

	nlh = nl_batch_add(&b, &rt, RTM_GETLINK, 0, sizeof(struct ifinfomsg), 64, 1);
	nl_put_name(&b, nlh, IFLA_IFNAME, "a-name-too-long-for-a-link");
	nl_batch_end(&b, nlh);
	ok(nl_batch_send(&b, NULL, NULL, &error) == -EINVAL, "a name too long for an interface");
}

/* Leaves an acknowledgement in the queue of RT that nobody waits for. */
static void leave_stale_ack(void)
{
	struct nlmsghdr nlh = { .nlmsg_len = sizeof(nlh),
				.nlmsg_type = NLMSG_NOOP,
				.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK };

	nlh.nlmsg_seq = rt.seq;
	ok(send(rt.fd, &nlh, sizeof(nlh), 0) == sizeof(nlh), "(a stale acknowledgement)");
}

/* Another process that answers in the kernel's place. */
static void forge_ack(void)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr told;
	} ack = { .head = { .nlmsg_len = sizeof(ack),
			    .nlmsg_type = NLMSG_ERROR,
			    .nlmsg_seq = rt.seq + 1 } };
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(to);
	struct nl other = NL_CLOSED;

	ok(nl_open(&other, NETLINK_ROUTE) == 0 &&
		   getsockname(rt.fd, (struct sockaddr *)&to, &len) == 0 &&
		   sendto(other.fd, &ack, sizeof(ack), 0, (struct sockaddr *)&to, sizeof(to)) ==
			   sizeof(ack),
	   "(a forged acknowledgement)");
	nl_close(&other);
}

static void test_strangers(void)
{
	struct nl_batch b = { .nl = NULL };

	leave_stale_ack();
	queue_address(&b, 1, 1);
	ok(nl_batch_send(&b, NULL, NULL, &error) == -EEXIST,
	   "the acknowledgement of an earlier exchange is not taken for ours");
	forge_ack();
	queue_address(&b, 1, 10);
	ok(nl_batch_send(&b, NULL, NULL, &error) == -EPROTO,
	   "an answer that is not the kernel's fails the exchange");
	queue_address(&b, 1, 11);
	ok(nl_batch_send(&b, NULL, NULL, &error) == 0, "the next one finds an empty queue");
}

static void test_large(void)
{
	struct nl_batch b = { .nl = NULL };
	int before = count_addresses(100000), n;

	for (unsigned int i = 0; i < 6000; i++)
		queue_address(&b, i, 0x10000 + i);
	printf("# %zu bytes in one send\n", b.len);
	ok(nl_batch_send(&b, NULL, NULL, &error) == 0, "6,000 messages in one send");
	n = count_addresses(100000);
	ok(n == before + 6000, "and all are in the dump, which takes many replies");
	ok(count_addresses(10) == -ECANCELED, "a dump stopped by its function");
	ok(count_addresses(100000) == n, "the dump after that is whole");

	for (unsigned int i = 0; i < 20000; i++)
		queue_address(&b, i + 7, 1);
	ok(nl_batch_send(&b, NULL, NULL, &error) == -EEXIST && error.tag == 7,
	   "20,000 errors overrun the queue: the first is told");
	queue_address(&b, 1, 12);
	ok(nl_batch_send(&b, NULL, NULL, &error) == 0, "and the next exchange succeeds");
}

static void queue_mark(struct nl_batch *b, unsigned int tag, uint16_t type, uint32_t genid)
{
	struct nlmsghdr *nlh = nl_batch_add(b, &nf, type, 0, sizeof(struct nfgenmsg), 16, tag);
	struct nfgenmsg *nfg = nl_extra(nlh);

	nfg->res_id = htons(NFNL_SUBSYS_NFTABLES);
	if (genid)
		mnl_attr_put_u32(nlh, NFNL_BATCH_GENID, htonl(genid));
	nl_batch_end(b, nlh);
}

static void queue_nft(struct nl_batch *b, unsigned int tag, uint16_t type, uint16_t flags,
		      const char *table, const char *chain)
{
	struct nlmsghdr *nlh;
	struct nfgenmsg *nfg;

	nlh = nl_batch_add(b, &nf, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type),
			   flags | NLM_F_CREATE, sizeof(*nfg), 64, tag);
	nfg = nl_extra(nlh);
	nfg->nfgen_family = AF_INET;
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, table);
	if (chain)
		mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, chain);
	nl_batch_end(b, nlh);
}

static void test_nft(void)
{
	struct nl_batch b = { .nl = NULL };
	int left = 1000;

	queue_mark(&b, 1, NFNL_MSG_BATCH_BEGIN, 0);
	queue_nft(&b, 2, NFT_MSG_NEWTABLE, 0, "t", NULL);
	queue_nft(&b, 3, NFT_MSG_NEWCHAIN, 0, "missing", "c");
	queue_nft(&b, 4, NFT_MSG_NEWCHAIN, 0, "t", "c");
	queue_mark(&b, 5, NFNL_MSG_BATCH_END, 0);
	ok(nl_batch_send(&b, NULL, NULL, &error) == -ENOENT && error.tag == 3,
	   "a transaction refused, with the message's tag");

	queue_mark(&b, 1, NFNL_MSG_BATCH_BEGIN, 0);
	queue_nft(&b, 2, NFT_MSG_NEWTABLE, NLM_F_EXCL | NLM_F_ECHO, "t", NULL);
	queue_mark(&b, 5, NFNL_MSG_BATCH_END, 0);
	ok(nl_batch_send(&b, count_reply, &left, &error) == 0,
	   "nothing of it stayed: the table can be made anew");
	ok(left < 1000, "its echo came to the function");

	queue_mark(&b, 1, NFNL_MSG_BATCH_BEGIN, 0);
	queue_nft(&b, 2, NFT_MSG_NEWTABLE, 0, "u", NULL);
	ok(nl_batch_send(&b, NULL, NULL, &error) == -EINVAL,
	   "a transaction without end, which the kernel would acknowledge");
	queue_mark(&b, 1, NFNL_MSG_BATCH_BEGIN, 0);
	queue_mark(&b, 2, NFNL_MSG_BATCH_END, 0);
	queue_nft(&b, 3, NFT_MSG_NEWTABLE, 0, "u", NULL);
	ok(nl_batch_send(&b, NULL, NULL, &error) == -EINVAL, "and one that goes on after its end");
}

static void test_nft_begin(void)
{
	struct nl_batch b = { .nl = NULL };
	time_t start = time(NULL);

	queue_mark(&b, 8, NFNL_MSG_BATCH_BEGIN, 0x70000001);
	queue_nft(&b, 9, NFT_MSG_NEWTABLE, 0, "v", NULL);
	queue_mark(&b, 10, NFNL_MSG_BATCH_END, 0);
	ok(nl_batch_send(&b, NULL, NULL, &error) == -ERESTART && error.tag == 8,
	   "a transaction refused as a whole");
	queue_mark(&b, 8, NFNL_MSG_BATCH_BEGIN, 0);
	queue_mark(&b, 9, NFNL_MSG_BATCH_END, 0);
	ok(nl_batch_send(&b, NULL, NULL, &error) == 0, "an empty transaction");
	ok(time(NULL) - start < ANSWER_SECONDS,
	   "neither waited for an acknowledgement that never comes");
}

/* In a process of its own, which gives up what it may do. */
static void test_not_permitted(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };
	struct nl_batch b = { .nl = NULL };
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (syscall(SYS_capset, &head, none) || nl_open(&nf, NETLINK_NETFILTER))
			_exit(2);
		queue_mark(&b, 8, NFNL_MSG_BATCH_BEGIN, 0);
		queue_nft(&b, 9, NFT_MSG_NEWTABLE, 0, "v", NULL);
		queue_mark(&b, 10, NFNL_MSG_BATCH_END, 0);
		alarm(ANSWER_SECONDS - 1);
		_exit(nl_batch_send(&b, NULL, NULL, &error) == -EPERM && error.tag == 8 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	ok(status == 0, "a transaction of one who may not: -EPERM at its begin");
}

/* Feeds bytes to the part that takes replies apart. What it says, with the exchange in *X. */
static int take(struct exchange *x, const void *buf, size_t len)
{
	error = (struct nl_error){ .err = 0 };
	*x = (struct exchange){
		.first = 5, .last = 6, .final = 6, .is_open = true, .error = &error
	};
	take_datagram(x, buf, len);
	return error.err ? error.err : x->lost_err;
}

static void test_bytes(void)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr told;
	} ack = { .head = { .nlmsg_len = sizeof(ack), .nlmsg_type = NLMSG_ERROR, .nlmsg_seq = 6 } };
	struct exchange x;

	ok(take(&x, &ack, sizeof(ack)) == 0 && !x.is_open, "an acknowledgement ends the exchange");
	ok(take(&x, &ack, sizeof(ack) - 4) == -EBADMSG && x.is_lost, "one cut short does not");
	ack.head.nlmsg_seq = 5;
	ok(take(&x, &ack, sizeof(ack)) == 0 && x.is_open, "nor that of an earlier message");
	ack.head.nlmsg_seq = 4;
	ok(take(&x, &ack, sizeof(ack)) == 0 && x.is_open, "nor that of an earlier exchange");
	ack.head.nlmsg_seq = 6;
	ack.told.error = 5;
	ok(take(&x, &ack, sizeof(ack)) == -EPROTO, "an error number that is none");
	ack.head.nlmsg_len = sizeof(ack.head) + 4;
	ok(take(&x, &ack, ack.head.nlmsg_len) == -EBADMSG, "an acknowledgement without its number");
	ack.head.nlmsg_type = NLMSG_OVERRUN;
	ok(take(&x, &ack, ack.head.nlmsg_len) == -ENOBUFS, "an overrun that the kernel tells of");
	ok(take(&x, &ack, 0) == -EBADMSG, "an empty answer");
}

int main(void)
{
	if (!sandbox_enter()) {
		skip("all that takes a namespace", "needs root (of a user namespace at least)");
		return tap_done();
	}
	if (!ok(nl_open(&rt, NETLINK_ROUTE) == 0 && nl_open(&nf, NETLINK_NETFILTER) == 0,
		"sockets"))
		return tap_done();
	test_errors();
	test_misuse();
	test_strangers();
	test_large();
	test_nft();
	test_nft_begin();
	test_not_permitted();
	test_bytes();
	nl_close(&rt);
	nl_close(&nf);
	ok(rt.fd == -1, "closed");
	return tap_done();
}
