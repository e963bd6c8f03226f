// An upstream of HTTP that says what it saw: of each request a line of JSON on standard output, when its head has come and when its body has.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const http2 = require('node:http2');
const zlib = require('node:zlib');

const { WG_PORT, WG_CERTIFICATE, WG_KEY } = process.env;
const zipped = zlib.gzipSync(crypto.createHash('sha256').update('noise').digest('hex').repeat(1000));
const waiting = [];
let seen = 0;

function say(record) {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}

function answer(response, status, headers, body) {
  response.writeHead(status, body === undefined ? headers : { 'Content-Length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

const paths = {
  '/nothing': (request, response) => answer(response, 204, {}),
  '/zipped': (request, response) => answer(response, 200, { 'Content-Encoding': 'gzip', 'Content-Type': 'application/octet-stream' }, zipped),

  // What masks hide a part of.
  '/secrets': (request, response) => answer(
    response, 200, { 'Content-Type': 'application/json', ETag: '"1"' },
    JSON.stringify({ items: [{ email: 'alice@example.com', token: 'tok_123456789' }, { token: { nested: [1, 2] } }], note: 'pay 4111 1111 1111 1111' })),
  '/secrets-zipped': (request, response) => answer(response, 200, { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' }, zipped),
  '/secret-events': (request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify({ token: 'tok_123456789', n: 1 })}\n\n`);
    waiting.push(response);
  },
  // All fields come back as those of the answer, and as text what was read.
  '/mirror': (request, response) => answer(
    response, 200, Object.fromEntries(Object.entries(request.headers).filter(([name]) => !/^:|^authorization$|^cookie$/.test(name))),
    JSON.stringify(request.headers)),

  // HTTP/2: other sizes of the table for the fields of requests, and the answer once the other side knows the last.
  '/table': (request, response) => Promise.all(
    request.url.split('?')[1].split(',').map(n => new Promise(done => request.stream.session.settings({ headerTableSize: Number(n) }, done))))
    .then(() => answer(response, 204, {})),

  // Nobody is ever answered there.
  '/silent': () => {},

  // The first event at once, each other when somebody asks for /next.
  '/events': (request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('data: first\n\n');
    waiting.push(response);
  },
  '/next': (request, response) => {
    for (const stream of waiting.splice(0)) {
      stream.end('data: [DONE]\n\n');
    }

    answer(response, 204, {});
  },
};

function serve(request, response) {
  const number = ++seen;
  say({ number, method: request.method, url: request.url, from: request.httpVersionMajor === 1 ? request.socket.remotePort : 0 });
  const hash = crypto.createHash('sha256');
  const start = [];
  let length = 0;
  request.on('data', data => {
    if (length === 0) {
      say({ number, began: true });
    }

    if (length < 1000) {
      start.push(data);
    }

    length += data.length;
    hash.update(data);
  });
  // A stream of HTTP/2 that is reset ends as one that is whole.
  const isCut = () => !request.complete || Boolean(request.stream && request.stream.rstCode);
  request.on('close', () => {
    if (isCut()) {
      say({ number, cut: true });
    }
  });
  request.on('end', () => {
    if (isCut()) {
      return;
    }

    const record = { number, length, sha256: hash.digest('hex') };
    say(length < 1000 ? { ...record, body: Buffer.concat(start).toString('latin1') } : record);
    const known = paths[request.url.split('?')[0]];
    if (known) {
      known(request, response);
    } else {
      const body = JSON.stringify({ method: request.method, url: request.url, headers: request.rawHeaders, version: request.httpVersion, ...record });
      answer(response, 200, { 'Content-Type': 'application/octet-stream' }, body);
    }
  });
}

// In clear, in TLS with HTTP/2 for whoever wants it, and HTTP/2 in clear.
const servers = [
  http.createServer({ keepAliveTimeout: 60_000 }, serve),
  http2.createSecureServer({ cert: fs.readFileSync(WG_CERTIFICATE), key: fs.readFileSync(WG_KEY), allowHTTP1: true }, serve),
  http2.createServer(serve),
];
servers[0].on('clientError', (error, socket) => {
  say({ problem: error.code });
  socket.destroy();
});
WG_PORT.split(' ').forEach((port, i) => servers[i].listen(Number(port), '127.0.0.1', () => say({ listening: true })));
