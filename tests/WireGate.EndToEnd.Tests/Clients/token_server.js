// Who gives tokens, over TLS: an authorization server for one client, and what GitHub has for one App. Says what it gave.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const https = require('node:https');

const { WG_PORT, WG_CERTIFICATE, WG_KEY, WG_CLIENT_SECRET, WG_APP_KEY } = process.env;
const appKey = crypto.createPublicKey(fs.readFileSync(WG_APP_KEY));
let given = 0;

function say(record) {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}

function answer(response, status, body) {
  const text = JSON.stringify(body);
  say({ status, body });
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

function isSigned(authorization = '') {
  const [head, claims, signature] = authorization.replace(/^Bearer /, '').split('.');
  const { iss, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url'));
  const now = Date.now() / 1000;
  return iss === '12345' && iat <= now && exp > now && exp - iat <= 600
    && crypto.verify('sha256', Buffer.from(`${head}.${claims}`), appKey, Buffer.from(signature, 'base64url'));
}

https.createServer({ cert: fs.readFileSync(WG_CERTIFICATE), key: fs.readFileSync(WG_KEY) }, (request, response) => {
  const parts = [];
  request.on('data', data => parts.push(data)).on('end', () => {
    const body = Buffer.concat(parts).toString();
    if (request.url === '/oauth/token') {
      const [client, secret] = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString().split(':').map(decodeURIComponent);
      const form = new URLSearchParams(body);
      if (client !== 'wiregate' || secret !== WG_CLIENT_SECRET) {
        answer(response, 401, { error: 'invalid_client', error_description: `not ${secret}` });
      } else if (form.get('grant_type') !== 'client_credentials' || form.get('scope') !== 'read write') {
        answer(response, 400, { error: 'invalid_scope' });
      } else {
        answer(response, 200, { access_token: `oauth-token-${++given}`, token_type: 'Bearer', expires_in: 300 });
      }
    } else if (request.url === '/app/installations/77/access_tokens' && isSigned(request.headers.authorization)) {
      answer(response, 201, { token: `ghs_token_${++given}`, expires_at: new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, ''), asked: JSON.parse(body) });
    } else {
      answer(response, 404, { message: 'Not Found' });
    }
  });
}).listen(Number(WG_PORT), '127.0.0.1', () => say({ listening: true }));
