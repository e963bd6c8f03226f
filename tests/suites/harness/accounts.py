"""Under which account children run, and where their files live.

PostgreSQL refuses to run as root and its tests read and write files as the server does, so cluster and clients share one account:
postgres if we are root, else our own.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path


def account() -> dict:
    """Keyword arguments of subprocess that run a child as the cluster's account."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def end_cleanly() -> None:
    """Makes SIGTERM and SIGHUP leave through every __exit__: a killed run must not leave a cluster and a gateway behind."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))


def own(path: Path) -> None:
    """Gives a tree to the cluster's account."""
    if os.geteuid() != 0:
        return
    entry = pwd.getpwnam("postgres")
    os.chown(path, entry.pw_uid, entry.pw_gid)
    for directory, folders, files in os.walk(path):
        for name in folders + files:
            os.chown(os.path.join(directory, name), entry.pw_uid, entry.pw_gid, follow_symlinks=False)


class WorkFolder:
    """A folder of one run, removed at its end. World-traversable: root's gateway and the cluster's account both work below it."""

    def __init__(self, prefix: str, keep: bool = False):
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self.path.chmod(0o755)
        self._keep = keep

    def make(self, name: str) -> Path:
        """A new folder that belongs to the cluster's account."""
        folder = self.path / name
        folder.mkdir(parents=True)
        own(folder)
        return folder

    def __enter__(self) -> "WorkFolder":
        return self

    def __exit__(self, *_) -> None:
        if self._keep:
            print(f"kept: {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)


def run(command: list, **options) -> subprocess.CompletedProcess:
    """Runs a child as the cluster's account and returns what it said, standard error included."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL, "text": True,
               "errors": "replace"} | account() | options
    return subprocess.run([str(part) for part in command], **options)
