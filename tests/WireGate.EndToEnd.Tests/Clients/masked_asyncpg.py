"""Reads masked columns with asyncpg, whose values are binary, and prints a line for each thing that came out right."""
import asyncio

import asyncpg


async def main():
    connection = await asyncpg.connect()

    rows = await connection.fetch("SELECT id, ssn, salary, born FROM hr.people ORDER BY id")
    assert [tuple(r) for r in rows][0] == (1, "****6789", None, None), rows
    print("column")

    statement = await connection.prepare("SELECT ssn FROM hr.people WHERE id = $1")
    for _ in range(3):
        assert await statement.fetchval(1) == "****6789"
    print("prepared")

    # A composite type makes the driver ask the catalogue, in its own session; the whole row is hidden.
    assert await connection.fetchval("SELECT p FROM hr.people p WHERE id = 1") is None
    print("introspection")

    async with connection.transaction():
        values = [r["ssn"] async for r in connection.cursor("SELECT ssn FROM hr.people ORDER BY id", prefetch=1)]
        assert values[0] == "****6789" and all("-" not in str(v) for v in values), values
    print("cursor")

    await connection.close()


asyncio.run(main())
