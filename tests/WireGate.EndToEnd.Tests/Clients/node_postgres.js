// Does with node-postgres what its users do, and prints a line for each thing that came out right.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const { Client } = require('pg');

const ca = process.env.PGSSLROOTCERT;
const settings = { ssl: ca ? { ca: fs.readFileSync(ca) } : false };
// Otherwise the driver would read the variable too, and in its own way.
delete process.env.PGSSLMODE;

async function main() {
  const client = new Client(settings);
  await client.connect();

  const one = await client.query('SELECT 1 AS a; SELECT 2 AS b');
  assert.deepStrictEqual(one.map((r) => r.rows[0]), [{ a: 1 }, { b: 2 }]);
  console.log('simple');

  const row = await client.query('SELECT name, $2::text AS echo FROM customers WHERE id = $1', [42, 'grüß\u{1F600}']);
  assert.deepStrictEqual(row.rows, [{ name: 'Customer 42', echo: 'grüß\u{1F600}' }]);
  console.log('parameters');

  for (let i = 1; i <= 3; i++) {
    const named = await client.query({ name: 'by-id', text: 'SELECT email FROM customers WHERE id = $1', values: [i] });
    assert.strictEqual(named.rows[0].email, `c${i}@example.com`);
  }
  console.log('prepared');

  await client.query('BEGIN');
  await assert.rejects(client.query('SELECT 1 / 0'), { code: '22012' });
  await assert.rejects(client.query('SELECT 1'), { code: '25P02' });
  await client.query('ROLLBACK');
  console.log('transaction');

  const big = Buffer.alloc(8 * 1024 * 1024, 7);
  const back = await client.query('SELECT $1::bytea AS big', [big]);
  assert.ok(big.equals(back.rows[0].big));
  console.log('large');

  const told = new Promise((resolve) => client.once('notification', resolve));
  await client.query('LISTEN from_node');
  const other = new Client(settings);
  await other.connect();
  await other.query("NOTIFY from_node, 'hello'");
  const notice = await told;
  assert.strictEqual(notice.payload, 'hello');
  const { rows: [{ pid }] } = await other.query('SELECT pg_backend_pid() AS pid');
  assert.strictEqual(notice.processId, pid);
  assert.strictEqual(other.processID, pid);
  console.log('notify');

  const doomed = assert.rejects(client.query('SELECT pg_sleep(600)'), { code: '57014' });
  for (let active = 0; active === 0;) {
    const { rows } = await other.query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE pid = $1 AND state = 'active' AND query LIKE '%pg_sleep%'", [client.processID]);
    active = rows[0].n;
  }
  await other.query('SELECT pg_cancel_backend($1)', [client.processID]);
  await doomed;
  console.log('cancelled');

  await other.end();
  await client.end();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
