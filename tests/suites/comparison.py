"""Compares two runs of one suite."""

from dataclasses import dataclass, replace
from pathlib import Path

from harness import SetupError

# An assertion that starts with this is a bet on timing, lost now and then on the direct way too: either outcome is the same.
RACE = "race"

# The share of tests that must pass direct. All suites reach 0.95 or more; a broken set-up would fail the same on both ways.
BASELINE = 0.9


def read_expected(path: Path) -> dict:
    """suite -> test -> reason. A line: suite | test | what of it differs | why; all four are needed."""
    expected: dict = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 4 or not all(parts):
            raise SetupError(f"{path.name}:{number}: want suite | test | assertion | reason")
        expected.setdefault(parts[0], {})[parts[1]] = f"{parts[2]}: {parts[3]}"
    return expected


@dataclass(frozen=True)
class Comparison:
    """Outcomes by test, direct and through the gateway; `sessions` is what its audit log says passed through."""

    suite: str
    direct: dict
    through: dict
    sessions: int | None
    seconds: list
    expected: dict

    @staticmethod
    def failed(outcomes: dict) -> int:
        """How many failed."""
        return sum(outcome.state == "fail" for outcome in outcomes.values())

    def problems(self, stand_in: bool) -> list:
        """Everything that is not the same; empty is what we want."""
        found = []
        passed = sum(outcome.state == "pass" for outcome in self.direct.values())
        if passed < len(self.direct) * BASELINE or passed == 0:
            found.append(f"only {passed} of {len(self.direct)} tests pass direct: that baseline proves nothing")
        for told in self.different().values():
            found += told
        if not stand_in and not self.sessions:
            found.append("the audit log shows no session of this suite: it did not pass through the gateway")
        return found

    def different(self) -> dict:
        """test -> what of it is not the same."""
        every = {test: self._of(test) for test in sorted(self.direct.keys() | self.through.keys())}
        return {test: told for test, told in every.items() if told}

    def confirmed_by(self, again: "Comparison") -> "Comparison":
        """This one with the tests that were different here and are the same in another run taken as they were there."""
        steady = self.different().keys() - again.different().keys()

        def known(mine: dict, its: dict) -> dict:
            return {test: o for test, o in mine.items() if test not in steady} | {test: o for test, o in its.items() if test in steady}

        return replace(self, direct=known(self.direct, again.direct), through=known(self.through, again.through))

    def _of(self, test: str) -> list:
        direct, through = self.direct.get(test), self.through.get(test)
        if direct is None or through is None:
            return [f"{test} ran only {'through the gateway' if direct is None else 'direct'}"]
        if test in self.expected and self.expected[test].startswith(RACE):
            return []
        if direct == through:
            return [f"{test} is listed as different but is the same"] if test in self.expected else []
        if test in self.expected:
            return []
        if direct.state == through.state:
            return [f"{test} fails in another way through the gateway:\n{through.detail}\n(direct)\n{direct.detail}"]
        return [f"{test}: {direct.state} direct, {through.state} through the gateway\n{through.detail}".rstrip()]
