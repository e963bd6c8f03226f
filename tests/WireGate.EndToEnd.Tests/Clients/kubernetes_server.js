// Stands in for an API server, over HTTP/2 for whoever wants it: answers with what a real one gave to the same requests, and for exec and port-forward
// speaks the WebSocket subprotocols of newer ones, written from their specification (KEP-4006, k8s.io/apimachinery/pkg/util/remotecommand):
//
//   each message: channel (8), data; exec: 0 stdin, 1 stdout, 2 stderr, 3 error, 4 resize; of v5 also 255: the channel named behind it is closed.
//   port-forward (v4): channels 0 and 1 are data and errors of the first port, each begins with the port (16, little-endian).
//   port-forward (SPDY/3.1+portforward.k8s.io): SPDY within binary messages, a stream for errors and one for data of each connection to a port.
//
// Says of each request what it was, a line of JSON.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const http2 = require('node:http2');
const { WebSocketServer } = require('ws');
const { tunnelled, tunnel } = require('./spdy.js');

const { WG_PORT, WG_CERTIFICATE, WG_KEY, WG_RECORDED } = process.env;
const recorded = new Map();
for (const line of fs.readFileSync(WG_RECORDED, 'utf8').trim().split('\n')) {
  const { Request, Steps } = JSON.parse(line);
  if (!recorded.has(keyOf(Request))) {
    recorded.set(keyOf(Request), Buffer.from(Steps[0].Bytes, 'latin1'));
  }
}

// Clients write the same query in other orders.
function keyOf(request) {
  const [method, target] = request.split(' ');
  const url = new URL(target, 'https://x');
  url.searchParams.sort();
  return `${method} ${url.pathname}${url.search}`;
}

function say(record) {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}

function unchunked(body) {
  const parts = [];
  for (let at = 0; at < body.length;) {
    const end = body.indexOf('\r\n', at);
    const size = parseInt(body.subarray(at, end).toString(), 16);
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 4 + size;
  }

  return Buffer.concat(parts);
}

// An OpenAPI document of version 2.0 that describes no types: openapi.v2.Document { string swagger = 1; }
const types = Buffer.concat([Buffer.of(0x0a, 3), Buffer.from('2.0')]);

// Objects that are made here, with a uid each.
const made = new Map();

function create(url, request, response) {
  const parts = [];
  request.on('data', part => parts.push(part)).on('end', () => {
    const object = JSON.parse(Buffer.concat(parts).toString());
    object.metadata.uid = crypto.randomUUID();
    made.set(`${url.split('?')[0]}/${object.metadata.name}`, object);
    answer(response, 201, object);
  });
}

function answer(response, status, object) {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(object));
}

function serve(request, response) {
  const { method, url, httpVersion, headers } = request;
  say({ method, url, version: httpVersion, authorization: headers.authorization, user: headers['impersonate-user'] });
  const path = url.split('?')[0];
  if (path === '/openapi/v2') {
    response.writeHead(200, { 'Content-Type': 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' }).end(types);
    return;
  }

  if (path.includes('/configmaps')) {
    if (method === 'POST') {
      create(url, request, response);
    } else if (made.has(path)) {
      answer(response, 200, made.get(path));
    } else {
      answer(response, 404, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'NotFound', code: 404 });
    }

    return;
  }

  const bytes = recorded.get(keyOf(`${method} ${url}`)) ?? recorded.get(method === 'PATCH' ? keyOf(`GET ${url.split('?')[0]}`) : '');
  if (!bytes) {
    response.writeHead(418, { 'Content-Length': 0 }).end();
    return;
  }

  const split = bytes.indexOf('\r\n\r\n');
  const [status, ...fields] = bytes.subarray(0, split).toString('latin1').split('\r\n');
  const isChunked = fields.some(f => f.toLowerCase() === 'transfer-encoding: chunked');
  for (const [name, value] of fields.map(f => f.split(/: (.*)/))) {
    if (!['connection', 'transfer-encoding', 'content-length'].includes(name.toLowerCase())) {
      response.setHeader(name, value);
    }
  }

  const body = bytes.subarray(split + 4);
  response.writeHead(Number(status.split(' ')[1]));
  request.resume().on('end', () => (/[?&]watch=true/.test(url) ? response.write(unchunked(body)) : response.end(isChunked ? unchunked(body) : body)));
}

const sockets = new WebSocketServer({
  noServer: true,
  handleProtocols: offered => ['v5.channel.k8s.io', 'v4.channel.k8s.io'].find(p => offered.has(p)) ?? false,
});

function exec(socket) {
  const input = [];
  socket.on('message', data => {
    if (data[0] === 0) {
      input.push(data.subarray(1));
    } else if (data[0] === 255 && data[1] === 0) {
      const status = { metadata: {}, status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '7' }] } };
      socket.send(Buffer.concat([Buffer.of(1), Buffer.from(Buffer.concat(input).toString().toUpperCase())]));
      socket.send(Buffer.concat([Buffer.of(2), Buffer.from('oops\n')]));
      socket.send(Buffer.concat([Buffer.of(3), Buffer.from(JSON.stringify(status))]));
      socket.close(1000);
    }
  });
}

function portForward(socket, url) {
  const port = Buffer.alloc(2);
  port.writeUInt16LE(Number(url.searchParams.get('ports')));
  socket.send(Buffer.concat([Buffer.of(0), port]));
  socket.send(Buffer.concat([Buffer.of(1), port]));
  socket.on('message', data => socket.send(Buffer.concat([Buffer.of(0), Buffer.from(`you said ${data.subarray(1)}`)])));
}

function tunnelPorts(request, socket, head) {
  const accept = crypto.createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${tunnel}\r\n\r\n`);
  socket.unshift(head);
  const kinds = new Map();
  const spdy = tunnelled(socket, true, ({ opened, headers, stream, data }) => {
    if (opened) {
      kinds.set(opened, headers);
    } else if (kinds.get(stream).streamtype === 'data' && data.length > 0) {
      spdy.send(stream, `port ${kinds.get(stream).port} heard ${data}`);
    }
  });
}

const server = http2.createSecureServer({ cert: fs.readFileSync(WG_CERTIFICATE), key: fs.readFileSync(WG_KEY), allowHTTP1: true }, serve);
server.on('upgrade', (request, socket, head) => {
  const url = new URL(request.url, 'https://x');
  say({ method: request.method, url: request.url, version: request.httpVersion, authorization: request.headers.authorization, user: request.headers['impersonate-user'], upgrade: request.headers.upgrade });
  if (request.headers['sec-websocket-protocol'] === tunnel) {
    tunnelPorts(request, socket, head);
    return;
  }

  sockets.handleUpgrade(request, socket, head, opened => (url.pathname.endsWith('/exec') ? exec(opened) : portForward(opened, url)));
});
server.listen(Number(WG_PORT), '127.0.0.1', () => console.log('listening'));
