"""What is measured. Each returns one sample of one way."""

import ctypes
import os
import resource
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness import SetupError

from peers import Way

CIPHERS = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"]


@dataclass(frozen=True)
class Sample:
    """`value` in the case's unit; CPU seconds per GiB or milliseconds per login: of what stands between, and of all processes of the client."""

    value: float
    cpu: float
    client: float


# linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36


def _adopt() -> None:
    """The second ssh of `ssh -J` may outlive the first by a moment: it becomes a child of ours, so that its CPU is counted too."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise SetupError(f"prctl: {os.strerror(ctypes.get_errno())}")


def _wait_for_orphans() -> None:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
            if name == "ssh" and int(rest.split()[1]) == os.getpid():
                os.waitpid(int(folder.name), 0)
        except (FileNotFoundError, ProcessLookupError, ChildProcessError):
            continue


def _client_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ssh(way: Way, *arguments, source=subprocess.DEVNULL, program: str = "ssh") -> None:
    done = subprocess.run([program, "-F", str(way.config), *arguments], stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          timeout=600, check=False, env=way.environment)
    if done.returncode != 0:
        raise SetupError(f"{way.name}: {program} ended with {done.returncode}: {done.stderr}")


class Case:
    """One thing that is done through each way."""

    name = ""
    unit = "MB/s"
    cpu_unit = "s/GiB"
    # Is a smaller value the better one?
    is_time = False

    def run(self, way: Way) -> Sample:
        """Does it once."""
        raise NotImplementedError

    def _spent(self, way: Way, work) -> tuple[float, float, float]:
        _adopt()
        between, client, started = way.proxy_cpu(), _client_cpu(), time.monotonic()
        work()
        elapsed = time.monotonic() - started
        _wait_for_orphans()
        return elapsed, way.proxy_cpu() - between, _client_cpu() - client


class Bulk(Case):
    """Zeros out of, or into, a command of the other side. Compression is off everywhere, so zeros are bytes like any."""

    def __init__(self, megabytes: int, cipher: str, is_out: bool):
        self._megabytes, self._cipher, self._is_out = megabytes, cipher, is_out
        self.name = f"{'out' if is_out else 'in'}, {cipher.split('@')[0]}"

    def run(self, way: Way) -> Sample:
        way.use(self._cipher)
        size = self._megabytes << 20

        def copy() -> None:
            if self._is_out:
                _ssh(way, "there", f"head -c {size} /dev/zero")
                return
            with subprocess.Popen(["head", "-c", str(size), "/dev/zero"], stdout=subprocess.PIPE) as zeros:
                _ssh(way, "there", "cat > /dev/null", source=zeros.stdout)

        elapsed, cpu, client = self._spent(way, copy)
        return Sample(size / 1e6 / elapsed, cpu * 1024 / self._megabytes, client * 1024 / self._megabytes)


class Sftp(Case):
    """A file there, or back, in memory on both sides where /dev/shm is."""

    def __init__(self, megabytes: int, folder: Path, is_put: bool):
        self._megabytes, self._folder, self._is_put = megabytes, folder, is_put
        self.name = f"sftp {'put' if is_put else 'get'}"

    def run(self, way: Way) -> Sample:
        way.use(None)
        source, target = self._folder / "source", self._folder / "target"
        if not source.exists():
            with open(source, "wb") as file:
                file.truncate(self._megabytes << 20)
        target.unlink(missing_ok=True)
        batch = self._folder / "batch"
        batch.write_text(f"{'put' if self._is_put else 'get'} {source} {target}\n", encoding="ascii")
        elapsed, cpu, client = self._spent(way, lambda: _ssh(way, "-q", "-oBatchMode=no", "-b", str(batch), "there", program="sftp"))
        return Sample((self._megabytes << 20) / 1e6 / elapsed, cpu * 1024 / self._megabytes, client * 1024 / self._megabytes)


class Logins(Case):
    """ssh to `true`, some at once. By the client's own order of key exchanges OpenSSH's two sides may take one that costs more than ours."""

    unit = "1/s"
    cpu_unit = "ms"
    at_once = 4

    def __init__(self, count: int, exchange: str | None = None):
        self._count, self._exchange = count, exchange
        self.name = f"logins, {exchange}" if exchange else "logins"

    def run(self, way: Way) -> Sample:
        way.use(None, self._exchange)

        def login(_) -> None:
            _ssh(way, "there", "true")

        def all_of_them() -> None:
            with ThreadPoolExecutor(self.at_once) as pool:
                list(pool.map(login, range(self._count)))

        elapsed, cpu, client = self._spent(way, all_of_them)
        return Sample(self._count / elapsed, cpu * 1000 / self._count, client * 1000 / self._count)


class Echo(Case):
    """One byte to `cat` and back, again and again: what a key that is struck takes."""

    name = "echo of a byte, p50"
    unit = "ms"
    cpu_unit = "ms"
    is_time = True

    def __init__(self, count: int):
        self._count = count

    def run(self, way: Way) -> Sample:
        way.use(None)
        taken = []

        def strike() -> None:
            with subprocess.Popen(["ssh", "-F", str(way.config), "there", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=way.environment) as ssh:
                there, back = ssh.stdin.fileno(), ssh.stdout.fileno()
                for _ in range(self._count):
                    started = time.monotonic()
                    os.write(there, b"x")
                    if os.read(back, 1) != b"x":
                        raise SetupError(f"{way.name}: the byte did not come back")
                    taken.append(time.monotonic() - started)
                ssh.stdin.close()

        _, cpu, client = self._spent(way, strike)
        return Sample(statistics.median(taken) * 1000, cpu * 1000 / self._count, client * 1000 / self._count)


def all_cases(megabytes: int, logins: int, folder: Path) -> list[Case]:
    """Every case."""
    return [*(Bulk(megabytes, cipher, is_out) for cipher in CIPHERS for is_out in (True, False)),
            Sftp(megabytes, folder, True), Sftp(megabytes, folder, False), Logins(logins),
            Logins(logins, "curve25519-sha256"), Echo(2000)]
