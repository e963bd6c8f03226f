"""What is measured. Every case is bounded in time; each returns one sample of one peer."""

import math
import os
import re
import subprocess
import time
from dataclasses import dataclass

from harness import BINARIES, SetupError
from harness.accounts import account

from peers import cpu_seconds

CLIENTS = [1, 16, 64]
MODES = ["simple", "extended", "prepared"]


@dataclass(frozen=True)
class Sample:
    """`value` in the case's unit; `cpu` is the proxy's CPU time per transaction (or per GB) in microseconds (milliseconds)."""

    value: float
    cpu: float | None


@dataclass(frozen=True)
class Load:
    """pgbench -S for some seconds."""

    mode: str
    clients: int
    reconnect: bool = False

    @property
    def name(self) -> str:
        """How --cases and the table call it."""
        return f"connect-c{self.clients}" if self.reconnect else f"{self.mode}-c{self.clients}"

    unit = "tps"
    cpu_unit = "µs/tx"

    def run(self, environment: dict, pid: int | None, seconds: int) -> Sample:
        """One stretch of load. What the logins cost is not the transactions': one transaction each is measured before, and taken off."""
        started = time.monotonic()
        logins, first = (0.0, 0) if self.reconnect else self._stretch(environment, pid, ["-t", 1])[:2]
        # pgbench's clock runs while it still connects: what that takes is added.
        connecting = math.ceil(time.monotonic() - started)
        spent, count, rate = self._stretch(environment, pid, ["-T", seconds + connecting])
        # pgbench names no rate if not one transaction was done within its time.
        if rate is None or count <= first:
            raise SetupError(f"{self.name}: --seconds {seconds} is too short on this machine")
        return Sample(rate, max(0.0, spent - logins) / (count - first) * 1e6 if pid else None)

    def _stretch(self, environment: dict, pid: int | None, length: list) -> tuple:
        """CPU seconds of the proxy, transactions, and their rate without the time it took to connect."""
        command = [BINARIES / "pgbench", "-n", "-S", "-M", self.mode, "-c", self.clients, "-j", min(self.clients, os.cpu_count()),
                   *length] + (["-C"] if self.reconnect else [])
        before = cpu_seconds(pid) if pid else 0.0
        said = _run(command, environment)
        spent = cpu_seconds(pid) - before if pid else 0.0
        if re.search(r"number of failed transactions: [1-9]", said):
            raise SetupError(f"{self.name}: pgbench lost transactions:\n{said}")
        rate = re.search(r"^tps = ([\d.]+)", said, re.MULTILINE)
        return spent, int(re.search(r"transactions actually processed: (\d+)", said).group(1)), rate and float(rate.group(1))


@dataclass(frozen=True)
class CopyOut:
    """COPY … TO STDOUT of a table that is `megabytes` large as text, to nowhere."""

    megabytes: int
    name: str = "copy-out"

    unit = "MB/s"
    cpu_unit = "ms/GB"

    # The width of a row of the table that `prepare` fills, its newline included.
    ROW = 1024

    def prepare(self, cluster) -> None:
        """Rows of 1 KiB; generated once and kept in memory by the operating system."""
        rows = self.megabytes * 1024
        cluster.sql("create unlogged table bulk (line text)", "alter table bulk alter line set storage plain",
                    f"insert into bulk select left(repeat(md5(n::text), 32), {self.ROW - 1}) from generate_series(1, {rows}) n",
                    "vacuum bulk")

    def run(self, environment: dict, pid: int | None, _seconds: int) -> Sample:
        """One whole copy, timed by the clock around psql."""
        before = cpu_seconds(pid) if pid else 0.0
        started = time.monotonic()
        _run([BINARIES / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", "copy bulk to stdout"], environment, subprocess.DEVNULL)
        elapsed = time.monotonic() - started
        spent = cpu_seconds(pid) - before if pid else None
        return Sample(self.megabytes / elapsed, None if spent is None else spent * 1000 / (self.megabytes / 1024))


def _run(command: list, environment: dict, output=subprocess.PIPE) -> str:
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE,
                          text=True, timeout=300, check=False, env=environment, **account())
    if done.returncode != 0:
        raise SetupError(f"{command[0].name} ended with {done.returncode}: {done.stderr}")
    return done.stdout or ""


def all_loads() -> list:
    """Every case of pgbench."""
    return [Load(mode, clients) for mode in MODES for clients in CLIENTS] + [Load("simple", 1, True), Load("simple", 16, True)]
