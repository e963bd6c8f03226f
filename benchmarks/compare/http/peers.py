"""What stands between wrk and the same nginx: nothing, nginx, HAProxy, or WireGate. Each puts the upstream's token in the caller's place."""

import json
import os
import re
import secrets
from pathlib import Path

from harness.server import Server, free_port, run

TOKEN = "bench-" + secrets.token_hex(12)
SIZES = {"1k": 1024, "64k": 64 * 1024, "1m": 1024 * 1024}


def certificate(folder: Path) -> tuple[Path, Path]:
    """One for loopback, which every peer shows: P-256, as most have."""
    certificate, key = folder / "tls.crt", folder / "tls.key"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key)
    (folder / "both.pem").write_text(certificate.read_text(encoding="ascii") + key.read_text(encoding="ascii"), encoding="ascii")
    return certificate, key


class Peer(Server):
    """Listens in clear on `port` and with TLS on `tls_port`; on `reading_port` as one who knows that the origin reads all bodies."""

    name = ""

    def __init__(self, folder: Path, tls: tuple[Path, Path], upstream: "Origin | None"):
        super().__init__(folder, self.name)
        self.tls, self.upstream = tls, upstream
        self.tls_port, self.reading_port = free_port(), self.port

    def pids(self) -> list[int]:
        """Its processes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii").split()
        return [self.process.pid, *map(int, children)]

    def token(self) -> str:
        """What the client presents."""
        return "somebody"


class Nginx(Peer):
    """One worker, as HAProxy has one thread."""

    name = "nginx"

    # No access log: WireGate's audit log has no like here, and this is about what it costs beside them.
    _frame = """\
{user}daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  default_type application/octet-stream;
  keepalive_requests 100000000;
  sendfile on;
{servers}}}
"""

    def command(self) -> list:
        config = self.folder / "nginx.conf"
        config.write_text(self._frame.format(folder=self.folder, servers=self._servers(), user="user root;\n" if os.geteuid() == 0 else ""), encoding="ascii")
        return ["nginx", "-p", self.folder, "-c", config, "-e", "stderr"]

    def _servers(self) -> str:
        certificate, key = self.tls
        return f"""\
  upstream origin {{ server 127.0.0.1:{self.upstream.port}; keepalive 300; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{self.port};
    listen 127.0.0.1:{self.tls_port} ssl http2;
    http2_max_requests 100000000;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    location / {{
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer {TOKEN}";
    }}
  }}
"""


class Origin(Nginx):
    """The upstream: files, for whom has the token."""

    name = "direct"

    def __init__(self, folder: Path, tls: tuple[Path, Path]):
        super().__init__(folder, tls, None)
        files = self.folder / "files"
        files.mkdir()
        for name, size in SIZES.items():
            (files / name).write_bytes(os.urandom(size))

    def token(self) -> str:
        return TOKEN

    def _servers(self) -> str:
        certificate, key = self.tls
        return f"""\
  open_file_cache max=100;
  server {{
    listen 127.0.0.1:{self.port};
    listen 127.0.0.1:{self.tls_port} ssl http2;
    http2_max_requests 100000000;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    if ($http_authorization != "Bearer {TOKEN}") {{ return 401; }}
    root {self.folder}/files;
    location = /posted {{ return 200 ok; }}
  }}
"""


class HAProxy(Peer):
    """One thread."""

    name = "haproxy"

    def command(self) -> list:
        config = self.folder / "haproxy.cfg"
        config.write_text(f"""\
global
    maxconn 4000
    nbthread 1
defaults
    mode http
    timeout connect 10s
    timeout client 1h
    timeout server 1h
    http-reuse always
frontend web
    bind 127.0.0.1:{self.port}
    bind 127.0.0.1:{self.tls_port} ssl crt {self.tls[0].parent}/both.pem alpn h2,http/1.1
    default_backend origin
backend origin
    http-request set-header Authorization "Bearer {TOKEN}"
    server origin 127.0.0.1:{self.upstream.port}
""", encoding="ascii")
        return ["haproxy", "-db", "-q", "-f", config]


class WireGate(Peer):
    """A swap, 50 rules and the audit log, with its default: each answer waits for its record to be on disk."""

    name = "wiregate"
    reads = "wait"

    def __init__(self, folder: Path, tls: tuple[Path, Path], upstream: Origin, executable: Path):
        super().__init__(folder, tls, upstream)
        self._executable, self._config = executable, self.folder / "wiregate.yaml"
        self.reading_port = free_port()

    def command(self) -> list:
        secret = self.folder / "token"
        secret.touch(0o600)
        secret.write_text(TOKEN, encoding="ascii")
        self._config.touch(0o600)
        self._config.write_text(f"""\
store: sqlite:{self.folder}/wiregate.db
audit: {{ to: {self.folder}/audit, reads: {self.reads} }}
admin: {{ socket: {{ path: {self.folder}/admin.sock }} }}
limits: {{ sessionsPerIdentity: 3000 }}
listeners:
  - {{ name: plain, protocol: http, address: "127.0.0.1:{self.port}", target: origin }}
  - {{ name: reading, protocol: http, address: "127.0.0.1:{self.reading_port}", target: reading }}
  - {{ name: tls, protocol: http, address: "127.0.0.1:{self.tls_port}", target: origin, tls: {{ certificate: {self.tls[0]}, key: {self.tls[1]} }} }}
secrets:
  token: {{ file: {secret} }}
targets:
  origin: {{ protocol: http, address: "http://127.0.0.1:{self.upstream.port}", logins: {{ bot: {{ bearer: token }} }} }}
  reading: {{ protocol: http, address: "http://127.0.0.1:{self.upstream.port}", reuse: bodies, logins: {{ bot: {{ bearer: token }} }} }}
grants:
  - {{ name: all, to: {{ issuer: local, groups: [all] }}, targets: [origin, reading] }}
rules:
  list:
{self._rules()}""", encoding="utf-8")
        return [self._executable, "run", "--config", self._config]

    @staticmethod
    def _rules() -> str:
        """50, of which half are about this target and have to be looked at."""
        lines = ['{ name: reads, match: { target: [origin, reading], http: { methods: [GET, HEAD, POST], paths: ["/*"] } }, do: allow }']
        lines += [f'{{ name: no-{n}, match: {{ target: [origin, reading], http: {{ paths: ["/private-{n}/**"] }} }}, do: deny }}' for n in range(24)]
        lines += [f"{{ name: team-{n}, match: {{ from: {{ groups: [team-{n}] }}, http: {{ methods: [POST] }} }}, do: allow }}" for n in range(25)]
        return "".join(f"    - {line}\n" for line in lines)

    def token(self) -> str:
        said = run(self._executable, "placeholder", "mint", "--config", self._config, "--subject", "bench", "--group", "all", "--target", "origin", "--target", "reading",
                   "--ttl", "8h", "--json")
        return json.loads(said)["token"]


class WireGateBatched(WireGate):
    """As above, with answers that do not wait for the disk."""

    name = "wiregate-batched"
    reads = "batched"


PEERS = {peer.name: peer for peer in (Nginx, HAProxy, WireGate, WireGateBatched)}


def resident_kilobytes(pid: int) -> int:
    """Resident memory as proc(5)'s status tells it."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")).group(1))
