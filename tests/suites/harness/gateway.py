"""What stands between client and cluster: WireGate, or a blind relay in its place to test the runner itself."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

from . import REPOSITORY, SetupError
from .accounts import WorkFolder
from .cluster import USER, Cluster, free_port

# Startup parameters of the suites beyond the shipped list: PGOPTIONS of pg_regress, what the tests of lib/pq and pgx bring along.
PARAMETERS = ["options", "search_path", "lc_messages", "standard_conforming_strings", "default_tablespace", "work_mem"]

CONFIG = """\
store: sqlite:{folder}/wiregate.db
audit: {{ to: {folder}/audit, reads: {reads} }}
admin: {{ socket: {{ path: {folder}/admin.sock }} }}
listeners:
  - {{ name: pg, protocol: postgres, address: "127.0.0.1:{port}", target: pg }}
secrets:
  app: {{ file: {folder}/app }}
targets:
  pg:
    protocol: postgres
    address: "127.0.0.1:{upstream}"
    tls: {{ mode: disable }}
    logins: {{ main: {{ user: {user}, password: app }} }}
    parameters: [{parameters}]
{mask}grants:
  - {{ name: suites, to: {{ issuer: local, groups: [suites] }}, targets: [pg], replication: true }}
{rules}"""

ALLOW_ALL = """\
rules:
  builtIn: { credential-minting: "off" }   # pg_regress makes roles with passwords
  list:
    - { name: everything, match: { operations: all }, do: allow }
"""

# Generous: a cold .NET start on a machine that is busy with a build.
START_SECONDS = 60


def publish() -> Path:
    """Builds the executable from this checkout."""
    out = REPOSITORY / "out"
    done = subprocess.run(["dotnet", "publish", REPOSITORY / "src" / "WireGate", "-c", "Release", "-o", out, "-v", "q", "--nologo"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise SetupError(f"dotnet publish failed:\n{done.stdout}")
    return out / "wiregate"


def wait_for_port(port: int, process: subprocess.Popen, log: Path) -> None:
    """Returns once somebody accepts on the port; raises with the process's own words if it ends before."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SetupError(f"{process.args[0]} ended with {process.returncode}:\n{log.read_text(errors='replace')[-4000:]}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SetupError(f"{process.args[0]} does not listen on port {port} after {START_SECONDS} s:\n"
                     f"{log.read_text(errors='replace')[-4000:]}")


class Proxy:
    """A process of ours that listens on a port. Ends with __exit__; its log is kept for the error message."""

    name = ""

    def __init__(self, cluster: Cluster, work: WorkFolder):
        self.cluster = cluster
        self.port = free_port()
        self.password = cluster.password
        self.folder = work.path / self.name
        self.folder.mkdir(mode=0o700)
        self.process: subprocess.Popen | None = None

    def command(self) -> list:
        """Writes the config; returns argv, which must stay in the foreground."""
        raise NotImplementedError

    def options(self) -> dict:
        """Further options of the process."""
        return {}

    def started(self) -> None:
        """Called once it listens."""

    def __enter__(self) -> "Proxy":
        log = self.folder / "log"
        command = [str(part) for part in self.command()]
        with open(log, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                            **self.options())
        try:
            wait_for_port(self.port, self.process, log)
            self.started()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def sessions(self) -> int | None:
        """How many sessions were authenticated so far, by its own evidence; None: it keeps none."""
        return None


class WireGate(Proxy):
    """The gateway with its default settings, audit on. The password is a placeholder."""

    name = "wiregate"
    rules = ALLOW_ALL
    # The target's own setting of masks, a line of the config, or nothing.
    mask = ""
    reads = "wait"

    def __init__(self, cluster: Cluster, work: WorkFolder, executable: Path):
        super().__init__(cluster, work)
        self.executable = executable
        self._config = self.folder / "wiregate.yaml"

    def command(self) -> list:
        secret = self.folder / "app"
        secret.touch(0o600)
        secret.write_text(self.cluster.password)
        self._config.write_text(CONFIG.format(folder=self.folder, port=self.port, upstream=self.cluster.port, user=USER,
                                              parameters=", ".join(PARAMETERS), mask=self.mask, reads=self.reads, rules=self.rules), encoding="utf-8")
        return [self.executable, "run", "--config", self._config]

    def started(self) -> None:
        self.password = self._tell("placeholder", "mint", "--config", self._config, "--subject", "suite", "--group", "suites",
                                   "--target", "pg", "--ttl", "8h").strip()

    def sessions(self) -> int:
        lines = self._tell("audit", "export", "--dir", self.folder / "audit").splitlines()
        return sum(json.loads(line).get("event") == "session-authenticated" for line in lines if line.startswith("{"))

    def _tell(self, *arguments) -> str:
        done = subprocess.run([str(part) for part in (self.executable, *arguments)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, env=os.environ.copy())
        if done.returncode != 0:
            raise SetupError(f"wiregate {arguments[0]} {arguments[1]} ended with {done.returncode}: {done.stderr}")
        return done.stdout


class HAProxy(Proxy):
    """A blind TCP relay. `threads`: None for its default, one per core."""

    name = "haproxy"
    threads: int | None = 1

    def command(self) -> list:
        config = self.folder / "haproxy.cfg"
        threads = f"    nbthread {self.threads}\n" if self.threads else ""
        config.write_text(f"global\n    maxconn 4000\n{threads}defaults\n    mode tcp\n    timeout connect 10s\n"
                          f"    timeout client 1h\n    timeout server 1h\n"
                          f"listen pg\n    bind 127.0.0.1:{self.port}\n    server up 127.0.0.1:{self.cluster.port}\n",
                          encoding="ascii")
        return ["haproxy", "-db", "-q", "-f", config]
