"""PostgreSQL's own regression and isolation tests, driven by its own pg_regress and pg_isolation_regress."""

import re
import shutil
import subprocess

from harness import BINARIES, SetupError, packages
from harness.accounts import WorkFolder, own, run
from harness.cluster import USER, Cluster

from . import Outcome, Way

# "test boolean ... ok  10 ms" alone, "     boolean  ... FAILED  12 ms" in a parallel group.
RESULT = re.compile(r"^(?:test|    ) +(\S+) +\.\.\. (ok|FAILED|failed \(ignored\))", re.MULTILINE)
DRIVERS = BINARIES.parent / "lib/pgxs/src/test"

# Changes from run to run, and nothing else may be blanked: ports, folders and process ids.
VOLATILE = [(re.compile(r"/tmp/[\w./-]+"), "FOLDER"), (re.compile(r"\b(PID|process|pid) \d+"), r"\1 N"),
            (re.compile(r"^(---|\+\+\+|diff) .*$", re.MULTILINE), r"\1")]


class Regress:
    """217 files of SQL, up to 20 psql at a time. A failed file is compared by its diff against what PostgreSQL expects."""

    name = "pg_regress"
    short = False
    folder = "regress"
    driver = DRIVERS / "regress/pg_regress"

    def __init__(self, cluster: Cluster, work: WorkFolder):
        self.cluster = cluster
        self._work = work
        self._source = None

    def prepare(self) -> None:
        """Copies the tests where server and clients can write, and builds the C functions that they load."""
        tree = packages.postgres_source()
        self._source = self._work.path / "source" / self.folder
        shutil.copytree(tree / "src/test" / self.folder, self._source)
        self.build(tree)
        own(self._source)

    def build(self, tree) -> None:
        """regress.so and the two of contrib/spi that the regression tests use."""
        headers = packages.server_headers()
        sources = {"regress": self._source / "regress.c", "autoinc": tree / "contrib/spi/autoinc.c",
                   "refint": tree / "contrib/spi/refint.c"}
        for name, source in sources.items():
            done = subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-DREFINT_VERBOSE", f"-I{headers}", "-I/usr/include/postgresql",
                                   "-o", self._source / f"{name}.so", source],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode != 0:
                raise SetupError(f"{name}.c does not compile:\n{done.stdout}")

    def arguments(self) -> list:
        """What this driver wants beyond the common options."""
        return ["--dlpath=.", "--max-concurrent-tests=20", "--schedule=./parallel_schedule", "--dbname=regression"]

    def run(self, way: Way) -> dict:
        """One run in a copy of its own, at the same path each time: tests write paths into tables."""
        place = self._work.path / self.folder
        shutil.copytree(self._source, place)
        own(place)
        self._drop_left_overs()
        # pg_regress starts psql without PGPASSWORD only if it starts the server itself; with --host it keeps our environment.
        done = run([self.driver, "--host=127.0.0.1", f"--port={way.port}", f"--user={USER}", f"--bindir={BINARIES}",
                    "--inputdir=.", "--outputdir=.", *self.arguments()],
                   cwd=place, env=self.cluster.environment(way.port, way.password))
        diffs = place / "regression.diffs"
        told = self._by_test(diffs.read_text(errors="replace") if diffs.exists() else "")
        outcomes = {}
        for test, state in RESULT.findall(done.stdout):
            outcomes[test] = Outcome("pass") if state == "ok" else Outcome("fail", told.get(test, "no diff"))
        (self._work.path / f"{self.name}-{way.name}.log").write_text(done.stdout, encoding="utf-8")
        if diffs.exists():
            shutil.copy2(diffs, self._work.path / f"{self.name}-{way.name}.diffs")
        shutil.rmtree(place)
        if not outcomes:
            raise SetupError(f"{self.name} {way.name} ran nothing:\n{done.stdout[-2000:]}")
        return outcomes

    def _drop_left_overs(self) -> None:
        """What the previous way left in the cluster, so that both start from the same."""
        for database in ("regression", "isolation_regression"):
            self.cluster.sql(f"drop database if exists {database} with (force)")
        self.cluster.sql("drop tablespace if exists regress_tblspace")
        roles = self.cluster.sql("select rolname from pg_roles where rolname like 'regress%' order by oid desc").split()
        for role in roles:
            self.cluster.sql(f'drop owned by "{role}" cascade', f'drop role "{role}"')

    @staticmethod
    def _by_test(diffs: str) -> dict:
        """Splits regression.diffs by test; the header names the results file."""
        told = {}
        for part in re.split(r"(?m)^(?=diff )", diffs):
            name = re.search(r"results/([\w-]+)\.out", part)
            if name:
                text = part
                for pattern, blank in VOLATILE:
                    text = pattern.sub(blank, text)
                told[name.group(1)] = text
        return told


class Isolation(Regress):
    """115 specs of interleaved sessions."""

    name = "isolation"
    folder = "isolation"
    driver = DRIVERS / "isolation/pg_isolation_regress"

    def build(self, tree) -> None:
        pass

    def arguments(self) -> list:
        return ["--schedule=./isolation_schedule", "--dbname=isolation_regression"]
