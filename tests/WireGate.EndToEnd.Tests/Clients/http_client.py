"""What Python's own clients of HTTP do through the gateway; prints the name of each that was content."""
import base64
import hashlib
import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request

url, token = os.environ["WG_URL"], os.environ["WG_PLACEHOLDER"]
bearer = {"Authorization": f"Bearer {token}"}
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

with opener.open(urllib.request.Request(f"{url}/get?a=1", headers=bearer)) as response:
    seen = json.load(response)
    assert seen["url"] == "/get?a=1" and token not in str(seen), seen
basic = base64.b64encode(f"alice:{token}".encode()).decode()
with opener.open(urllib.request.Request(f"{url}/form", data=b"a=1&b=2", headers={"Authorization": f"Basic {basic}"})) as response:
    assert json.load(response)["length"] == 7
try:
    opener.open(urllib.request.Request(f"{url}/admin/users", headers=bearer))
    raise AssertionError("not refused")
except urllib.error.HTTPError as error:
    assert error.code == 403 and error.headers["Content-Type"] == "application/problem+json", error
    assert json.load(error)["detail"] == 'denied by rule "no-admin": not for agents'
print("urllib")

parts = urllib.parse.urlsplit(url)
connection = http.client.HTTPConnection(parts.hostname, parts.port)
connection.connect()
socket = connection.sock
for i in range(50):
    chunks = [bytes([i]) * n for n in (1, 1000, 70_000)]
    connection.request("PUT", f"{parts.path}/chunks/{i}", body=iter(chunks), headers=bearer, encode_chunked=True)
    seen = json.load(connection.getresponse())
    assert seen["sha256"] == hashlib.sha256(b"".join(chunks)).hexdigest(), seen
    connection.request("HEAD", f"{parts.path}/head", headers=bearer)
    response = connection.getresponse()
    assert response.status == 200 and response.read() == b"" and int(response.headers["Content-Length"]) > 0
    connection.request("GET", f"{parts.path}/nothing", headers=bearer)
    response = connection.getresponse()
    assert response.status == 204 and response.read() == b""
assert connection.sock is socket, "one connection for all"
connection.close()
print("http.client")
