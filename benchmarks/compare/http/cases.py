"""What is measured: requests of wrk and of h2load, by size, connections and TLS; latency at one rate; and what idle connections weigh."""

import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import SetupError
from harness.server import cpu_seconds

from peers import Peer, resident_kilobytes

# Seconds after which a peer has put in order what opening the connections has left behind.
SETTLED = 15

UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True)
class Sample:
    """Requests a second, the 99th percentile of their latency in ms (0: not told), and the peer's CPU microseconds for each."""

    value: float
    p99: float
    cpu: float


def _run(peer: Peer, *command) -> tuple[str, float]:
    """Its output, and the peer's CPU seconds."""
    before = sum(map(cpu_seconds, peer.pids()))
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    spent = sum(map(cpu_seconds, peer.pids())) - before
    if done.returncode != 0:
        raise SetupError(f"{' '.join(map(str, command))} through {peer.name}: {done.stdout}")
    return done.stdout, spent


def _wrk(name: str, peer: Peer, token: str, seconds: int, connections: int, *more) -> Sample:
    said, spent = _run(peer, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"Authorization: Bearer {token}", *more)
    count = re.search(r"(\d+) requests in", said)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", said)
    if not count or not rate or not p99 or "Non-2xx" in said or "Socket errors" in said:
        raise SetupError(f"{name} through {peer.name}: {said}")
    return Sample(float(rate.group(1)), float(p99.group(1)) * UNITS[p99.group(2)], spent / max(1, int(count.group(1))) * 1e6)


@dataclass(frozen=True)
class Case:
    """One load of wrk: one thread of it, keep-alive."""

    size: str
    connections: int
    is_tls: bool

    @property
    def name(self) -> str:
        return f"{self.size}-c{self.connections}" + ("-tls" if self.is_tls else "")

    def run(self, peer: Peer, token: str, seconds: int) -> Sample:
        """Does it once."""
        url = f"https://127.0.0.1:{peer.tls_port}" if self.is_tls else f"http://127.0.0.1:{peer.port}"
        return _wrk(self.name, peer, token, seconds, self.connections, f"{url}/{self.size}")


@dataclass(frozen=True)
class PostCase:
    """As that, in clear, with a body of 1 KiB and an answer of two bytes."""

    connections: int
    # The upstream is known to read all that it is sent, and keeps the connection, where that is asked for.
    is_read: bool

    @property
    def name(self) -> str:
        return f"post-c{self.connections}" + ("-read" if self.is_read else "")

    def run(self, peer: Peer, token: str, seconds: int) -> Sample:
        """Does it once."""
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write('wrk.method = "POST"; wrk.body = string.rep("a", 1024)\n')
            script.flush()
            return _wrk(self.name, peer, token, seconds, self.connections, f"http://127.0.0.1:{peer.reading_port if self.is_read else peer.port}/posted",
                        "-s", script.name)


@dataclass(frozen=True)
class Http2Case:
    """One load of h2load over TLS: one thread of it, 16 streams at once on each connection, or one on each of many."""

    size: str
    connections: int

    @property
    def name(self) -> str:
        return f"{self.size}-c{self.connections}-h2"

    def run(self, peer: Peer, token: str, seconds: int) -> Sample:
        """Does it once."""
        said, spent = _run(peer, "h2load", "-t1", f"-c{self.connections}", "-m1" if self.connections > 32 else "-m16", "-D", seconds, "-H", f"Authorization: Bearer {token}",
                           f"https://127.0.0.1:{peer.tls_port}/{self.size}")
        count = re.search(r"requests: .* (\d+) succeeded, 0 failed, 0 errored", said)
        rate = re.search(r"finished in .*?, ([\d.]+) req/s", said)
        if not count or not rate or "Application protocol: h2" not in said or not re.search(r"status codes: \d+ 2xx, 0 3xx, 0 4xx, 0 5xx", said):
            raise SetupError(f"{self.name} through {peer.name}: {said}")
        return Sample(float(rate.group(1)), 0.0, spent / max(1, int(count.group(1))) * 1e6)


