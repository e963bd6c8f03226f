// An upstream that wants to see a certificate: says of each request whose it saw, on which connection, and whether that goes on with a session of TLS.
'use strict';

const fs = require('node:fs');
const http2 = require('node:http2');

const { WG_PORT, WG_CERTIFICATE, WG_KEY, WG_CLIENTS } = process.env;
let connections = 0;

const server = http2.createSecureServer({
  cert: fs.readFileSync(WG_CERTIFICATE),
  key: fs.readFileSync(WG_KEY),
  ca: fs.readFileSync(WG_CLIENTS),
  requestCert: true,
  rejectUnauthorized: true,
  allowHTTP1: true,
  // So that a session may be gone on with at any later time.
  sessionIdContext: 'clients',
}, (request, response) => {
  const session = request.stream && request.stream.session;
  const of = session ? session.socket : request.socket;
  process.stdout.write(`${JSON.stringify({
    url: request.url,
    version: request.httpVersion,
    connection: of.number,
    resumed: of.resumed,
    subject: of.shown,
  })}\n`);
  const isLast = request.url.endsWith('close');
  response.writeHead(204, isLast && !session ? { Connection: 'close' } : {});
  response.end(() => isLast && session && session.close());
});
server.on('secureConnection', socket => {
  socket.number = ++connections;
  socket.resumed = socket.isSessionReused();
  socket.shown = socket.getPeerCertificate().subject.CN;
});
server.listen(Number(WG_PORT), '127.0.0.1', () => process.stdout.write('listening\n'));
