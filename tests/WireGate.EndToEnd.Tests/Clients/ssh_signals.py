# Signals and breaks that a client sends to what it runs, which must be what the upstream makes of them: without the gateway and through it.
import asyncio
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import asyncssh  # noqa: E402

# Each waits for its child, so that it is awake for the signal.
TRAPS = "bash -c 'trap \"echo got USR1; exit 3\" USR1; trap \"echo got INT; exit 4\" INT; echo ready; while :; do sleep 0.05; done'"


async def signalled(connection, send, command=TRAPS, **options):
    async with connection.create_process(command, **options) as process:
        while "ready" not in await process.stdout.readline():
            pass
        send(process)
        rest = await asyncio.wait_for(process.stdout.read(), 30)
        await process.wait_closed()
        return rest.replace("^C", "").strip(), process.exit_status, process.exit_signal and process.exit_signal[0]


async def main():
    async with asyncssh.connect(
            "127.0.0.1", int(os.environ["WG_PORT"]), username=os.environ["WG_USER"], password=os.environ.get("WG_PLACEHOLDER"),
            known_hosts=None, client_keys=[os.environ["WG_KEY"]] if "WG_KEY" in os.environ else None, agent_path=None) as connection:
        print("USR1", await signalled(connection, lambda p: p.send_signal("USR1")))
        print("INT", await signalled(connection, lambda p: p.send_signal("INT")))
        print("KILL", await signalled(connection, lambda p: p.send_signal("KILL"), "echo ready; exec sleep 60"))
        print("Ctrl-C", await signalled(connection, lambda p: p.stdin.write("\x03"), term_type="xterm"))
        print("break", await signalled(connection, lambda p: (p.send_break(500), p.stdin.write_eof()), "echo ready; cat; exit 5"))


asyncio.run(main())
sys.stdout.write("ok\n")
