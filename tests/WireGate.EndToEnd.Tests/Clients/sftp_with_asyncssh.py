# What AsyncSSH may and may not do under rules of paths, many at once.
import asyncio
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import asyncssh  # noqa: E402


async def refused(action):
    try:
        await action
    except asyncssh.SFTPPermissionDenied as e:
        assert "wiregate: denied" in str(e) and "(ref " in str(e), e
    else:
        raise AssertionError("it passed")


async def main():
    files = os.environ["WG_FILES"]
    async with asyncssh.connect(
            "127.0.0.1", int(os.environ["WG_PORT"]), username=os.environ["WG_USER"], password=os.environ["WG_PLACEHOLDER"],
            known_hosts=os.environ["WG_KNOWN_HOSTS"], client_keys=None, agent_path=None) as connection:
        path, data = f"{files}/open/asyncssh", os.urandom(3_000_000)
        async with connection.start_sftp_client() as sftp:
            async with sftp.open(path, "wb") as file:
                await asyncio.gather(file.write(data), *[refused(sftp.remove(f"{files}/read/secret")) for _ in range(50)])
            await asyncio.gather(*[refused(sftp.mkdir(f"{files}/read/{'d' * 200}")) for _ in range(9_000)])
            async with sftp.open(path, "rb") as file:
                there, *_ = await asyncio.gather(file.read(), *[refused(sftp.rename(path, f"{files}/closed/there")) for _ in range(50)])
                assert there == data
                await file.statvfs()
            await refused(sftp.readlink("/etc/mtab"))
            await refused(sftp.listdir("/etc"))
            assert "asyncssh" in await sftp.listdir(f"{files}/open")
            await sftp.posix_rename(path, path + "2")
            await sftp.remove(path + "2")


asyncio.run(main())
sys.stdout.write("ok\n")
