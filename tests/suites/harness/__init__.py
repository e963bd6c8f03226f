"""What the foreign suites and the performance comparison share: packages, a throw-away cluster, the gateway."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
CACHE = REPOSITORY / ".cache" / "suites"
BINARIES = Path("/usr/lib/postgresql/15/bin")


class SetupError(Exception):
    """The machine lacks something; the text says what and how to get it."""
