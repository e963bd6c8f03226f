// npm's @kubernetes/client-node with the kubeconfig that it is given: an object, a watch, a program over WebSocket, and a connection to a port. It speaks
// no SPDY within WebSocket, as newer kubectls do: that is done here by hand.
'use strict';

const assert = require('node:assert');
const https = require('node:https');
const path = require('node:path');
const { PassThrough, Readable } = require('node:stream');
const { pathToFileURL } = require('node:url');
const { tunnelled, tunnel } = require('./spdy.js');

const { WG_KUBECONFIG, NODE_PATH } = process.env;

async function text(stream) {
  const parts = [];
  for await (const part of stream) {
    parts.push(part);
  }

  return Buffer.concat(parts).toString();
}

const words = {
  async get(k8s, config) {
    const { metadata } = await config.makeApiClient(k8s.CoreV1Api).readNamespacedPod({ namespace: 'shop', name: 'web-1' });
    console.log(`get ${metadata.name} ${metadata.uid}`);
  },
  async watch(k8s, config) {
    const seen = await new Promise((resolve, reject) => {
      new k8s.Watch(config).watch(
        '/api/v1/namespaces/shop/pods', { resourceVersion: 211 }, (type, object) => resolve([type, object]), error => error && reject(error)).catch(reject);
    });
    console.log(`watch ${seen[0]} ${seen[1].rows[0].object.metadata.uid}`);
  },
  async exec(k8s, config) {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const [out, err] = [text(stdout), text(stderr)];
    const status = await new Promise((resolve, reject) => {
      new k8s.Exec(config).exec('shop', 'web-1', 'main', ['sh', '-c', 'tr a-z A-Z'], stdout, stderr, Readable.from([Buffer.from('from here\n')]), false, resolve).catch(reject);
    });
    assert.strictEqual(status.details.causes[0].message, '7');
    console.log(`exec ${(await out).trim()} ${(await err).trim()}`);
  },
  async forward(k8s, config) {
    const [output, input] = [new PassThrough(), new PassThrough()];
    const socket = await new k8s.PortForward(config).portForward('shop', 'web-1', [8080], output, null, input);
    input.write('hello');
    const [back] = await new Promise(resolve => output.on('data', data => data.length > 0 && resolve([data.toString()])));
    console.log(`forward ${back}`);
    socket.close();
  },
  async tunnel(k8s, config) {
    const options = {};
    await config.applyToHTTPSOptions(options);
    const asked = https.request(`${config.getCurrentCluster().server}/api/v1/namespaces/shop/pods/web-1/portforward`, {
      ...options,
      headers: {
        ...options.headers, Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol': tunnel,
      },
    }).end();
    const socket = await new Promise((resolve, reject) => {
      asked.on('error', reject).on('response', r => reject(new Error(`${r.statusCode}`))).on('upgrade', (response, upgraded) => resolve(upgraded));
    });
    const back = await new Promise(resolve => {
      const spdy = tunnelled(socket, false, ({ data }) => data && resolve(data));
      spdy.open(1, { streamtype: 'error', port: '8080', requestid: '0' })
        .then(() => spdy.open(3, { streamtype: 'data', port: '8080', requestid: '0' }))
        .then(() => spdy.send(3, 'hello'));
    });
    console.log(`tunnel ${back}`);
    socket.destroy();
  },
};

(async () => {
  const k8s = await import(pathToFileURL(path.join(NODE_PATH, '@kubernetes/client-node/dist/index.js')));
  const config = new k8s.KubeConfig();
  config.loadFromFile(WG_KUBECONFIG);
  for (const word of process.argv.slice(2)) {
    await words[word](k8s, config);
  }

  process.exit(0);
})().catch(error => {
  console.error(error);
  process.exit(1);
});
