// Node's own client of HTTP/2: 100 requests at once on one connection, each of which gets its own answer; then one that is taken back.
'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const http2 = require('node:http2');
const tls = require('node:tls');

const { WG_URL, WG_PLACEHOLDER, WG_CA, WG_PROXY } = process.env;
const url = new URL(WG_URL);
const prefix = url.pathname === '/' ? '' : url.pathname;
const ca = WG_CA ? { ca: fs.readFileSync(WG_CA) } : {};
let session;
const headers = { authorization: `Bearer ${WG_PLACEHOLDER}` };

function ask(i) {
  const body = crypto.randomBytes(1 + i * 2000);
  return new Promise((resolve, reject) => {
    const length = i % 2 === 1 ? {} : { 'content-length': body.length };
    const stream = session.request({ ...headers, ...length, ':method': 'POST', ':path': `${prefix}/parallel/${i}` });
    const parts = [];
    let status;
    stream.on('response', fields => { status = fields[':status']; });
    stream.on('data', data => parts.push(data)).on('error', reject).on('end', () => {
      try {
        assert.strictEqual(status, 200);
        const seen = JSON.parse(Buffer.concat(parts));
        assert.strictEqual(seen.url, `/parallel/${i}`);
        assert.strictEqual(seen.sha256, crypto.createHash('sha256').update(body).digest('hex'));
        assert.ok(!JSON.stringify(seen.headers).includes(WG_PLACEHOLDER));
        resolve();
      } catch (error) {
        reject(error);
      }
    });
    stream.write(body.subarray(0, body.length >> 1));
    stream.end(body.subarray(body.length >> 1));
  });
}

// An event comes, and who has it leaves.
function leave() {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ...headers, ':path': `${prefix}/events` });
    stream.on('data', data => {
      assert.strictEqual(data.toString(), 'data: first\n\n');
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }).on('error', reject).on('close', resolve);
  });
}

// Through a proxy: CONNECT, and TLS on what comes of it.
function connect() {
  if (!WG_PROXY) {
    return http2.connect(url.origin, ca);
  }

  const proxy = new URL(WG_PROXY);
  const place = `${url.hostname}:${url.port || 443}`;
  return new Promise((resolve, reject) => {
    http.request({ host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: place })
      .on('connect', (response, socket) => {
        const secure = tls.connect({ socket, servername: url.hostname, ALPNProtocols: ['h2'], ...ca });
        resolve(http2.connect(url.origin, { createConnection: () => secure }));
      })
      .on('error', reject)
      .end();
  });
}

(async () => {
  session = await connect();
  await Promise.all(Array.from({ length: 100 }, (_, i) => ask(i)));
  await leave();
  await ask(1);
  console.log('100 answers');
  session.close();
})().catch(error => {
  console.error(error);
  process.exit(1);
});
