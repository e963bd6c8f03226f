# Sends requests that no RFC knows, of the connection and of a channel, and says what is answered.
import asyncio
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import asyncssh  # noqa: E402
from asyncssh.constants import MSG_REQUEST_SUCCESS  # noqa: E402
from asyncssh.packet import String, UInt32  # noqa: E402


async def ask(connection, name):
    kind, packet = await connection._make_global_request(name, String("ping"))
    return packet.get_remaining_payload() if kind == MSG_REQUEST_SUCCESS else None


async def main():
    async with asyncssh.connect(
            "127.0.0.1", int(os.environ["WG_PORT"]), username=os.environ["WG_USER"], password=os.environ["WG_PLACEHOLDER"],
            known_hosts=os.environ["WG_KNOWN_HOSTS"], client_keys=None, agent_path=None) as connection:
        process = await connection.create_process("echo")
        answers = await asyncio.gather(
            ask(connection, b"echo@example.com"), ask(connection, b"other@example.org"), ask(connection, b"nobody@example.com"),
            ask(connection, b"denied@example.com"), ask(connection, b"echo@example.com"))
        assert answers == [b"pong ping", None, None, None, b"pong ping"], answers
        levels = await asyncio.gather(*[
            process.channel._make_request(name, UInt32(level))
            for name, level in [(b"level@example.com", 5), (b"level@example.org", 5), (b"level@example.com", 6), (b"level@example.com", 5)]])
        assert levels == [True, False, False, True], levels
        process.channel._send_request(b"level@example.com", UInt32(7), want_reply=False)
        process.stdin.write("what is asked beside it changes nothing\n")
        process.stdin.write_eof()
        result = await process.wait()
        assert (result.stdout, result.exit_status) == ("what is asked beside it changes nothing\nlevel 7\n", 0), result


asyncio.run(asyncio.wait_for(main(), 60))
sys.stdout.write("ok\n")
