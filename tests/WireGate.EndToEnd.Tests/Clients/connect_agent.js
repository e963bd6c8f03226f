// An agent that goes through a proxy by CONNECT, as agents of npm do.
'use strict';

const http = require('node:http');
const https = require('node:https');
const tls = require('node:tls');

exports.ConnectAgent = class ConnectAgent extends https.Agent {
  constructor(proxy, url, options = {}) {
    super(options);
    this.through = new URL(proxy);
    this.to = new URL(url);
    this.trusted = options.ca;
  }

  createConnection(options, callback) {
    http.request({ host: this.through.hostname, port: this.through.port, method: 'CONNECT', path: `${this.to.hostname}:${this.to.port}` })
      .on('connect', (response, socket) => {
        if (response.statusCode !== 200) {
          callback(new Error(`CONNECT ${response.statusCode}`));
          return;
        }

        callback(null, tls.connect({ socket, servername: this.to.hostname, ca: this.trusted }));
      })
      .on('error', callback)
      .end();
  }
};
