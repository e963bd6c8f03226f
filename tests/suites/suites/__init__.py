"""The foreign suites. Each is a class with `name`, `short`, `prepare()` and `run(way)` which returns test -> Outcome."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What became of one test: `pass`, `fail` or `skip`, and for a failure what it said, without what differs from run to run."""

    state: str
    detail: str = ""


@dataclass(frozen=True)
class Way:
    """How to reach the cluster: direct, or through what stands before it."""

    name: str
    port: int
    password: str
