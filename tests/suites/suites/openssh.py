"""OpenSSH's own regression tests, shell scripts that start sshd themselves: we give them one with WireGate before it."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness import SetupError, packages
from harness.accounts import WorkFolder

SSHD_BEHIND = Path(__file__).resolve().parents[1] / "sshd-behind"

# What WireGate offers, by the names of ssh -Q. Many scripts loop over what their ssh has: without this they would ask for more.
CIPHERS = ["aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"]
OFFERED = {
    "cipher": CIPHERS,
    "cipher-auth": CIPHERS,
    "mac": ["hmac-sha2-256", "hmac-sha2-512", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"],
    "kex": ["ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "curve25519-sha256", "curve25519-sha256@libssh.org"],
    "key-plain": ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
                  "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"],
}

QUICK = ["connect", "connect-uri", "exit-status", "exit-status-signal", "envpass", "transfer", "stderr-data", "stderr-after-eof", "yes-head",
         "try-ciphers", "multiplex", "sftp-cmds", "sftp-batch", "sftp-glob", "sftp-perm", "sftp-uri", "scp3", "scp-uri", "agent", "forwarding",
         "dynamic-forward", "channel-timeout", "banner", "hostkey-rotate", "forcecommand", "kextype", "knownhosts", "cert-file"]
RELAY = ["connect", "connect-uri", "exit-status", "exit-status-signal", "envpass", "transfer", "stderr-data", "stderr-after-eof", "broken-pipe",
         "yes-head", "rekey", "try-ciphers", "multiplex", "forwarding", "dynamic-forward", "forward-control", "sftp", "sftp-cmds",
         "sftp-badcmds", "sftp-batch", "sftp-glob", "sftp-perm", "sftp-uri", "scp", "scp3", "scp-uri", "agent", "agent-subprocess",
         "channel-timeout", "connection-timeout", "putty-transfer", "putty-ciphers", "putty-kex", "forcecommand"]
FRONT = ["banner", "hostkey-rotate", "keytype", "integrity", "login-timeout", "keyscan", "proto-mismatch", "kextype", "knownhosts", "cert-file"]

# Their keys of hosts are of the types of their users' keys, and no host of WireGate has a security key.
PLAIN_KEYS = {"hostkey-rotate", "keytype", "keyscan"}

# Nobody logs in there.
WITHOUT_SESSION = {"agent-subprocess", "broken-pipe", "keyscan", "proto-mismatch"}

# The longest of them takes six minutes on a busy machine.
TIMEOUT = 1200

FILTER = """\
#!/bin/sh
# ssh -Q tells only what WireGate has too. The tests put -E before it.
for last; do :; done
case " $* " in
    *" -Q "*) [ ! -f {folder}/offered/"$last" ] || {{ ssh "$@" | grep -Fx -f {folder}/offered/"$last"{more}; exit; }} ;;
esac
exec ssh "$@"
"""

# The tests of sftp and scp run the server's side as a child of the client, with no ssh between. These two are that child, and run the
# server's side over ssh. A session of sshd runs the same programs, and there they are the real ones.
SFTP_SERVER = """\
#!/bin/sh
[ -z "$SSH_CONNECTION" ] || exec /usr/lib/openssh/sftp-server "$@"
[ $# -gt 0 ] || exec ssh -q -F {object}/ssh_proxy -s somehost sftp
exec ssh -q -F {object}/ssh_proxy somehost /usr/lib/openssh/sftp-server "$@"
"""
SCP = """\
#!/bin/sh
[ -z "$SSH_CONNECTION" ] || exec /usr/bin/scp "$@"
case " $* " in
    *" -f "* | *" -t "*) exec ssh -q -F {object}/ssh_proxy somehost scp "$@" ;;
