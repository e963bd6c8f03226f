// Node's own client with an agent that keeps its connections: 200 requests at once, each of which gets its own answer.
'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const http = require('node:http');

const { WG_URL, WG_PLACEHOLDER } = process.env;
const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
const used = new Set();

function ask(i) {
  const body = crypto.randomBytes(1 + i * 200);
  const chunked = i % 2 === 1;
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${WG_PLACEHOLDER}`, ...(chunked ? {} : { 'Content-Length': body.length }) };
    const request = http.request(`${WG_URL}/parallel/${i}`, { agent, method: 'POST', headers }, response => {
      const parts = [];
      response.on('data', data => parts.push(data)).on('error', reject).on('end', () => {
        try {
          assert.strictEqual(response.statusCode, 200);
          const seen = JSON.parse(Buffer.concat(parts));
          assert.strictEqual(seen.url, `/parallel/${i}`);
          assert.strictEqual(seen.sha256, crypto.createHash('sha256').update(body).digest('hex'));
          assert.ok(!JSON.stringify(seen.headers).includes(WG_PLACEHOLDER));
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    request.on('socket', socket => used.add(socket)).on('error', reject);
    request.write(body.subarray(0, body.length >> 1));
    request.end(body.subarray(body.length >> 1));
  });
}

(async () => {
  await Promise.all(Array.from({ length: 200 }, (_, i) => ask(i)));
  agent.destroy();
  console.log(`200 answers, ${used.size} connections`);
})().catch(error => {
  console.error(error);
  process.exit(1);
});
