#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test/mute.py: for root of a user namespace of its own: /etc is an overlay over a file system in user space, which
tells of /etc/resolv.conf and /etc/nsswitch.conf never. Says "ready", what is asked for, and goes on until killed."""
import ctypes
import os
import struct
import sys

INIT, LOOKUP, FORGET, GETATTR, STATFS, RELEASE, RELEASEDIR, OPENDIR, READDIR = 26, 1, 2, 3, 17, 18, 29, 27, 28
libc = ctypes.CDLL(None, use_errno=True)


def mount(kind, where, data):
    if libc.mount(b"none", where.encode(), kind.encode(), 0, data.encode()):
        sys.exit("mount %s: %s" % (where, os.strerror(ctypes.get_errno())))


def folder(node):
    return struct.pack("<6Q10I", node, *[0] * 5, 0, 0, 0, 0o40755, 2, 0, 0, 0, 4096, 0)


def answer(op, node):
    """What FUSE's server says, as linux/fuse.h has it; a number is an error."""
    return {
        INIT: struct.pack("<4I2H2I2H8I", 7, 31, 65536, 0, 16, 12, 65536, 1, 1, 0, *[0] * 8)[:64],
        GETATTR: struct.pack("<QII", 0, 0, 0) + folder(node),
        STATFS: struct.pack("<5Q4I24x", 0, 0, 0, 0, 0, 4096, 255, 4096, 0),
        OPENDIR: struct.pack("<QII", 1, 0, 0),
        READDIR: b"", RELEASE: b"", RELEASEDIR: b"", LOOKUP: -2,
    }.get(op, -38)


def serve(fuse):
    while True:
        asked = os.read(fuse, 1 << 20)
        _, op, unique, node = struct.unpack("<IIQQ", asked[:24])
        if op == FORGET or (op == LOOKUP and asked[40:].rstrip(b"\0") in (b"resolv.conf", b"nsswitch.conf")):
            print("asked", op, flush=True)
            continue
        said = answer(op, node)
        error, said = (said, b"") if isinstance(said, int) else (0, said)
        os.write(fuse, struct.pack("<IiQ", 16 + len(said), error, unique) + said)


fuse = os.open("/dev/fuse", os.O_RDWR)
mount("tmpfs", "/mnt", "mode=755")
os.mkdir("/mnt/mute")
os.mkdir("/mnt/empty")
mount("fuse", "/mnt/mute", "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % fuse)
if os.fork() == 0:
    serve(fuse)
mount("overlay", "/etc", "lowerdir=/mnt/mute:/mnt/empty")
print("ready", flush=True)
os.wait()
