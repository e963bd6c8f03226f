// A stand-in for S3 over TLS: keeps objects in memory, and answers only requests whose signature the SDK's own signer makes as well.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const http2 = require('node:http2');
const https = require('node:https');
const { SignatureV4 } = require('@smithy/signature-v4');
const { HttpRequest } = require('@smithy/core/protocols');
const { Sha256 } = require('@aws-crypto/sha256-js');

const { WG_PORT, WG_CERTIFICATE, WG_KEY, WG_ACCESS_KEY, WG_SECRET_KEY, WG_SESSION_TOKEN, WG_REGION, WG_SERVICE, WG_HTTP2 } = process.env;
const signer = new SignatureV4({
  credentials: { accessKeyId: WG_ACCESS_KEY, secretAccessKey: WG_SECRET_KEY, ...(WG_SESSION_TOKEN ? { sessionToken: WG_SESSION_TOKEN } : {}) },
  region: WG_REGION,
  service: WG_SERVICE,
  sha256: Sha256,
  uriEscapePath: !WG_SERVICE.startsWith('s3'),
  applyChecksum: WG_SERVICE.startsWith('s3'),
});
const objects = new Map();

function say(record) {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}

// As a request of HTTP/1.1 would have it.
function serve(request, response) {
  request.headers.host ??= request.headers[':authority'];
  handle(request, response);
}

// Why the request is not signed as it should be; nothing: it is.
async function problemOf(request, body) {
  const { authorization = '', 'x-amz-date': date = '', 'x-amz-content-sha256': hash = '' } = request.headers;
  const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1].split(';') ?? [];
  const time = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  if (Math.abs(Date.parse(time) - Date.now()) > 60_000) {
    return 'another time';
  }

  if (!['host', 'x-amz-date', ...Object.keys(request.headers).filter(h => h.startsWith('x-amz-'))].every(h => names.includes(h))) {
    return 'a field is not signed';
  }

  if (/^[0-9a-f]{64}$/.test(hash) && hash !== crypto.createHash('sha256').update(body).digest('hex')) {
    return 'another body';
  }

  const url = new URL(`https://x${request.url}`);
  const query = {};
  for (const [name, value] of url.searchParams) {
    query[name] = name in query ? [query[name], value].flat() : value;
  }

  const [path] = request.url.split('?');
  const again = await signer.sign(
    new HttpRequest({
      method: request.method, path, query, protocol: 'https:', hostname: 'x',
      headers: Object.fromEntries(names.map(n => [n, request.headers[n]])),
      ...(hash || body.length === 0 ? {} : { body }),
    }),
    { signingDate: new Date(time) });
  return again.headers.authorization === authorization ? undefined : `expected ${again.headers.authorization}, got ${authorization}`;
}

function answer(response, status, body, headers = {}) {
  response.writeHead(status, { 'Content-Length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

// Of aws-chunked, what it carries.
function unchunked(body) {
  const parts = [];
  for (let at = 0; ;) {
    const end = body.indexOf('\r\n', at);
    const size = parseInt(body.subarray(at, end).toString('latin1'), 16);
    if (!size) {
      return Buffer.concat(parts);
    }

    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

function handle(request, response) {
  const parts = [];
  request.on('data', data => parts.push(data)).on('end', async () => {
    const body = Buffer.concat(parts);
    const problem = await problemOf(request, body);
    const place = decodeURIComponent(request.url.split('?')[0]);
    say({ method: request.method, url: request.url, version: request.httpVersion, problem, payload: request.headers['x-amz-content-sha256'], headers: request.rawHeaders.join('\n') });
    if (problem) {
      answer(response, 403, `<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>${WG_ACCESS_KEY}</AWSAccessKeyId></Error>`, { 'Content-Type': 'application/xml' });
    } else if (request.method === 'PUT') {
      objects.set(place, request.headers['content-encoding']?.includes('aws-chunked') ? unchunked(body) : body);
      answer(response, 200, '', { ETag: '"1"' });
    } else if (request.method === 'DELETE') {
      objects.delete(place);
      response.writeHead(204).end();
    } else if (request.url.includes('list-type=2')) {
      const keys = [...objects.keys()].map(k => k.split('/').slice(2).join('/')).map(k => `<Contents><Key>${k}</Key><Size>1</Size></Contents>`);
      answer(response, 200, `<ListBucketResult><Name>b</Name><KeyCount>${keys.length}</KeyCount>${keys.join('')}</ListBucketResult>`, { 'Content-Type': 'application/xml' });
    } else if (objects.has(place)) {
      answer(response, 200, request.method === 'HEAD' ? '' : objects.get(place), { 'Content-Type': 'application/octet-stream' });
    } else {
      answer(response, 404, '<Error><Code>NoSuchKey</Code></Error>', { 'Content-Type': 'application/xml' });
    }
  });
}

const pair = { cert: fs.readFileSync(WG_CERTIFICATE), key: fs.readFileSync(WG_KEY) };
const server = WG_HTTP2 ? http2.createSecureServer(pair, serve) : https.createServer(pair, serve);
server.listen(Number(WG_PORT), '127.0.0.1', () => say({ listening: true }));
