#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test/newer.py: what a newer nft(8) than Debian 12's asks for, and this one's library cannot read.
newer.py chain FAMILY TABLE CHAIN PREFIX   a chain at the ingress of all interfaces whose names begin with PREFIX (Linux 6.18)
newer.py rule FAMILY TABLE CHAIN           a rule that looks into VXLAN (Linux 6.2); the chain is there
Exits 77 where this kernel does not know it."""
import errno
import os
import socket
import struct
import sys

FAMILIES = {"inet": 1, "ip": 2, "netdev": 5}
NFTABLES, BEGIN, END, NEWTABLE, NEWCHAIN, NEWRULE = 10 << 8, 16, 17, 0, 3, 6
ACK, REQUEST, CREATE, APPEND = 4, 1, 0x400, 0x800


def attr(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def text(kind, word):
    return attr(kind, word.encode() + b"\0")


def number(kind, n):
    return attr(kind, struct.pack(">I", n))


def nest(kind, *attrs):
    return attr(kind | 0x8000, b"".join(attrs))


def message(kind, flags, family, resource, data):
    body = struct.pack("=BBH", family, 0, socket.htons(resource)) + data
    return struct.pack("=IHHII", 16 + len(body), kind, REQUEST | flags, 1, 0) + body


def ask(kind, flags, family, data):
    """One transaction of one request."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as s:
        s.bind((0, 0))
        s.send(message(BEGIN, 0, 0, 10, b"") + message(NFTABLES | kind, ACK | flags, family, 0, data) + message(END, 0, 0, 10, b""))
        error = -struct.unpack_from("=i", s.recv(65536), 16)[0]
    if error in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOENT):
        print("not on this kernel:", os.strerror(error))
        sys.exit(77)
    if error:
        sys.exit(os.strerror(error))


def main():
    family, table, chain = FAMILIES[sys.argv[2]], text(1, sys.argv[3]), text(3, sys.argv[4])
    if sys.argv[1] == "chain":
        ask(NEWTABLE, CREATE, family, table)
        hook = nest(4, number(1, 5 if family == 1 else 0), number(2, 0xfffffff6), nest(4, text(2, sys.argv[5])))
        ask(NEWCHAIN, CREATE, family, table + chain + hook + text(7, "filter"))
    else:
        # inner type vxlan hdrsize 8 flags 0xf [ payload load 3b @ 5 + 4 => reg 1 ]
        load = nest(5, text(1, "payload"), nest(2, number(1, 1), number(2, 4), number(3, 4), number(4, 3)))
        inner = nest(1, text(1, "inner"), nest(2, number(1, 0), number(2, 1), number(3, 0xf), number(4, 8), load))
        ask(NEWRULE, CREATE | APPEND, family, table + text(2, sys.argv[4]) + nest(4, inner))


main()
