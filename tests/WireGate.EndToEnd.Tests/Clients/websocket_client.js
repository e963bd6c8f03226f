// npm's ws as a client: what it is told to do, a word each; says "done" behind all of them. Through a proxy it goes by CONNECT, as its users have it do.
'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const WebSocket = require('ws');
const { ConnectAgent } = require('./connect_agent');

const { WG_URL, WG_PLACEHOLDER, WG_CA, WG_PROXY } = process.env;
const ca = WG_CA ? fs.readFileSync(WG_CA) : undefined;

function open(path, options = {}, protocols = []) {
  return new WebSocket(`${WG_URL}${path}`, protocols, {
    headers: { Authorization: `Bearer ${options.placeholder ?? WG_PLACEHOLDER}` },
    ca,
    agent: WG_PROXY ? new ConnectAgent(WG_PROXY, WG_URL, { ca }) : undefined,
    maxPayload: 64 * 1024 * 1024,
    perMessageDeflate: false,
    ...options,
  });
}

function event(socket, name) {
  return new Promise((resolve, reject) => {
    socket.once(name, (...values) => resolve(values));
    if (name !== 'error') {
      socket.once('error', reject);
    }
  });
}

async function opened(...how) {
  const socket = open(...how);
  await event(socket, 'open');
  return socket;
}

async function echo(socket, data) {
  socket.send(data);
  const [back, isBinary] = await event(socket, 'message');
  assert.strictEqual(isBinary, typeof data !== 'string');
  assert.ok(Buffer.from(data).equals(back), 'what comes back is what was sent');
}

async function closed(socket, code, reason) {
  const [was, why] = await event(socket, 'close');
  assert.deepStrictEqual([was, why.toString()], [code, reason]);
}

const words = {
  async messages() {
    const socket = await opened('/echo?a=%2F');
    await echo(socket, 'h\u00e9llo');
    await echo(socket, '');
    for (const size of [125, 126, 65535, 65536, 5_000_000, 20_000_000]) {
      await echo(socket, crypto.randomBytes(size));
    }

    // Many at once, in their order.
    const back = [];
    const all = new Promise(resolve => socket.on('message', data => back.push(data.toString()) === 2000 && resolve()));
    const sent = Array.from({ length: 2000 }, (_, i) => `${i} ${'x'.repeat(i % 200)}`);
    sent.forEach(text => socket.send(text));
    await all;
    assert.deepStrictEqual(back, sent);

    // In parts, with a ping between them.
    socket.send('one ', { fin: false });
    socket.ping('there?');
    assert.strictEqual((await event(socket, 'pong'))[0].toString(), 'there?');
    socket.send('two', { fin: true });
    assert.strictEqual((await event(socket, 'message'))[0].toString(), 'one two');
    socket.close(4000, 'bye');
    await closed(socket, 4000, 'bye');
  },
  async deflate() {
    const socket = await opened('/echo', { perMessageDeflate: { threshold: 0 } });
    assert.match(socket.extensions, /^permessage-deflate/);
    await echo(socket, 'all the same '.repeat(500_000));
    await echo(socket, crypto.randomBytes(1_000_000));
    socket.close(1000);
    await closed(socket, 1000, '');
  },
  async subprotocol() {
    const socket = await opened('/echo', {}, ['other', 'chat']);
    assert.strictEqual(socket.protocol, 'chat');
    await echo(socket, 'x');
    socket.close();
    await event(socket, 'close');
  },
  async closes() {
    const socket = await opened('/closes');
    socket.send('x');
    await closed(socket, 4001, 'enough');
  },
  async cuts() {
    const socket = await opened('/cuts');
    socket.send('x');
    await closed(socket, 1006, '');
  },
  async refused() {
    const [, response] = await event(open('/elsewhere'), 'unexpected-response');
    assert.strictEqual(response.statusCode, 403);
    assert.strictEqual(response.headers['x-why'], 'not here');
  },
  async denied() {
    assert.strictEqual((await event(open('/admin/x'), 'unexpected-response'))[1].statusCode, 403);
  },
  async unknown() {
    assert.strictEqual((await event(open('/echo', { placeholder: 'nothing' }), 'unexpected-response'))[1].statusCode, 401);
  },

  // Open until somebody ends it.
  async stays() {
    const socket = await opened('/echo');
    await echo(socket, 'x');
    console.log('open');
    await closed(socket, 1006, '');
  },
};

(async () => {
  for (const word of process.argv.slice(2)) {
    await words[word]();
  }

  console.log('done');
  process.exit(0);
})().catch(error => {
  console.error(error);
  process.exit(1);
});
