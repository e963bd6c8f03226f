"""A throw-away PostgreSQL 15 cluster on a free loopback port."""

import secrets
import shutil
import socket
from pathlib import Path

from . import BINARIES, SetupError
from .accounts import WorkFolder, run

# The suites compare current_user with the name they log in with, so the client's user and the gateway's login bear the same name.
USER = "suite"


def free_port() -> int:
    """A loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """Runs from __enter__ to __exit__. The superuser `suite` logs in with SCRAM and a random password."""

    def __init__(self, work: WorkFolder, settings: dict | None = None):
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self._folder = work.make("cluster")
        self._data = self._folder / "data"
        # Durability is not under test; everything else is PostgreSQL's default unless a suite needs more.
        self._settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self._folder, "fsync": "off",
            "max_prepared_transactions": 2, "max_connections": 200, "password_encryption": "scram-sha-256",
        } | (settings or {})

    def __enter__(self) -> "Cluster":
        password = self._folder / "password"
        password.touch(0o644)
        password.write_text(self.password)
        self._check([BINARIES / "initdb", "-D", self._data, "-U", USER, f"--pwfile={password}", "--auth=scram-sha-256",
                     "--locale=C", "--encoding=UTF8", "--no-sync"])
        password.unlink()
        with open(self._data / "postgresql.conf", "a", encoding="ascii") as config:
            for name, value in self._settings.items():
                config.write(f"{name} = '{value}'\n")
        self._check([BINARIES / "pg_ctl", "-D", self._data, "-l", self._folder / "log", "-w", "start"], stdout=None)
        return self

    def __exit__(self, *_) -> None:
        run([BINARIES / "pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop"])
        shutil.rmtree(self._folder, ignore_errors=True)

    def environment(self, port: int | None = None, password: str | None = None, database: str = "postgres") -> dict:
        """libpq's variables for this cluster, or for whatever stands before it on another port."""
        return {"PATH": f"{BINARIES}:/usr/bin:/bin", "HOME": str(self._folder), "LANG": "C.UTF-8", "PGHOST": "127.0.0.1",
                "PGPORT": str(port or self.port), "PGUSER": USER, "PGPASSWORD": password or self.password,
                "PGDATABASE": database, "PGSSLMODE": "disable", "PGGSSENCMODE": "disable", "PGCONNECT_TIMEOUT": "30"}

    def sql(self, *statements: str, database: str = "postgres") -> str:
        """Runs statements directly, each on its own, and returns the last answer."""
        answer = ""
        for statement in statements:
            answer = self._check([BINARIES / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement],
                                 env=self.environment(database=database))
        return answer

    def new_database(self, name: str) -> None:
        """An empty database, whatever was there before."""
        self.sql(f"drop database if exists {name} with (force)", f"create database {name}")

    @property
    def folder(self) -> Path:
        """Where its socket, log and data are."""
        return self._folder

    @staticmethod
    def _check(command: list, **options) -> str:
        done = run(command, **options)
        if done.returncode != 0:
            raise SetupError(f"{Path(command[0]).name} failed with {done.returncode}: {done.stdout}")
        return (done.stdout or "").strip()
