// What ssh2 does with a host: the placeholder by either way of asking, a command with input and a status, a terminal, a forward, and SFTP.
'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Client } = require('ssh2');

const { WG_PORT, WG_USER, WG_PLACEHOLDER, WG_HOST_KEY, WG_FILES, WG_SSHD_PORT } = process.env;

function connect(way) {
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.on('ready', () => resolve(client)).on('error', reject);
    client.on('keyboard-interactive', (name, instructions, language, prompts, answer) => answer(prompts.map(() => WG_PLACEHOLDER)));
    client.connect({
      host: '127.0.0.1', port: Number(WG_PORT), username: WG_USER, keepaliveInterval: 100,
      hostVerifier: key => key.toString('base64') === WG_HOST_KEY,
      ...(way === 'password' ? { password: WG_PLACEHOLDER, authHandler: ['password'] } : { tryKeyboard: true, authHandler: ['keyboard-interactive'] }),
    });
  });
}

function run(client, command, input, options = {}) {
  return new Promise((resolve, reject) => client.exec(command, options, (error, stream) => {
    if (error) {
      reject(error);
      return;
    }

    const out = [], err = [];
    let status;
    stream.on('data', data => out.push(data)).on('exit', code => { status = code; });
    stream.stderr.on('data', data => err.push(data));
    stream.on('close', () => resolve({ status, out: Buffer.concat(out), err: Buffer.concat(err) }));
    stream.end(input);
  }));
}

const call = (target, name, ...given) => new Promise((resolve, reject) =>
  target[name](...given, (error, result) => error ? reject(error) : resolve(result)));

async function main() {
  const data = crypto.randomBytes(3_000_000);
  for (const way of ['password', 'keyboard-interactive']) {
    const client = await connect(way);
    const [copied, ended] = await Promise.all([run(client, 'cat', data), run(client, 'echo out; echo err >&2; exit 4', '')]);
    assert.ok(copied.out.equals(data));
    assert.deepStrictEqual([ended.status, ended.out.toString(), ended.err.toString()], [4, 'out\n', 'err\n']);
    assert.match((await run(client, 'tty; stty size', '', { pty: { rows: 30, cols: 100 } })).out.toString(), /\/dev\/pts\/[^]*30 100/);
    client.end();
  }

  const client = await connect('password');
  const forwarded = await call(client, 'forwardOut', '127.0.0.1', 1, '127.0.0.1', Number(WG_SSHD_PORT));
  assert.match(await new Promise(resolve => forwarded.once('data', resolve)).then(String), /^SSH-2\.0-OpenSSH/);
  forwarded.destroy();

  const sftp = await call(client, 'sftp');
  const here = path.join(WG_FILES, 'ssh2.here'), there = path.join(WG_FILES, 'ssh2.there');
  fs.writeFileSync(here, data);
  await call(sftp, 'fastPut', here, there);
  await call(sftp, 'fastGet', there, `${here}.back`);
  assert.ok(fs.readFileSync(`${here}.back`).equals(data));
  assert.strictEqual((await call(sftp, 'stat', there)).size, data.length);
  await call(sftp, 'unlink', there);
  client.end();
  process.stdout.write('ok\n');
}

main().catch(error => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
