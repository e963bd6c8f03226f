"""libpq_pipeline, a C program of PostgreSQL's own tests: pipelines, aborts, nosync, single-row mode."""

import difflib
import subprocess

from harness import CACHE, SetupError, packages
from harness.accounts import WorkFolder, own, run
from harness.cluster import USER, Cluster

from . import Outcome, Way


class Pipeline:
    """Runs each test twice over: what it asserts, and the trace of its messages, byte count by byte count."""

    name = "libpq_pipeline"
    short = True

    def __init__(self, cluster: Cluster, work: WorkFolder):
        self.cluster = cluster
        self._work = work
        self._program = CACHE / "bin" / "libpq_pipeline"
        self._traces = None

    def prepare(self) -> None:
        """Compiles the program against the server's headers of the same version."""
        source = packages.postgres_source() / "src/test/modules/libpq_pipeline"
        headers = packages.server_headers()
        libraries = packages.ROOT / "usr/lib/postgresql/15/lib"
        self._traces = source / "traces"
        if not self._program.exists():
            self._program.parent.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(["gcc", "-O1", "-o", self._program, source / "libpq_pipeline.c", f"-I{headers}",
                                   f"-I{headers.parent}", "-I/usr/include/postgresql", "-I/usr/include/postgresql/internal",
                                   f"-L{libraries}", "-lpq", "-lpgcommon", "-lpgport"],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode != 0:
                raise SetupError(f"libpq_pipeline does not compile:\n{done.stdout}")
        copy = self._work.make("pipeline") / "libpq_pipeline"
        copy.write_bytes(self._program.read_bytes())
        copy.chmod(0o755)
        own(copy.parent)
        self._program = copy

    def run(self, way: Way) -> dict:
        """Runs what the program itself lists."""
        self.cluster.new_database("pipeline")
        environment = self.cluster.environment(way.port, way.password, "pipeline")
        address = f"host=127.0.0.1 port={way.port} user={USER} dbname=pipeline sslmode=disable"
        outcomes = {}
        for test in run([self._program, "tests"], env=environment).stdout.split():
            trace = self._program.parent / f"{test}-{way.name}.trace"
            done = run([self._program, "-r", "700", "-t", trace, test, address], env=environment, timeout=120)
            outcomes[test] = Outcome("pass") if done.returncode == 0 else Outcome("fail", done.stdout)
            expected = self._traces / f"{test}.trace"
            if expected.exists():
                outcomes[f"{test} (trace)"] = self._compare(expected.read_text(), trace)
        return outcomes

    @staticmethod
    def _compare(expected: str, trace) -> Outcome:
        actual = trace.read_text(errors="replace") if trace.exists() else ""
        if actual == expected:
            return Outcome("pass")
        return Outcome("fail", "\n".join(difflib.unified_diff(expected.splitlines(), actual.splitlines(), lineterm="", n=0)))
