// Node reads what WireGate writes of fields, as a client and as an upstream, with tables of many sizes: 500 requests, each with fields of its own.
'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const http2 = require('node:http2');

const { WG_URL, WG_PLACEHOLDER } = process.env;
const url = new URL(WG_URL);
const sizes = [4096, 0, 64, 65536, 300, 1, 0, 4096, 100, 2000];

// Some of which an encoder remembers, some it does not.
const names = [
  'accept', 'accept-language', 'access-control-allow-origin', 'age', 'cache-control', 'content-type', 'etag', 'grpc-encoding', 'last-modified', 'server',
  'strict-transport-security', 'user-agent', 'vary', 'x-long', 'x-request-id', 'x-text',
];

// Of few values, so that they come again; of a kind that Huffman's code makes shorter, and of one that it does not.
function value(name, random) {
  switch (random[0] % 5) {
    case 0: return ['', '*', 'gzip', 'text/plain', 'no-cache'][random[1] % 5];
    case 1: return `value-${random[1] % 7}`;
    case 2: return random.toString('hex').repeat(name === 'x-long' ? 1 + random[1] % 20 : 1);
    case 3: return random.toString('base64');
    default: return Array.from(random.subarray(0, 20), octet => String.fromCharCode(octet % 2 ? 0xa1 + octet % 0x5f : 0x21 + octet % 0x5e)).join('');
  }
}

function fields(number) {
  const all = names.map(name => [name, crypto.createHash('sha256').update(`${number} ${name}`).digest()]);
  return Object.fromEntries(all.filter(([, random]) => random[31] % 2).map(([name, random]) => [name, value(name, random)]));
}

function ask(session, path, sent = {}) {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': url.pathname + path, authorization: `Bearer ${WG_PLACEHOLDER}`, ...sent });
    const parts = [];
    let answer;
    stream.on('response', head => { answer = head; }).on('data', data => parts.push(data)).on('error', reject)
      .on('end', () => resolve([answer, Buffer.concat(parts).toString()]));
  });
}

async function mirror(session, number) {
  const sent = fields(number);
  const [answer, body] = await ask(session, '/mirror', sent);
  assert.strictEqual(answer[':status'], 200, body);
  const read = JSON.parse(body);
  for (const [name, text] of Object.entries(sent)) {
    assert.strictEqual(read[name], text, `${name} of request ${number}`);
    assert.strictEqual(answer[name], text, `${name} of answer ${number}`);
  }
}

(async () => {
  const session = http2.connect(url.origin);
  await new Promise(done => session.once('remoteSettings', done));
  for (const [round, size] of sizes.entries()) {
    // Every other time it is nothing in between, and no fields come while it is.
    const [between, query] = round % 2 ? [[0], `0,${size}`] : [[], size];
    await Promise.all([...between, size].map(n => new Promise(done => session.settings({ headerTableSize: n }, done))));
    const [answer, body] = await ask(session, `/table?${query}`);
    assert.strictEqual(answer[':status'], 204, body);
    await Promise.all(Array.from({ length: 50 }, (_, i) => mirror(session, round * 50 + i)));
  }
  console.log('500 answers');
  session.close();
})().catch(error => {
  console.error(error);
  process.exit(1);
});
