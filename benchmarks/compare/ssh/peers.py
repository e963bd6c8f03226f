"""What stands between ssh and the same sshd: nothing, a bastion's sshd (ssh -J), or WireGate."""

import getpass
import json
import os
import time
from pathlib import Path

from harness.server import Server, run

SSHD = "/usr/sbin/sshd"
TARGET = "web-1"


class Sshd(Server):
    """OpenSSH's server with its defaults; the account is the one that runs this."""

    def __init__(self, folder: Path, name: str, key: Path):
        super().__init__(folder, name)
        self._key = key
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "host")

    @property
    def host_key(self) -> str:
        """Type and base64."""
        return " ".join((self.folder / "host.pub").read_text(encoding="ascii").split()[:2])

    def command(self) -> list:
        Path("/run/sshd").mkdir(exist_ok=True)
        config = self.folder / "sshd_config"
        # MaxStartups: the case of logins opens many at once.
        config.write_text(f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/host\nAuthorizedKeysFile {self._key}.pub\nPidFile none\n"
                          "UsePAM no\nStrictModes no\nPermitRootLogin yes\nMaxStartups 1000\nSubsystem sftp internal-sftp\n", encoding="ascii")
        return [SSHD, "-D", "-e", "-f", config]


class Gateway(Server):
    """WireGate with its defaults, audit on, and a rule that allows everything."""

    def __init__(self, folder: Path, executable: Path, upstream: Sshd, key: Path):
        super().__init__(folder, "wiregate")
        self._executable, self._upstream, self._key = executable, upstream, key
        self._config = self.folder / "wiregate.yaml"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "host")

    @property
    def host_key(self) -> str:
        """Type and base64."""
        return " ".join((self.folder / "host.pub").read_text(encoding="ascii").split()[:2])

    def command(self) -> list:
        self._config.touch(0o600)
        self._config.write_text(f"""\
store: sqlite:{self.folder}/wiregate.db
audit: {{ to: {self.folder}/audit }}
admin: {{ socket: {{ path: {self.folder}/admin.sock }} }}
listeners:
  - {{ name: ssh, protocol: ssh, address: "127.0.0.1:{self.port}", hostKeys: [{self.folder}/host], target: {TARGET} }}
secrets:
  account: {{ file: {self._key} }}
targets:
  {TARGET}:
    protocol: ssh
    address: "127.0.0.1:{self._upstream.port}"
    hostKeys: ["{self._upstream.host_key}"]
    logins: {{ main: {{ user: {getpass.getuser()}, privateKey: account }} }}
grants:
  - {{ name: all, to: {{ issuer: local, groups: [all] }}, targets: [{TARGET}] }}
rules:
  list:
    - {{ name: everything, match: {{ operations: all }}, do: allow }}
""", encoding="utf-8")
        return [self._executable, "run", "--config", self._config]

    def mint(self) -> str:
        """A placeholder that outlives the run."""
        said = run(self._executable, "placeholder", "mint", "--config", self._config, "--subject", "bench", "--group", "all", "--target", TARGET,
                   "--ttl", "8h", "--json")
        return json.loads(said)["token"]


class Way:
    """How ssh gets to the upstream: a config in which it is the host `there`."""

    def __init__(self, name: str, folder: Path, config: str, proxy: Server | None, password: str | None = None):
        self.name, self.proxy = name, proxy
        self.config = folder / f"{name.split()[-1].strip('-')}.ssh_config"
        self._text = config
        self._environment = None
        if password:
            ask = folder / f"{name}.askpass"
            ask.touch(0o700)
            ask.write_text(f"#!/bin/sh\necho '{password}'\n", encoding="ascii")
            self._environment = {"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}

    @property
    def environment(self) -> dict:
        """What ssh runs in."""
        return os.environ | (self._environment or {})

    def use(self, cipher: str | None, exchange: str | None = None) -> None:
        """Writes the config, with one cipher and one key exchange for every leg, or the client's own order."""
        chosen = (f"  Ciphers {cipher}\n" if cipher else "") + (f"  KexAlgorithms {exchange}\n" if exchange else "")
        self.config.write_text(self._text + (f"Host *\n{chosen}" if chosen else ""), encoding="ascii")

    def proxy_cpu(self) -> float:
        """CPU seconds of what stands between."""
        if self.proxy is None:
            return 0.0
        # A session's sshd ends a moment after its client.
        time.sleep(0.2)
        return self.proxy.cpu()


def ways(folder: Path, key: Path, upstream: Sshd, bastion: Sshd, gateway: Gateway) -> list[Way]:
    """Direct, by a bastion, and by the gateway, which has the key itself."""
    known = folder / "known_hosts"
    known.write_text("".join(f"[127.0.0.1]:{s.port} {s.host_key}\n" for s in (upstream, bastion, gateway)), encoding="ascii")

    def host(name: str, port: int, more: str = "") -> str:
        return (f"Host {name}\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n  UserKnownHostsFile {known}\n"
                f"  StrictHostKeyChecking yes\n  IdentitiesOnly yes\n  LogLevel ERROR\n{more}")

    own = f"  IdentityFile {key}\n"
    return [
        Way("direct", folder, host("there", upstream.port, own), None),
        Way("ssh -J", folder, host("there", upstream.port, own + "  ProxyJump bastion\n") + host("bastion", bastion.port, own), bastion),
        Way("wiregate", folder, host("there", gateway.port, "  PubkeyAuthentication no\n  NumberOfPasswordPrompts 1\n"), gateway, gateway.mint()),
    ]
