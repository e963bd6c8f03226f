// An upstream that speaks WebSocket over TLS, by npm's ws. Says of each connection what it was asked, and how it ended: a line of JSON each.
'use strict';

const fs = require('node:fs');
const https = require('node:https');
const { WebSocketServer } = require('ws');

const { WG_PORT, WG_CERTIFICATE, WG_KEY, WG_REAL } = process.env;
const server = https.createServer({ cert: fs.readFileSync(WG_CERTIFICATE), key: fs.readFileSync(WG_KEY) });
const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: 64 * 1024 * 1024,
  perMessageDeflate: { threshold: 1024 },
  handleProtocols: offered => (offered.has('chat') ? 'chat' : false),
});

function say(record) {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}

const paths = {
  '/echo': socket => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  '/closes': socket => socket.on('message', () => socket.close(4001, 'enough')),
  '/cuts': socket => socket.on('message', () => socket.terminate()),
};

server.on('upgrade', (request, socket, head) => {
  const { url, headers } = request;
  say({ url, isReal: headers.authorization === `Bearer ${WG_REAL}`, offered: headers['sec-websocket-protocol'], extensions: headers['sec-websocket-extensions'] });
  const serve = paths[url.split('?')[0]];
  if (!serve) {
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\nX-Why: not here\r\n\r\nnot you');
    return;
  }

  sockets.handleUpgrade(request, socket, head, opened => {
    opened.on('close', (code, reason) => say({ url, closed: code, reason: reason.toString() }));
    opened.on('error', error => say({ url, error: error.message }));
    serve(opened);
  });
});
server.listen(Number(WG_PORT), '127.0.0.1', () => console.log('listening'));
