"""A process of a comparison that listens, and what it costs."""

import os
import random
import socket
import subprocess
from pathlib import Path

from . import SetupError
from .gateway import wait_for_port

TICKS = os.sysconf("SC_CLK_TCK")


# Below those that the kernel gives to whoever connects: one of them would be taken before a server listens on it.
_PORTS = range(10_000, 32_000)
_given: set[int] = set()


def free_port() -> int:
    """One that nobody has at the moment, and nobody here was given before."""
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its threads and the children that it has waited for: fields 14 to 17 of proc(5)'s stat."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICKS


def run(*command, **options) -> str:
    """A command that must not fail."""
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, **options)
    if done.returncode != 0:
        raise SetupError(f"{command[0]} ended with {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout


class Server:
    """A process that listens on a port and ends with __exit__."""

    def __init__(self, folder: Path, name: str):
        self.folder = folder / name
        self.folder.mkdir(mode=0o700)
        self.port = free_port()
        self.process: subprocess.Popen | None = None

    def command(self) -> list:
        """Writes the config; returns argv, which stays in the foreground."""
        raise NotImplementedError

    def __enter__(self):
        log = self.folder / "log"
        with open(log, "wb") as output:
            self.process = subprocess.Popen([str(part) for part in self.command()], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        wait_for_port(self.port, self.process, log)
        return self

    def __exit__(self, *_) -> None:
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def cpu(self) -> float:
        """CPU seconds so far. A child's count once it has ended."""
        return cpu_seconds(self.process.pid)
