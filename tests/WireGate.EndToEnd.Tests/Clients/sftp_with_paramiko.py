# What paramiko may and may not do under rules of paths, and what comes back when a client asks for what it may not, again and again.
import os
import struct
import sys
import threading

import paramiko

client = paramiko.SSHClient()
client.load_host_keys(os.environ["WG_KNOWN_HOSTS"])
client.connect(
    "127.0.0.1", int(os.environ["WG_PORT"]), os.environ["WG_USER"], os.environ["WG_PLACEHOLDER"], allow_agent=False, look_for_keys=False)
files = os.environ["WG_FILES"]


def refused(action, *arguments):
    try:
        action(*arguments)
    except PermissionError as e:
        assert "wiregate: denied" in str(e) and "(ref " in str(e), e
    else:
        raise AssertionError(f"{action} passed")


sftp = client.open_sftp()
path, data = f"{files}/open/paramiko", os.urandom(3_000_000)
refused(sftp.open, f"{files}/closed/secret")
with sftp.open(path, "wb") as file:
    refused(sftp.remove, f"{files}/read/secret")
    file.write(data)
refused(sftp.open, f"{files}/read/secret", "r+")
with sftp.open(path, "rb") as file:
    file.prefetch()
    refused(sftp.rename, path, f"{files}/read/there")
    assert file.read() == data
    refused(sftp.open, f"{files}/open/authorized_keys", "w")
    file.chmod(0o600)
with sftp.open(f"{files}/read/secret") as file:
    refused(file.chmod, 0o777)
assert sftp.stat(path).st_size == len(data)
sftp.remove(path)


def packet(kind, number, *strings):
    body = struct.pack(">BI", kind, number) + b"".join(struct.pack(">I", len(s)) + s for s in strings)
    return struct.pack(">I", len(body)) + body


def replies(channel):
    stream = channel.makefile("rb")
    while True:
        length = stream.read(4)
        if len(length) < 4:
            return
        yield stream.read(struct.unpack(">I", length)[0])


# Much more than any window of refused requests, between ones that pass; a window that is small; a request over many packets.
for window, count, longest in ((2 * 1024 * 1024, 6_000, 4000), (4096, 1_000, 300), (300_000, 4_000, 100)):
    channel = client.get_transport().open_session(window_size=window)
    channel.invoke_subsystem("sftp")
    answers = replies(channel)
    channel.sendall(struct.pack(">IBI", 5, 1, 3))
    assert next(answers)[0] == 2

    def ask():
        requests = []
        for i in range(count):
            requests.append(packet(13, 2 * i, f"{files}/read/{'x' * (i % longest)}".encode()))
            requests.append(packet(16, 2 * i + 1, b"."))
        stream, at = b"".join(requests), 0
        while at < len(stream):
            step = 1 + at * 7919 % 30_000
            channel.sendall(stream[at:at + step])
            at += step

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    seen = {}
    for _ in range(2 * count):
        answer = next(answers)
        number = struct.unpack(">I", answer[1:5])[0]
        assert number not in seen
        seen[number] = answer
    asking.join()
    for i in range(count):
        assert seen[2 * i][0] == 101 and struct.unpack(">I", seen[2 * i][5:9])[0] == 3, seen[2 * i]
        assert seen[2 * i + 1][0] == 104, seen[2 * i + 1]
    channel.close()

# Another version of the protocol, and what has no id.
channel = client.get_transport().open_session()
channel.invoke_subsystem("sftp")
answers = replies(channel)
channel.sendall(struct.pack(">IBI", 5, 1, 6))
assert struct.unpack(">BI", next(answers)[:5]) == (2, 3)
channel.sendall(packet(99, 7))
assert struct.unpack(">BII", next(answers)[:9]) == (101, 7, 3)
channel.sendall(struct.pack(">IBI", 1_000_000, 15, 8))
assert struct.unpack(">BII", next(answers)[:9]) == (101, 8, 3)
channel.sendall(b"x" * 999_995 + packet(16, 9, b"."))
assert struct.unpack(">BI", next(answers)[:5]) == (104, 9)
channel.sendall(struct.pack(">I", 0))
assert channel.recv_exit_status() == 126
client.close()
sys.stdout.write("ok\n")
