"""Brings what the suites need into .cache/: Debian packages unpacked there, never installed, and PostgreSQL's own source.

Nothing of the machine's package state changes but for what `require` installs: those are tools which tests/run needs as well.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from . import BINARIES, CACHE, SetupError

GO_PACKAGES = ["golang-go", "golang-github-lib-pq-dev", "golang-github-jackc-pgx-v4-dev", "golang-github-jackc-pgconn-dev",
               "golang-github-jackc-pgmock-dev"]
ROOT = CACHE / "root"


def _execute(command: list, **options) -> str:
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode != 0:
        raise SetupError(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def require(tools: dict) -> None:
    """Installs missing packages as root; otherwise says the line that does. `tools`: a file or a program -> its package."""
    missing = sorted({package for tool, package in tools.items() if not (shutil.which(tool) or os.path.exists(tool))})
    if not missing:
        return
    line = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        raise SetupError(f"missing: {', '.join(missing)}. Install with: sudo {' '.join(line)}")
    print("installing", *missing, flush=True)
    # A new machine has no index yet; a source that does not answer matters only if what is missing cannot be had without it.
    subprocess.run(["apt-get", "update", "-q"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    _execute(line, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})


def server_version() -> str:
    """The installed version of postgresql-15; source and headers must be of the same."""
    return _execute(["dpkg-query", "-f", "${Version}", "-W", "postgresql-15"]).strip()


def _private_apt(*extra: str) -> list:
    state = CACHE / "apt"
    for folder in ("lists/partial", "archives/partial"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    # The sandbox user _apt cannot write below a checkout that belongs to somebody else.
    return ["apt-get", "-q", "-o", f"Dir::Cache::archives={state / 'archives'}", "-o", f"APT::Sandbox::User={_user()}",
            "-o", f"Debug::NoLocking={'0' if os.geteuid() == 0 else '1'}", *extra]


def _user() -> str:
    return subprocess.run(["id", "-un"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def _closure(names: list) -> list:
    """The packages and those golang ones they depend on; what else they pull in is of no use to a compiler."""
    found, todo = [], list(names)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.append(name)
        depends = _execute(["apt-cache", "depends", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks",
                            "--no-replaces", "--no-enhances", name])
        todo += [package for package in re.findall(r"Depends: (\S+)", depends) if package.startswith("golang")]
    return sorted(found)


def _unpack(stamp: str, packages: list, options: tuple = (), into: Path = ROOT) -> None:
    done = CACHE / stamp
    if done.exists():
        return
    archives = CACHE / "apt" / "archives"
    command = _private_apt(*options, "download", *packages)
    _execute(command, cwd=archives)
    for package in packages:
        name = package.split("=")[0]
        for archive in archives.glob(f"{name}_*.deb"):
            _execute(["dpkg", "-x", archive, into])
            archive.unlink()
    done.touch()


def go_tests(import_paths: list) -> dict:
    """Compiles the tests of Debian's Go packages: import path -> (test program, its package's folder)."""
    if not (CACHE / "go.unpacked").exists():
        print("fetching Go and the drivers' packages", flush=True)
        _unpack("go.unpacked", _closure(GO_PACKAGES))
    source = ROOT / "usr/share/gocode"
    go_root = ROOT / "usr/lib/go"
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": str(source), "GOROOT": str(go_root), "CGO_ENABLED": "0",
                                "GOCACHE": str(CACHE / "go-build"), "GOFLAGS": "-buildvcs=false", "HOME": str(CACHE)}
    programs = {}
    for path in import_paths:
        program = CACHE / "bin" / (path.replace("/", "-") + ".test")
        if not program.exists():
            print("compiling the tests of", path, flush=True)
            program.parent.mkdir(parents=True, exist_ok=True)
            _execute([go_root / "bin" / "go", "test", "-c", "-o", program, path], env=environment)
        programs[path] = (program, source / "src" / path)
    return programs


def postgres_source() -> Path:
    """PostgreSQL's source of the installed version, unpacked."""
    version = server_version()
    upstream = version.split("-")[0]
    tree = CACHE / f"postgresql-{upstream}"
    if tree.exists():
        return tree
    print("fetching the source of postgresql-15", version, flush=True)
    options = _lists("source", lambda deb822: re.sub(r"(?m)^Types:.*$", "Types: deb-src", deb822),
                     lambda line: re.sub(r"^deb ", "deb-src ", line))
    folder = CACHE / "apt"
    _execute(_private_apt(*options, "update"))
    _execute(_private_apt(*options, "source", "--download-only", f"postgresql-15={version}"), cwd=folder)
    partial = CACHE / "unpacking"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    _execute(["tar", "xf", next(folder.glob(f"postgresql-15_{upstream}.orig.tar.*[!c]")), "-C", partial])
    (partial / f"postgresql-{upstream}").rename(tree)
    return tree


