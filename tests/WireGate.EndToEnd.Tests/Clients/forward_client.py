"""urllib as it is, with nothing but HTTPS_PROXY and SSL_CERT_FILE in its environment; says what it was answered."""
import json
import os
import urllib.error
import urllib.request

url, token = os.environ["WG_URL"], os.environ["WG_PLACEHOLDER"]
with urllib.request.urlopen(urllib.request.Request(f"{url}/forwarded", data=b"a=1", headers={"Authorization": f"Bearer {token}"})) as response:
    seen = json.load(response)
    assert seen["url"] == "/forwarded" and seen["length"] == 3 and token not in str(seen), seen
try:
    urllib.request.urlopen("https://nowhere.test/")
    raise AssertionError("not refused")
except urllib.error.URLError as error:
    assert "403" in str(error), error
print("urllib")
