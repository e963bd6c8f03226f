"""Go's drivers: lib/pq and the pgx family, as Debian packages them with their tests."""

import re
import shutil

from harness import packages
from harness.accounts import WorkFolder, own, run
from harness.cluster import USER, Cluster

from . import Outcome, Way

RESULT = re.compile(r"^\s*--- (PASS|FAIL|SKIP): (\S+)", re.MULTILINE)
STATES = {"PASS": "pass", "FAIL": "fail", "SKIP": "skip"}

# The whole of a package; ours to bound so that a hung driver ends as a failure of its tests.
TIMEOUT = "300s"


class GoSuite:
    """Test programs of Go packages, each run in a copy of its package's folder."""

    name = ""
    short = True
    imports: list = []

    def __init__(self, cluster: Cluster, work: WorkFolder):
        self.cluster = cluster
        self._work = work
        self._programs: dict = {}

    def prepare(self) -> None:
        """Compiles the tests and copies them where the cluster's account can read them."""
        for path, (program, folder) in packages.go_tests(self.imports).items():
            copy = self._work.path / "go" / path.replace("/", "-")
            shutil.copytree(folder, copy)
            shutil.copy2(program, copy / "program.test")
            own(copy)
            self._programs[path] = copy

    def databases(self) -> None:
        """Makes what the tests expect to find, anew: what one way left behind must not meet the other."""

    def environment(self, way: Way) -> dict:
        """What tells the tests where to connect."""
        raise NotImplementedError

    def run(self, way: Way) -> dict:
        """Runs every package; the tests are named package.Test."""
        self.databases()
        outcomes = {}
        for path, folder in self._programs.items():
            done = run(["./program.test", "-test.v", f"-test.timeout={TIMEOUT}", "-test.count=1"], cwd=folder,
                       env=self.environment(way))
            package = path.removeprefix("github.com/")
            for state, test in RESULT.findall(done.stdout):
                outcomes[f"{package}.{test}"] = Outcome(STATES[state])
            # A panic or a timeout ends the program without a line for the test that caused it.
            if not re.search(r"^(PASS|FAIL)$", done.stdout, re.MULTILINE):
                outcomes[f"{package}.(whole program)"] = Outcome("fail", f"ended with {done.returncode}")
            log = self._work.path / f"{self.name}-{package.replace('/', '-')}-{way.name}.log"
            log.write_text(done.stdout, encoding="utf-8")
        return outcomes


class LibPq(GoSuite):
    """lib/pq: simple and extended protocol, COPY in, notifications."""

    name = "lib-pq"
    imports = ["github.com/lib/pq"]

    def databases(self) -> None:
        self.cluster.new_database("pqgotest")

    def environment(self, way: Way) -> dict:
        return self.cluster.environment(way.port, way.password, "pqgotest")


class Pgx(GoSuite):
    """pgx: prepared statements, batches, COPY, large objects, a pool; pgconn below it: cancel requests, pipelines."""

    name = "pgx"
    imports = ["github.com/jackc/pgx/v4", "github.com/jackc/pgx/v4/pgxpool", "github.com/jackc/pgconn",
               "github.com/jackc/pgproto3/v2"]

    def databases(self) -> None:
        self.cluster.new_database("pgx_test")
        self.cluster.sql("create extension hstore", "create domain uint64 as numeric(20,0)", database="pgx_test")

    def environment(self, way: Way) -> dict:
        address = f"host=127.0.0.1 port={way.port} user={USER} password={way.password} dbname=pgx_test sslmode=disable"
        # None of libpq's variables: pgconn tests how it reads them.
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.cluster.folder), "PGX_TEST_DATABASE": address, "PGX_TEST_CONN_STRING": address, "PGX_TEST_TCP_CONN_STRING": address}
