#!/usr/bin/env python3
"""Writes the stories beside it with the encoder of Debian's python3-hpack: blocks of one connection each, and what they say.

A story is a text: "table N" is what the decoder advertised, "block HEX" a block of fields, "- name: value" a field of it, "! name: value" one that
is never to be remembered. The same seed gives the same stories.
"""
import pathlib
import random

from hpack import Encoder, HeaderTuple, NeverIndexedHeaderTuple

HERE = pathlib.Path(__file__).parent
NAMES = ["user-agent", "accept", "accept-encoding", "x-request-id", "content-type", "grpc-timeout", "cookie", "etag", "x-long"]


def fields(rng):
    section = [(":method", rng.choice(["GET", "POST", "DELETE"])), (":scheme", "https"), (":authority", f"api{rng.randrange(3)}.example"),
               (":path", "/v1/" + "".join(rng.choice("abcdef0123456789/") for _ in range(rng.randrange(1, 40))))]
    for name in NAMES:
        if rng.random() < 0.5:
            length = rng.choice([0, 1, 5, 20, 130, 900 if name == "x-long" else 40])
            text = "".join(chr(rng.choice([*range(0x20, 0x7f), *([0xe4, 0xff] if rng.random() < 0.1 else [])])) for _ in range(length)).strip()
            section.append((name, rng.choice(["application/json", "*/*", text])))
    section.append(("authorization", f"Bearer {rng.getrandbits(64):x}"))
    return section


def story(name, seed, size, huffman, resize):
    rng = random.Random(seed)
    encoder = Encoder()
    lines = [f"table {max(size, 4096)}"]
    if size != 4096:
        encoder.header_table_size = size
    for number in range(24):
        if resize and number % 6 == 5:
            encoder.header_table_size = rng.choice([0, 64, 300, 4096])
        section = fields(rng)
        tuples = [(NeverIndexedHeaderTuple if n == "authorization" else HeaderTuple)(n.encode("latin-1"), v.encode("latin-1")) for n, v in section]
        lines.append("block " + encoder.encode(tuples, huffman=huffman).hex())
        lines += [("! " if n == "authorization" else "- ") + f"{n}: {v}" for n, v in section]
    (HERE / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="latin-1")


story("huffman", 1, 4096, True, False)
story("plain", 2, 4096, False, False)
story("small-table", 3, 256, True, False)
story("resized", 4, 4096, True, True)
story("no-table", 5, 0, True, False)
