"""What the drivers make of a refusal by a rule; prints the name of each that took it for what it is."""
import asyncio

import asyncpg
import psycopg2
import psycopg2.errors

connection = psycopg2.connect("")
with connection.cursor() as cursor:
    cursor.execute("INSERT INTO t VALUES (1)")
    try:
        cursor.execute("DROP TABLE t")
        raise AssertionError("not refused")
    except psycopg2.errors.InsufficientPrivilege as error:
        assert error.diag.message_primary.startswith('denied by rule "no-drop"'), error
    assert connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_INERROR
connection.rollback()
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM t")
    assert cursor.fetchone() == (0,)
connection.close()
print("psycopg2")


async def main():
    connection = await asyncpg.connect()
    try:
        await connection.fetch("DROP TABLE t")
        raise AssertionError("not refused")
    except asyncpg.InsufficientPrivilegeError as error:
        assert str(error).startswith('denied by rule "no-drop"'), error
    assert not connection.is_in_transaction()
    assert await connection.fetchval("SELECT count(*) FROM t") == 0
    # Of a composite type the driver asks the catalogue, whose names it writes without their schema.
    assert await connection.fetch("SELECT t FROM t") == []
    await connection.close()
    print("asyncpg")


asyncio.run(main())
