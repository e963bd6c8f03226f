"""Reads masked columns with psycopg2, and prints a line for each thing that came out right."""
import io
import os

import psycopg2

SECRET = "123-45-6789"

connection = psycopg2.connect("")
connection.autocommit = True
cursor = connection.cursor()

cursor.execute("SELECT ssn AS x, name FROM hr.people WHERE id = %s", (1,))
assert cursor.fetchall() == [("****6789", "Ada")], "alias"
print("column")

buffer = io.StringIO()
cursor.copy_expert("COPY hr.people (id, ssn, name) TO STDOUT", buffer)
assert SECRET not in buffer.getvalue() and "1\t****6789\tAda" in buffer.getvalue(), buffer.getvalue()
print("copy")

connection.autocommit = False
named = connection.cursor("c1")
named.execute("SELECT * FROM hr.people ORDER BY id")
rows = named.fetchall()
assert rows and SECRET not in str(rows) and rows[0][1] == "****6789", rows
connection.rollback()
print("cursor")