esac
exec /usr/bin/scp "$@"
"""


@dataclass(frozen=True)
class Result:
    """What became of one script: `ok`, `fail` or `skipped`, and what it says went wrong."""

    state: str
    messages: tuple
    seconds: float
    sessions: int = 0


def require() -> Path:
    """Fetches the tests and what they use, and returns their folder."""
    packages.require({"/usr/sbin/sshd": "openssh-server", "ssh": "openssh-client", "plink": "putty-tools", "nc": "netcat-openbsd",
                      "openssl": "openssl", "telnet": "telnet", "unshare": "util-linux", "ip": "iproute2"})
    Path("/run/sshd").mkdir(exist_ok=True)
    return packages.openssh_tests()


class OpenSsh:
    """Runs scripts on one way, in a copy of the tests of its own. `wiregate`: the executable that stands before sshd; None: nothing does."""

    def __init__(self, tests: Path, work: WorkFolder, name: str, wiregate: Path | None, isolated: bool):
        self.name = name
        self._wiregate = wiregate
        self._isolated = isolated
        self._folder = work.path / name
        self._object = self._folder / "regress"
        self._script: subprocess.Popen | None = None
        shutil.copytree(tests, self._object, ignore=shutil.ignore_patterns("unittests"))
        (self._folder / "pairs").mkdir()
        self._write_keys()
        self._write_programs()

    def _write_keys(self) -> None:
        for key in ("login", "host"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", self._folder / key], check=True)
        (self._folder / "settings.json").write_text(json.dumps({"wiregate": str(self._wiregate)}), encoding="utf-8")

    def _write_programs(self) -> None:
        offered = self._folder / "offered"
        offered.mkdir()
        for what, names in OFFERED.items():
            (offered / what).write_text("\n".join(names) + "\n", encoding="ascii")
        programs = {"sftp-server": SFTP_SERVER.format(object=self._object), "scp": SCP.format(object=self._object),
                    "ssh": FILTER.format(folder=self._folder, more=""),
                    "ssh-plain": FILTER.format(folder=self._folder, more=" | grep -v ^sk-"),
                    "sshd": f'#!/bin/sh\nexec {SSHD_BEHIND} {self._folder} "$@"\n'}
        for name, text in programs.items():
            (self._folder / name).write_text(text, encoding="ascii")
            (self._folder / name).chmod(0o755)

    def __enter__(self) -> "OpenSsh":
        return self

    def __exit__(self, *_) -> None:
        self._end()

    def run(self, script: str) -> Result:
        """Runs one to its end."""
        self._renew()
        command = ["sh", "test-exec.sh", str(self._object), str(self._object / f"{script}.sh")]
        if self._isolated:
            # The scripts' ports are fixed, and other processes may have them: a loopback of its own for each way.
            command = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command]
        started = time.monotonic()
        with open(self._folder / f"{script}.log", "wb") as log:
            self._script = subprocess.Popen(command, cwd=self._object, env=self._environment(script), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = self._script.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            code = -signal.SIGKILL
        seconds = time.monotonic() - started
        self._end()
        return self._result(script, code, seconds)

    def _renew(self) -> None:
        # A script's config, pipes and logs must not meet the next; the keys may, which take long to make.
        for name in ("failed-regress.log", "failed-ssh.log", "failed-sshd.log", "pidfile"):
            (self._object / name).unlink(missing_ok=True)
        shutil.rmtree(self._folder / "pairs")
        (self._folder / "pairs").mkdir()

    def _environment(self, script: str) -> dict:
        user = subprocess.run(["id", "-un"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(Path.home()), "USER": user, "LOGNAME": user,
                "TEST_SHELL": "sh", "SUDO": "", "TEST_SSH_UNSAFE_PERMISSIONS": "1", "TEST_SSH_SSHD_CONFOPTS": "UsePAM no",
                "TEST_SSH_SSH": str(self._folder / ("ssh-plain" if script in PLAIN_KEYS else "ssh")),
                "TEST_SSH_SSHD": str(self._folder / "sshd") if self._wiregate else "/usr/sbin/sshd",
                "TEST_SSH_SFTPSERVER": str(self._folder / "sftp-server"), "TEST_SSH_SCP": str(self._folder / "scp"),
                "TEST_SSH_PLINK": "plink", "TEST_SSH_PUTTYGEN": "puttygen",
                "BUILDDIR": str(self._object)}

    def _end(self) -> None:
        """Ends what a script has left, or the script itself."""
        if self._script and self._script.poll() is None:
            os.killpg(self._script.pid, signal.SIGKILL)
            self._script.wait()
        for file in [self._object / "pidfile", *(self._folder / "pairs").glob("*/pids")]:
            for pid in file.read_text().split() if file.exists() else ():
                command = Path(f"/proc/{pid}/cmdline")
                # Not a process that has its number by now.
                if command.exists() and str(self._folder) in command.read_text(errors="replace"):
                    os.kill(int(pid), signal.SIGTERM)

    def _result(self, script: str, code: int, seconds: float) -> Result:
        said = (self._folder / f"{script}.log").read_text(errors="replace")
        failures = self._object / "failed-regress.log"
        messages = re.findall(r"(?m)^(?:FAIL|FATAL): (.*)$", failures.read_text(errors="replace")) if failures.exists() else []
        messages = tuple(self._neutral(message) for message in messages)
        if "SKIPPED" in said:
            return Result("skipped", messages, seconds, self._sessions())
        if code != 0 and not messages:
            messages = (f"ended with {code}",)
        return Result("ok" if code == 0 else "fail", messages, seconds, self._sessions())

    def _neutral(self, message: str) -> str:
        return message.strip().replace("FAIL: ", "").replace(str(self._object), "FOLDER")

    def _sessions(self) -> int:
        """How many sessions were authenticated, by the audit logs of this script's gateways."""
        if self._wiregate is None:
            return 0
        count = 0
        for folder in (self._folder / "pairs").iterdir():
            if not (folder / "audit").exists():
                continue
            done = subprocess.run([self._wiregate, "audit", "export", "--dir", folder / "audit"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
            if done.returncode != 0:
                raise SetupError(f"wiregate audit export ended with {done.returncode}: {done.stderr}")
            count += done.stdout.count('"event":"session-authenticated"')
        return count