def _lists(name: str, deb822, one_line) -> list:
    """Options of apt-get that read lines made from the machine's own Debian sources, and nothing else.

    `name`: of the folder that keeps them. `deb822`: text of a .sources -> ours; `one_line`: a line of a .list -> ours.
    """
    parts = CACHE / "apt" / name / "sources"
    lists = CACHE / "apt" / name / "lists"
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir(parents=True)
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    count = 0
    for path in [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if "debian" not in text:
            continue
        if path.suffix == ".sources":
            text = "\n\n".join(deb822(part) for part in re.split(r"\n\s*\n", text) if "debian" in part)
        else:
            text = "\n".join(one_line(line) for line in text.splitlines() if "debian" in line)
        (parts / f"{count}{path.suffix or '.list'}").write_text(text + "\n", encoding="utf-8")
        count += 1
    if count == 0:
        raise SetupError("no Debian source in /etc/apt")
    return ["-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::Etc::sourceparts={parts}", "-o", f"Dir::State::lists={lists}",
            "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="]


def server_headers() -> Path:
    """The server's headers and static libraries, from postgresql-server-dev-15 (which itself would install a whole LLVM)."""
    version = server_version()
    _unpack(f"headers-{version}.unpacked", [f"postgresql-server-dev-15={version}"])
    return ROOT / "usr/include/postgresql/15/server"


def openssh_tests() -> Path:
    """OpenSSH's own tests, of the version of the installed sshd."""
    version = _execute(["dpkg-query", "-f", "${Version}", "-W", "openssh-server"]).strip()
    _unpack(f"openssh-{version}.unpacked".replace(":", "_"), [f"openssh-tests={version}"])
    return ROOT / "usr/lib/openssh/regress"


def varnishtest() -> Path:
    """varnishtest, which plays a client and a server by a script; the folder that it is unpacked in."""
    _unpack("varnish.unpacked", ["varnish", "libvarnishapi3"], into=CACHE / "varnish")
    return CACHE / "varnish"


def newer_openssh() -> Path:
    """OpenSSH of Debian's backports, which exchanges keys as no attacker with a quantum computer could read them; its root folder."""
    root = CACHE / "openssh-backports"
    if not (CACHE / "openssh-backports.unpacked").exists():
        suite = _execute(["sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME"]).strip() + "-backports"

        def deb822(part: str) -> str:
            return "" if "security" in part else re.sub(r"(?m)^Suites:.*$", f"Suites: {suite}", part)

        def one_line(line: str) -> str:
            return "" if "security" in line else re.sub(r"^(deb(?: \[.*?\])? \S+) \S+ .*$", rf"\1 {suite} main", line)

        options = tuple(_lists("backports", deb822, one_line))
        _execute(_private_apt(*options, "update"))
        _unpack("openssh-backports.unpacked", ["openssh-client", "openssh-server", "openssh-sftp-server"], options, root)
    return root


def require_postgres() -> None:
    """What every suite needs."""
    require({str(BINARIES / "initdb"): "postgresql-15", "gcc": "gcc", "/usr/include/postgresql/libpq-fe.h": "libpq-dev",
             "/usr/include/x86_64-linux-gnu/sys/types.h": "libc6-dev"})
