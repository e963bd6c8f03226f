"""Opens many sessions through one peer and holds them, idle and authenticated, while its memory is read."""

import asyncio
import base64
import hashlib
import hmac
import secrets
import struct

from harness import SetupError
from harness.cluster import USER

# How many handshakes run at once; below every peer's bound on connections that have not yet authenticated.
AT_ONCE = 32
SETTLE_SECONDS = 2


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


async def _read(reader: asyncio.StreamReader) -> tuple:
    kind = await reader.readexactly(1)
    length = struct.unpack("!I", await reader.readexactly(4))[0]
    return kind, await reader.readexactly(length - 4)


async def _scram(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, password: str) -> None:
    """SCRAM-SHA-256 of RFC 7677 without channel binding."""
    first = f"n=,r={secrets.token_hex(12)}"
    opening = b"n,," + first.encode()
    writer.write(_message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(opening)) + opening))
    kind, body = await _read(reader)
    if kind != b"R" or struct.unpack("!I", body[:4])[0] != 11:
        raise SetupError("the peer did not continue SCRAM")
    answer = body[4:].decode()
    fields = dict(part.split("=", 1) for part in answer.split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
    without_proof = f"c=biws,r={fields['r']}"
    key = hmac.digest(salted, b"Client Key", "sha256")
    signature = hmac.digest(hashlib.sha256(key).digest(), f"{first},{answer},{without_proof}".encode(), "sha256")
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
    writer.write(_message(b"p", f"{without_proof},p={proof}".encode()))


async def _open(port: int, password: str, gate: asyncio.Semaphore) -> asyncio.StreamWriter:
    async with gate:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
        # StartupMessage: Int32 length, Int32 196608, pairs of strings, a final zero.
        pairs = b"".join(part.encode() + b"\0" for part in ("user", USER, "database", "postgres")) + b"\0"
        writer.write(struct.pack("!II", len(pairs) + 8, 196608) + pairs)
        while True:
            kind, body = await _read(reader)
            if kind == b"Z":
                return writer
            if kind == b"E":
                raise SetupError(f"an idle session was refused: {body.replace(bytes(1), b' ').decode(errors='replace')}")
            if kind == b"R":
                code = struct.unpack("!I", body[:4])[0]
                if code == 10:
                    await _scram(reader, writer, password)
                elif code == 3:
                    writer.write(_message(b"p", password.encode() + b"\0"))


async def _hold(port: int, password: str, counts: list, measure) -> list:
    gate = asyncio.Semaphore(AT_ONCE)
    opened, measured = [], []
    for count in counts:
        opened += await asyncio.gather(*(_open(port, password, gate) for _ in range(count)))
        await asyncio.sleep(SETTLE_SECONDS)
        measured.append(measure())
    for writer in opened:
        writer.write(_message(b"X", b""))
        writer.close()
    await asyncio.gather(*(writer.wait_closed() for writer in opened), return_exceptions=True)
    return measured


def while_idle(port: int, password: str, counts: list, measure) -> list:
    """Opens as many sessions as each of `counts` says, on top of those before, notes what `measure` says each time, and closes them all."""
    return asyncio.run(_hold(port, password, counts, measure))
