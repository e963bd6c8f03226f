# An SSH server that answers requests of its own, of the connection and of a channel. Its command gives back what it reads, and the last level.
import asyncio
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import asyncssh  # noqa: E402
from asyncssh.channel import SSHServerChannel  # noqa: E402
from asyncssh.connection import SSHServerConnection  # noqa: E402


def echo(self, packet):
    text = packet.get_string()
    packet.check_end()
    self._report_global_response(b"pong " + text)


def level(self, packet):
    self.level = packet.get_uint32()
    packet.check_end()
    return self.level == 5


SSHServerConnection._process_echo_at_example_dot_com_global_request = echo
SSHServerConnection._process_denied_at_example_dot_com_global_request = echo
SSHServerConnection._process_other_at_example_dot_org_global_request = echo
SSHServerChannel._process_level_at_example_dot_com_request = level
SSHServerChannel._process_level_at_example_dot_org_request = level


async def run(process):
    process.stdout.write(await process.stdin.read())
    process.stdout.write(f"level {process.channel.level}\n")
    process.exit(0)


async def main():
    root = os.environ["WG_ROOT"]
    await asyncssh.listen(
        "127.0.0.1", int(os.environ["WG_PORT"]), server_host_keys=[f"{root}/host"], authorized_client_keys=f"{root}/authorized_keys", process_factory=run)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


asyncio.run(main())