@contextmanager
def _own_processor(peer: Peer) -> Iterator[None]:
    """The peer has the last processor for itself, if there are two; the origin and the load have the others."""
    everything = os.sched_getaffinity(0)
    own = {max(everything)}
    others = everything - own or everything

    def have(pids: list[int], processors: set[int]) -> None:
        for pid in pids:
            for thread in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(thread), processors)

    origin = peer.upstream or peer
    have(peer.pids(), own)
    have([os.getpid(), *origin.pids()], others)
    try:
        yield
    finally:
        have([os.getpid(), *origin.pids(), *peer.pids()], everything)


@dataclass(frozen=True)
class PacedCase:
    """
    The same rate for every peer, each with a processor of its own: what it adds to the latency when it is not what everything waits for. One thread of
    h2load, which lets all connections ask at once and then rests: half of them wait for the other half.
    """

    size: str
    connections: int
    kind: str
    rate: int = 10_000

    # Handshakes, which it counts with the first requests.
    _beginning = 500_000

    @property
    def name(self) -> str:
        return f"{self.size}-c{self.connections}-{self.kind}-paced"

    def run(self, peer: Peer, token: str, seconds: int) -> Sample:
        """Does it once."""
        url = f"http://127.0.0.1:{peer.port}" if self.kind == "plain" else f"https://127.0.0.1:{peer.tls_port}"
        with tempfile.TemporaryDirectory() as folder, _own_processor(peer):
            log = Path(folder) / "log"
            said, spent = _run(peer, "h2load", "-t1", f"-c{self.connections}", "-m1", *(["--h1"] if self.kind != "h2" else []),
                               f"--rps={self.rate / self.connections}", "-D", seconds, "--log-file", log, "-H", f"Authorization: Bearer {token}",
                               f"{url}/{self.size}")
            # Start in µs, status, µs.
            rows = [list(map(int, line.split("\t"))) for line in log.read_text(encoding="ascii").splitlines()]
        taken = sorted(row[2] for row in rows if row[0] - rows[0][0] > self._beginning)
        if not taken or any(row[1] != 200 for row in rows):
            raise SetupError(f"{self.name} through {peer.name}: {said}")
        return Sample(len(rows) / seconds, taken[int(len(taken) * 0.99)] / 1e3, spent / len(rows) * 1e6)


def all_cases() -> list[Case | PostCase | Http2Case | PacedCase]:
    """1 KiB and 64 KiB for one, some and many connections; 1 MiB for what bodies cost; requests with a body; latency at one rate."""
    return [Case(size, connections, is_tls) for is_tls in (False, True) for size in ("1k", "64k") for connections in (1, 32, 256)] \
        + [Case("1m", 8, False), Case("1m", 8, True), PostCase(32, False), PostCase(32, True)] + [Http2Case(size, connections) for size in ("1k", "64k") for connections in (1, 8, 32, 256)] \
        + [PacedCase("1k", 32, kind) for kind in ("plain", "tls", "h2")]


def idle_kilobytes(peer: Peer, token: str, first: int, count: int) -> float:
    """What each of `count` connections weighs that has made one request and waits for some seconds, above `first` others."""
    request = f"GET /1k HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode("ascii")

    def open_one() -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", peer.port), timeout=20)
        connection.sendall(request)
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0 or len(answer) < end + 4 + 1024:
            part = connection.recv(65536)
            if not part:
                raise SetupError(f"{peer.name} closed: {answer[:200]!r}")
            answer += part
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SetupError(f"{peer.name}: {answer[:200]!r}")
        return connection

    def weigh_with(some: int) -> int:
        opened.extend(open_one() for _ in range(some))
        time.sleep(SETTLED)
        return sum(map(resident_kilobytes, peer.pids()))

    # One at a time: what the first ones have compiled and mapped is no connection's.
    for _ in range(first):
        open_one().close()
    opened: list[socket.socket] = []
    before = weigh_with(first)
    after = weigh_with(count)
    for connection in opened:
        connection.close()
    return (after - before) / count
