"""The table, and the facts without which it says nothing."""

import os
import platform
import re
import statistics
import subprocess
from pathlib import Path

from harness import REPOSITORY, packages


def _first_line(*command) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return (done.stdout.splitlines() or ["?"])[0].strip()


def machine(options, cluster, load: float) -> dict:
    """What this ran on and with."""
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return {
        "cores": os.cpu_count(), "cpu": model.group(1) if model else platform.machine(), "kernel": platform.release(),
        "load average before": round(load, 1), "postgresql": cluster.sql("show server_version"),
        "pgbouncer": _first_line("pgbouncer", "--version"), "haproxy": _first_line("haproxy", "-v"),
        "dotnet": _first_line("dotnet", "--version"), "checkout": _first_line("git", "-C", str(REPOSITORY), "rev-parse", "--short", "HEAD"),
        "package": packages.server_version(), "rounds": options.rounds, "seconds": options.seconds,
    }


def _median(samples: list, field: str) -> float | None:
    values = [getattr(sample, field) for sample in samples]
    return None if None in values else statistics.median(values)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"


def _ratio(samples: list, bases: list, field: str) -> str:
    """The median of the rounds' own ratios: what both met in the same round, a slow minute of the machine too, cancels out."""
    pairs = [(getattr(sample, field), getattr(base, field)) for sample, base in zip(samples, bases, strict=True)]
    return "-" if any(value is None or not base for value, base in pairs) else f"{statistics.median(v / b for v, b in pairs):.2f}"


def markdown(results: dict, idle: dict, sessions: int, peers: list, facts: dict) -> str:
    """Medians; each peer's ratios, round by round, are against pgbouncer and HAProxy (one thread) where those ran."""
    bases = [base for base in ("pgbouncer", "haproxy") if base in peers]
    lines = ["## PostgreSQL: direct and through the proxies", "", ", ".join(f"{key} {value}" for key, value in facts.items()), "",
             "pgbouncer: session pool, its defaults but for pool and client counts, no line per connection. haproxy: mode tcp, one",
             "thread; haproxy-mt: its default, a thread per core. WireGate: its defaults, audit on. All on loopback, without TLS.",
             "Who proves what at connect differs: direct and HAProxy, one SCRAM of client and server; pgbouncer, one with the client, none",
             "upstream (it reuses logins); WireGate, the placeholder in clear, one SCRAM upstream.", "",
             "| case | peer | median | lowest-highest | " + "".join(f"of {base} | " for base in bases) + "proxy CPU | "
             + "".join(f"of {base} | " for base in bases).rstrip(),
             "|---" * (5 + 2 * len(bases)) + "|"]
    for case, by_peer in results.items():
        medians = {peer: _median(samples, "value") for peer, samples in by_peer.items()}
        costs = {peer: _median(samples, "cpu") for peer, samples in by_peer.items()}
        for peer, samples in by_peer.items():
            values = [sample.value for sample in samples]
            cells = [case.name, peer, f"{_number(medians[peer])} {case.unit}", f"{_number(min(values))}-{_number(max(values))}",
                     *(_ratio(samples, by_peer[base], "value") for base in bases),
                     "-" if costs[peer] is None else f"{_number(costs[peer])} {case.cpu_unit}",
                     *(_ratio(samples, by_peer[base], "cpu") for base in bases)]
            lines.append("| " + " | ".join(cells) + " |")
    if idle:
        lines += ["", f"Resident memory of one idle session: what {sessions} more cost, above the first 200:", "", "| peer | KB per session |", "|---|---|"]
        lines += [f"| {peer} | {value:.1f} |" for peer, value in idle.items()]
    return "\n".join(lines)
