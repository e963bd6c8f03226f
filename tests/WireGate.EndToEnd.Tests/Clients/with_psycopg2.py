"""Does with psycopg2 what its users do, and prints a line for each thing that came out right."""
import io
import select
import threading
import time

import psycopg2
import psycopg2.errors

connection = psycopg2.connect("")
cursor = connection.cursor()

cursor.execute("SELECT name, %s FROM customers WHERE id = %s", ("grüß\U0001F600", 42))
assert cursor.fetchall() == [("Customer 42", "grüß\U0001F600")]
print("parameters")

try:
    cursor.execute("SELECT 1 / 0")
    raise AssertionError("no error")
except psycopg2.errors.DivisionByZero:
    connection.rollback()
print("transaction")

cursor.execute("CREATE TEMPORARY TABLE numbers (n int, t text)")
rows = "".join(f"{i}\trow {i}\n" for i in range(100_000))
cursor.copy_expert("COPY numbers FROM STDIN", io.StringIO(rows))
out = io.StringIO()
cursor.copy_expert("COPY (SELECT * FROM numbers ORDER BY n) TO STDOUT", out)
assert out.getvalue() == rows
print("copy")

try:
    cursor.copy_expert("COPY numbers FROM STDIN", io.StringIO("1\tgood\nbad\tbad\n"))
    raise AssertionError("no error")
except psycopg2.errors.InvalidTextRepresentation:
    connection.rollback()
print("copy refused")

with connection.cursor(name="server_side") as named:
    named.itersize = 100
    named.execute("SELECT id FROM customers ORDER BY id")
    assert [row[0] for row in named] == list(range(1, 10_001))
connection.rollback()
print("cursor")

large = connection.lobject(0, "wb")
large.write(b"\x07" * 1_000_000)
oid = large.oid
large.close()
assert connection.lobject(oid, "rb").read() == b"\x07" * 1_000_000
connection.rollback()
print("large object")

connection.autocommit = True
cursor.execute("LISTEN from_psycopg")
with psycopg2.connect("") as other:
    with other.cursor() as notifier:
        notifier.execute("NOTIFY from_psycopg, 'hello'")
        notifier.execute("SELECT pg_backend_pid()")
        pid = notifier.fetchone()[0]
other.close()
while not connection.notifies:
    select.select([connection], [], [], 60)
    connection.poll()
assert (connection.notifies[0].payload, connection.notifies[0].pid) == ("hello", pid)
print("notify")

watcher = psycopg2.connect("")
watcher.autocommit = True


def cancel_once_it_runs():
    with watcher.cursor() as look:
        while True:
            look.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND state = 'active' AND query LIKE '%%pg_sleep%%'",
                         (connection.info.backend_pid,))
            if look.fetchone()[0]:
                break
            time.sleep(0.01)
    connection.cancel()


thread = threading.Thread(target=cancel_once_it_runs)
thread.start()
try:
    cursor.execute("SELECT pg_sleep(600)")
    raise AssertionError("no error")
except psycopg2.errors.QueryCanceled:
    pass
thread.join()
print("cancelled")
