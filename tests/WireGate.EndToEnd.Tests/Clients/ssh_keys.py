# What paramiko and AsyncSSH do with a key of their user's: one is in a file, and one has a certificate.
import asyncio
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import asyncssh  # noqa: E402
import paramiko  # noqa: E402

port, user, hosts = int(os.environ["WG_PORT"]), os.environ["WG_USER"], os.environ["WG_KNOWN_HOSTS"]
for key in (os.environ["WG_KEY"], os.environ["WG_CERTIFIED"]):
    client = paramiko.SSHClient()
    client.load_host_keys(hosts)
    client.connect("127.0.0.1", port, user, key_filename=key, allow_agent=False, look_for_keys=False)
    _, output, _ = client.exec_command("echo out; exit 4")
    assert (output.read(), output.channel.recv_exit_status()) == (b"out\n", 4)
    client.close()


async def main():
    for key in (os.environ["WG_KEY"], (os.environ["WG_CERTIFIED"], os.environ["WG_CERTIFIED"] + "-cert.pub")):
        async with asyncssh.connect(
                "127.0.0.1", port, username=user, known_hosts=hosts, client_keys=[key], agent_path=None, config=None) as connection:
            result = await connection.run("echo out; exit 4")
            assert (result.stdout, result.exit_status) == ("out\n", 4)

asyncio.run(main())
sys.stdout.write("ok\n")
