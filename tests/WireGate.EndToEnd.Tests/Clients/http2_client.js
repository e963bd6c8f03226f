// Node's own client of HTTP/2: 100 requests at once on one connection, each of which gets its own answer; then one that is taken back.
'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http2 = require('node:http2');

const { WG_URL, WG_PLACEHOLDER, WG_CA } = process.env;
const url = new URL(WG_URL);
const session = http2.connect(url.origin, WG_CA ? { ca: fs.readFileSync(WG_CA) } : {});
const headers = { authorization: `Bearer ${WG_PLACEHOLDER}` };

function ask(i) {
  const body = crypto.randomBytes(1 + i * 2000);
  return new Promise((resolve, reject) => {
    const length = i % 2 === 1 ? {} : { 'content-length': body.length };
    const stream = session.request({ ...headers, ...length, ':method': 'POST', ':path': `${url.pathname}/parallel/${i}` });
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
    const stream = session.request({ ...headers, ':path': `${url.pathname}/events` });
    stream.on('data', data => {
      assert.strictEqual(data.toString(), 'data: first\n\n');
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }).on('error', reject).on('close', resolve);
  });
}

(async () => {
  await Promise.all(Array.from({ length: 100 }, (_, i) => ask(i)));
  await leave();
  await ask(1);
  console.log('100 answers');
  session.close();
})().catch(error => {
  console.error(error);
  process.exit(1);
});
