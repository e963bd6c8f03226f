# What AsyncSSH does with a host: commands at once on one connection, a file there and back, a forwarded port.
import asyncio
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import asyncssh  # noqa: E402


async def main():
    async with asyncssh.connect(
            "127.0.0.1", int(os.environ["WG_PORT"]), username=os.environ["WG_USER"], password=os.environ["WG_PLACEHOLDER"],
            known_hosts=os.environ["WG_KNOWN_HOSTS"], client_keys=None, agent_path=None) as connection:
        results = await asyncio.gather(*[connection.run(f"echo {i}; exit {i}") for i in range(9)])
        assert [(r.stdout, r.exit_status) for r in results] == [(f"{i}\n", i) for i in range(9)]
        path = os.path.join(os.environ["WG_FILES"], "asyncssh")
        data = os.urandom(3_000_000)
        async with connection.start_sftp_client() as sftp:
            async with sftp.open(path, "wb") as file:
                await file.write(data)
            assert await sftp.getsize(path) == len(data)
            async with sftp.open(path, "rb") as file:
                assert await file.read() == data
        reader, writer = await connection.open_connection("127.0.0.1", int(os.environ["WG_SSHD_PORT"]))
        assert (await reader.readline()).startswith(b"SSH-2.0-")
        writer.close()


asyncio.run(main())
sys.stdout.write("ok\n")
