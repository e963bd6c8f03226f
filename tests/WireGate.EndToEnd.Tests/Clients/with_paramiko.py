# What paramiko does with a host: a command, an upload, a stat, a download.
import os
import sys

import paramiko

client = paramiko.SSHClient()
client.load_host_keys(os.environ["WG_KNOWN_HOSTS"])
client.connect(
    "127.0.0.1", int(os.environ["WG_PORT"]), os.environ["WG_USER"], os.environ["WG_PLACEHOLDER"], allow_agent=False, look_for_keys=False)
_, output, error = client.exec_command("echo out; echo err >&2; exit 4")
assert (output.read(), error.read(), output.channel.recv_exit_status()) == (b"out\n", b"err\n", 4)
sftp = client.open_sftp()
path = os.path.join(os.environ["WG_FILES"], "paramiko")
data = os.urandom(3_000_000)
with sftp.open(path, "wb") as file:
    file.write(data)
assert sftp.stat(path).st_size == len(data)
with sftp.open(path, "rb") as file:
    assert file.read() == data
sftp.remove(path)
client.close()
sys.stdout.write("ok\n")
