#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test/forge.py: frames as root inside can make them, by a packet socket.

forge.py udp IFACE MAC SRC SPORT DST DPORT TEXT    one datagram, from whomever SRC is
forge.py all IFACE MAC OWN4 OWN6 TOKEN DST...      a frame of every kind to each DST: openings, queries, forged sources,
                                                   encapsulation, fragments, VLAN tags, ARP; N of the kind follows the token
"""
import ipaddress
import socket
import struct
import sys


def fold(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


def ip(src, dst, proto, l4, frag=0, options=b""):
    s, d = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    at = {6: 16, 17: 6, 1: 2, 58: 2}.get(proto)
    if at is not None and not frag & 0x1FFF:
        pseudo = b"" if proto == 1 else s.packed + d.packed + struct.pack("!HBB", len(l4), 0, proto)
        if d.version == 6:
            pseudo = s.packed + d.packed + struct.pack("!II", len(l4), proto)
        l4 = l4[:at] + b"\0\0" + l4[at + 2:]
        l4 = l4[:at] + struct.pack("!H", fold(pseudo + l4)) + l4[at + 2:]
    if d.version == 6:
        return 0x86DD, struct.pack("!IHBB", 6 << 28, len(l4), proto, 64) + s.packed + d.packed + l4
    head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(l4), 7, frag, 64, proto, 0)
    head += s.packed + d.packed + options
    return 0x800, head[:10] + struct.pack("!H", fold(head)) + head[12:] + l4


def udp(sport, dport, data):
    return struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data


def tcp(sport, dport, flags, data):
    return struct.pack("!HHIIBBHHH", sport, dport, 7, 7, 0x50, flags, 999, 0, 0) + data


def ext6(packet, kind):
    """The same packet behind another header."""
    ether, p = packet
    head = struct.pack("!BB", p[6], 0) + (b"\1\4\0\0\0\0" if kind != 44 else struct.pack("!HI", 0, 7))
    return ether, p[:4] + struct.pack("!HB", len(p) - 32, kind) + p[7:40] + head + p[40:]


def kinds(own, dst, token):
    """(name, frame's type, payload) of all that must not come to DST; OWN is the sender's own address."""
    six = ":" in dst
    other = "fd00:77::2" if six else "192.168.77.2"
    icmp = 58 if six else 1
    n = [0]

    def t():
        n[0] += 1
        return token + bytes([n[0] % 256])

    echo = struct.pack("!BBHHH", 128 if six else 8, 0, 0, 7, 7)
    if not dst.startswith(("10.200.", "192.168.77.", "fd")):  # those may be answered
        yield ("udp", *ip(own, dst, 17, udp(4000, 4000, t())))
        yield ("ack", *ip(own, dst, 6, tcp(80, 4000, 16, t())))
        yield ("echo reply", *ip(own, dst, icmp, struct.pack("!BBHHH", 129 if six else 0, 0, 0, 7, 7) + t()))
    yield ("syn", *ip(own, dst, 6, tcp(4000, 80, 2, t())))
    yield ("syn+fin", *ip(own, dst, 6, tcp(4000, 80, 3, t())))
    yield ("dns", *ip(own, dst, 17, udp(4000, 53, t())))
    yield ("mdns", *ip(own, dst, 17, udp(5353, 5353, t())))
    yield ("echo", *ip(own, dst, icmp, echo + t()))
    yield ("forged udp", *ip(other, dst, 17, udp(9, 4000, t())))
    yield ("forged syn", *ip(other, dst, 6, tcp(4000, 80, 2, t())))
    yield ("forged ack", *ip(other, dst, 6, tcp(80, 4000, 16, t())))
    yield ("forged echo reply", *ip(other, dst, icmp, struct.pack("!BBHHH", 129 if six else 0, 0, 0, 7, 7) + t()))
    for kind in (1, 2, 3, 4, 133) if six else (3, 5, 11, 12):
        yield ("icmp %d" % kind, *ip(own, dst, icmp, struct.pack("!BBHI", kind, 0, 0, 0) +
                                     ip(dst, own, 17, udp(53, 9, b""))[1] + t()))
    for kind in (135, 136) if six and not dst.startswith("fd76:") else ():
        yield ("icmp %d" % kind, *ip(own, dst, icmp, struct.pack("!BBHI", kind, 0, 0, 0) +
                                     ipaddress.ip_address(dst).packed + t()))
    yield ("ipip", *ip(own, dst, 41 if six else 4, ip(own, dst, 17, udp(4000, 4000, t()))[1]))
    yield ("gre", *ip(own, dst, 47, struct.pack("!HH", 0, 0x86DD if six else 0x800) +
                      ip(own, dst, 17, udp(4000, 4000, t()))[1]))
    yield ("sctp", *ip(own, dst, 132, struct.pack("!HHII", 4000, 80, 0, 0) + t()))
    for tag in (0x8100, 0x88A8):
        for vid in (0, 5):
            ether, p = ip(own, dst, 17, udp(4000, 4000, t()))
            yield ("vlan %x %d" % (tag, vid), tag, struct.pack("!HH", vid, ether) + p)
    if six:
        for kind in (0, 43, 44, 60):
            yield ("ext %d" % kind, *ext6(ip(own, dst, 6, tcp(4000, 80, 2, t())), kind))
        ether, p = ext6(ip(other, dst, 17, udp(4000, 4000, t())), 0)
        yield ("hop by hop, answered by an error", ether, p[:42] + b"\xbe\4" + p[44:])
        yield ("ra", *ip("fe80::2", "ff02::1", 58, struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + t()))
        yield ("redirect", *ip("fe80::2", dst, 58, struct.pack("!BBHI", 137, 0, 0, 0) +
                               ipaddress.ip_address(own).packed + ipaddress.ip_address("2001:db8:9::9").packed + t()))
    else:
        syn = tcp(4000, 80, 2, t())
        yield ("first fragment", *ip(own, dst, 6, syn[:8] + b"", frag=0x2000))
        yield ("later fragment", *ip(own, dst, 6, syn[8:], frag=1))
        yield ("options", *ip(own, dst, 6, tcp(4000, 80, 2, t()), options=b"\x94\4\0\0"))
        yield ("igmp", *ip(own, dst, 2, struct.pack("!BBHI", 0x16, 0, 0, 0) + t()))
        me = bytes([2, 0, 0, 0, 0, 1])
        for who in (other, "10.66.0.2"):
            yield ("arp", 0x806, struct.pack("!HHBBH", 1, 0x800, 6, 4, 2) + me + ipaddress.ip_address(who).packed +
                   me + ipaddress.ip_address(dst).packed + t())
    yield ("unknown", 0x88B5, t() + b"\0" * 40)


def main(argv):
    iface, mac = argv[2], bytes.fromhex(argv[3].replace(":", ""))
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((iface, 0))
    own = s.getsockname()[4]

    def send(ether, payload):
        s.send(mac + own + struct.pack("!H", ether) + payload)

    if argv[1] == "udp":
        src, sport, dst, dport, text = argv[4:]
        send(*ip(src, dst, 17, udp(int(sport), int(dport), text.encode())))
        return
    own4, own6, token = argv[4:7]
    count = 0
    for dst in argv[7:]:
        for _, ether, payload in kinds(own6 if ":" in dst else own4, dst, bytes.fromhex(token)):
            send(ether, payload)
            count += 1
    print(count)


main(sys.argv)
