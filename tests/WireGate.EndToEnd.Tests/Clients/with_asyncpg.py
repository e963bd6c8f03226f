"""Does with asyncpg what its users do, and prints a line for each thing that came out right."""
import asyncio
import datetime
import io

import asyncpg


async def main():
    connection = await asyncpg.connect()

    row = await connection.fetchrow("SELECT name, $2::text AS echo, seen FROM customers WHERE id = $1", 42, "grüß\U0001F600")
    assert (row["name"], row["echo"]) == ("Customer 42", "grüß\U0001F600")
    assert isinstance(row["seen"], datetime.datetime)
    print("parameters")

    statement = await connection.prepare("SELECT email FROM customers WHERE id = $1")
    for number in (1, 2, 3):
        assert await statement.fetchval(number) == f"c{number}@example.com"
    print("prepared")

    # A composite type makes the driver ask the catalogue, in its own session.
    assert await connection.fetchval("SELECT c FROM customers c WHERE id = 7") is not None
    print("introspection")

    try:
        async with connection.transaction():
            await connection.execute("SELECT 1 / 0")
        raise AssertionError("no error")
    except asyncpg.DivisionByZeroError:
        pass
    async with connection.transaction():
        numbers = [record["id"] async for record in connection.cursor("SELECT id FROM customers ORDER BY id", prefetch=500)]
    assert numbers == list(range(1, 10_001))
    print("transaction")

    await connection.execute("CREATE TEMPORARY TABLE numbers (n int, t text)")
    await connection.executemany("INSERT INTO numbers VALUES ($1, $2)", [(i, f"row {i}") for i in range(1000)])
    records = [(i, f"row {i}") for i in range(1000, 100_000)]
    assert await connection.copy_records_to_table("numbers", records=records) == "COPY 99000"
    out = io.BytesIO()
    await connection.copy_from_query("SELECT * FROM numbers ORDER BY n", output=out)
    assert out.getvalue() == b"".join(b"%d\trow %d\n" % (i, i) for i in range(100_000))
    print("copy")

    heard = asyncio.get_running_loop().create_future()
    await connection.add_listener("from_asyncpg", lambda _, pid, channel, payload: heard.set_result((pid, payload)))
    other = await asyncpg.connect()
    await other.execute("NOTIFY from_asyncpg, 'hello'")
    assert await heard == (other.get_server_pid(), "hello")
    assert await other.fetchval("SELECT pg_backend_pid()") == other.get_server_pid()
    print("notify")

    asleep = asyncio.create_task(connection.execute("SELECT pg_sleep(600)"))
    running = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active' AND query LIKE '%pg_sleep%'"
    while not await other.fetchval(running, connection.get_server_pid()):
        await asyncio.sleep(0.01)
    # The driver answers this with a CancelRequest on a connection of its own.
    asleep.cancel()
    try:
        await asleep
        raise AssertionError("not cancelled")
    except asyncio.CancelledError:
        pass
    while await other.fetchval(running, connection.get_server_pid()):
        await asyncio.sleep(0.01)
    assert await connection.fetchval("SELECT 1") == 1
    print("cancelled")

    await other.close()
    await connection.close()

    async with asyncpg.create_pool(min_size=3, max_size=3) as pool:
        sums = await asyncio.gather(*(pool.fetchval("SELECT sum(id) FROM customers WHERE id <= $1", n) for n in range(1, 31)))
    assert sums == [n * (n + 1) // 2 for n in range(1, 31)]
    print("pool")


asyncio.run(main())
