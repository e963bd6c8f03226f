"""A real kube-apiserver, built of Debian's source package with Debian's Go, and Debian's etcd and kubectl. Nothing is installed."""

import hashlib
import os
import re
import shutil
from pathlib import Path

from . import CACHE, SetupError
from .packages import _closure, _execute, _lists, _private_apt, _unpack

ROOT = CACHE / "kubernetes"
PACKAGES = ["etcd-server"]
# reflect2 of Debian, since the one that the source brings fails under this Go.
GO_PACKAGES = ["golang-go", "golang-github-modern-go-reflect2-dev"]
GO_PATH = "k8s.io/kubernetes"


def kubectl() -> Path:
    """kubectl of Debian."""
    ROOT.mkdir(parents=True, exist_ok=True)
    _unpack("kubernetes-client.unpacked", ["kubernetes-client"], into=ROOT / "client")
    return ROOT / "client/usr/bin/kubectl"


def tools() -> Path:
    """The root folder below which etcd and Go are."""
    ROOT.mkdir(parents=True, exist_ok=True)
    _unpack("kubernetes-tools.unpacked", PACKAGES + _closure(GO_PACKAGES), into=ROOT / "root")
    return ROOT / "root"


def source() -> Path:
    """The source of Kubernetes as Debian has it, in a GOPATH of its own, with reflect2 of Debian."""
    tree = ROOT / "go" / "src" / GO_PATH
    if tree.exists():
        return tree
    root = tools()
    print("fetching the source of kubernetes", flush=True)
    options = _lists("source", lambda deb822: re.sub(r"(?m)^Types:.*$", "Types: deb-src", deb822),
                     lambda line: re.sub(r"^deb ", "deb-src ", line))
    folder = ROOT / "download"
    folder.mkdir(parents=True, exist_ok=True)
    _execute(_private_apt(*options, "update"))
    _execute(_private_apt(*options, "source", "--download-only", "kubernetes"), cwd=folder)
    partial = ROOT / "unpacking"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    archives = [path for path in folder.glob("kubernetes_*.orig.tar.*") if path.suffix != ".asc"]
    if len(archives) != 1:
        raise SetupError(f"one source archive expected in {folder}: {archives}")
    _execute(["tar", "xf", archives[0], "-C", partial, "--strip-components=1"])
    reflect = "github.com/modern-go/reflect2"
    shutil.rmtree(partial / "vendor" / reflect)
    shutil.copytree(root / "usr/share/gocode/src" / reflect, partial / "vendor" / reflect)
    tree.parent.mkdir(parents=True, exist_ok=True)
    partial.rename(tree)
    return tree


def _environment() -> dict:
    go_root = ROOT / "root/usr/lib/go-1.19"
    return os.environ | {
        "GO111MODULE": "off", "GOPATH": str(ROOT / "go"), "GOROOT": str(go_root), "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false",
        "GOCACHE": str(CACHE / "go-build"), "HOME": str(CACHE), "PATH": f"{go_root / 'bin'}:{os.environ['PATH']}"}


def _go(tree: Path, *arguments) -> None:
    _execute(["nice", "-n", "19", "go", *arguments], cwd=tree, env=_environment())


def _describe_types(tree: Path) -> None:
    """Generates what the source archive leaves out: the descriptions of the API's types, by the source's own generator."""
    into = tree / "pkg/generated/openapi"
    if (into / "zz_generated.openapi.go").exists():
        return
    generator = ROOT / "bin" / "openapi-gen"
    _go(tree, "build", "-o", generator, "./vendor/k8s.io/kube-openapi/cmd/openapi-gen")
    tagged = _execute(["grep", "-rlE", "--include=*.go", "^// [+]k8s:openapi-gen=", "pkg", "staging/src/k8s.io"], cwd=tree).split()
    folders = sorted({str(Path(path).parent).replace("staging/src/", "vendor/") for path in tagged
                      if not re.search(r"/(code-generator|sample-apiserver)/|/zz_generated", path)})
    _execute(["nice", "-n", "19", generator, "-i", ",".join(f"{GO_PATH}/{folder}" for folder in folders),
              "-p", f"{GO_PATH}/pkg/generated/openapi", "-O", "zz_generated.openapi", "-o", ROOT / "go" / "src",
              "-h", "vendor/k8s.io/code-generator/hack/boilerplate.go.txt", "-r", ROOT / "violations"], cwd=tree, env=_environment())


def apiserver() -> Path:
    """The program; five to fifteen minutes the first time."""
    program = ROOT / "bin" / "kube-apiserver"
    if not program.exists():
        tree = source()
        print("building kube-apiserver, which takes five to fifteen minutes", flush=True)
        _describe_types(tree)
        _go(tree, "build", "-p", "1", "-o", program, "./cmd/kube-apiserver")
    return program


def kubelet() -> Path:
    """Our stand-in for the kubelet, built of `kubelet.go` within the source of Kubernetes."""
    text = (Path(__file__).resolve().parents[1] / "kubernetes" / "kubelet.go").read_bytes()
    program = ROOT / "bin" / f"kubelet-{hashlib.sha256(text).hexdigest()[:12]}"
    if not program.exists():
        tree = source()
        folder = tree / "cmd" / "wiregate-kubelet"
        folder.mkdir(exist_ok=True)
        (folder / "main.go").write_bytes(text)
        _go(tree, "build", "-p", "1", "-o", program, "./cmd/wiregate-kubelet")
    return program
