"""The peers: each stands between pgbench and the same cluster, one at a time under load, all running throughout."""

import os
import re
from pathlib import Path

from harness.accounts import account, own
from harness.cluster import USER
from harness.gateway import HAProxy, Proxy, WireGate

TICKS = os.sysconf("SC_CLK_TCK")


class PgBouncer(Proxy):
    """Session pooling, as Debian packages it; what is set beyond its defaults is below, with the reason."""

    name = "pgbouncer"

    def command(self) -> list:
        users = self.folder / "users"
        users.touch(0o600)
        users.write_text(f'"{USER}" "{self.password}"\n', encoding="ascii")
        config = self.folder / "pgbouncer.ini"
        # pool_size and max_client_conn: the idle case opens more than the defaults of 20 and 100. No logging per connection:
        # nobody else here writes a line each. ignore_startup_parameters: psql sends it.
        config.write_text(f"[databases]\n* = host=127.0.0.1 port={self.cluster.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
                          f"listen_port = {self.port}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {users}\n"
                          f"pool_mode = session\nmax_client_conn = 3000\ndefault_pool_size = 1500\nlog_connections = 0\n"
                          f"log_disconnections = 0\nignore_startup_parameters = extra_float_digits\n", encoding="ascii")
        own(self.folder)
        return ["pgbouncer", config]

    def options(self) -> dict:
        return account()


class HAProxyDefault(HAProxy):
    """HAProxy as it comes: a thread per core."""

    name = "haproxy-mt"
    threads = None


class WireGateRules(WireGate):
    """Under the rules and masks of a house that has many: 50 rules, of which some thirty are about this target and have to be looked
    at, and masks by column and by name that pgbench's own tables fall under. Its query reads none of the masked columns, so what is
    measured is what every session pays for them."""

    name = "wiregate-rules"
    mask = "    mask: [pii, names]\n"

    @property
    def rules(self) -> str:
        """The config's rules and masks."""
        lines = [
            "    - { name: reads, match: { target: pg, sql: { effects: [read], tables: [public.*, pg_catalog.*] } }, do: allow }",
            "    - { name: session, match: { target: pg, sql: { effects: [session] } }, do: allow }",
            '    - { name: no-drop, match: { protocol: postgres, sql: { statements: [drop, truncate] } }, do: deny, reason: "by migration" }',
            "    - { name: no-ddl, match: { protocol: postgres, sql: { effects: [ddl, privilege] } }, do: deny }",
            '    - { name: no-files, match: { target: pg, sql: { functions: ["*.pg_read_file", "*.lo_import", "*.lo_export"] } }, do: deny }',
            "    - { name: where, match: { target: pg, sql: { statements: [update, delete], where: false } }, do: deny }",
        ]
        lines += [f'    - {{ name: secret-{n}, match: {{ target: pg, sql: {{ tables: ["*.secret_{n}"] }} }}, do: deny }}' for n in range(24)]
        lines += [f"    - {{ name: elsewhere-{n}, match: {{ from: {{ groups: [team-{n}] }}, sql: {{ effects: [write] }} }}, do: allow }}"
                  for n in range(50 - len(lines))]
        return ("masks:\n  pii: { columns: [public.pgbench_accounts.filler, public.customers.ssn], with: last4 }\n"
                '  names: { columns: ["*.*.email", "*.*.ssn", "*.*.iban"], with: redact }\nrules:\n  list:\n' + "\n".join(lines) + "\n")


class WireGateBatched(WireGateRules):
    """As above, with the answers to reads not waiting for the disk."""

    name = "wiregate-batched"
    reads = "batched"


PEERS = {"pgbouncer": PgBouncer, "haproxy": HAProxy, "haproxy-mt": HAProxyDefault, "wiregate": WireGate, "wiregate-rules": WireGateRules,
         "wiregate-batched": WireGateBatched}


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all its threads: fields 14 and 15 of proc(5)'s stat, after the name in parentheses."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def compiling_seconds(pid: int) -> float:
    """Time of a .NET process's threads that compile in the background; they end when there is nothing to do for some seconds."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            name, _, rest = (task / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")
        except OSError:
            continue
        if "(.NET Tiered" in name:
            fields = rest.split()
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_kilobytes(pid: int) -> int:
    """Resident memory as proc(5)'s status tells it, without shared file pages that were merely touched."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
