// @grpc/grpc-js as a server, and as a client that runs the cases of gRPC's interoperability tests through the gateway. Messages are bytes: a service
// of four methods needs no more. "server" as the first argument serves; else each case that passed is a line.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const grpc = require('@grpc/grpc-js');

const { WG_PORT, WG_ADDRESS, WG_AUTHORITY, WG_PLACEHOLDER, WG_REAL } = process.env;
const bytes = value => value;
const method = (path, requestStream, responseStream) => ({
  path, requestStream, responseStream, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes,
});
const definition = {
  unary: method('/wiregate.Test/Unary', false, false),
  upload: method('/wiregate.Test/Upload', true, false),
  download: method('/wiregate.Test/Download', false, true),
  chat: method('/wiregate.Test/Chat', true, true),
  missing: method('/wiregate.Test/Missing', false, false),
  denied: method('/admin/Denied', false, false),
};
const special = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';

function serve() {
  const server = new grpc.Server();
  const { missing, denied, ...served } = definition;
  server.addService(served, {
    unary(call, done) {
      const wants = call.metadata.get('x-wants')[0];
      assert.strictEqual(call.metadata.get('authorization')[0], `Bearer ${WG_REAL}`);
      const trailer = new grpc.Metadata();
      for (const name of ['x-echo', 'x-echo-bin']) {
        for (const value of call.metadata.get(name)) {
          trailer.add(name, value);
        }
      }

      if (wants === 'status') {
        done({ code: 2, details: 'test status message' }, null, trailer);
      } else if (wants === 'special') {
        done({ code: 2, details: special }, null, trailer);
      } else if (wants === 'secret') {
        done({ code: 3, details: `not ${WG_REAL}` }, null, trailer);
      } else if (wants !== 'nothing') {
        done(null, call.request, trailer);
      }
    },
    upload(call, done) {
      let length = 0;
      call.on('data', data => { length += data.length; }).on('end', () => done(null, Buffer.from(String(length)))).on('error', () => {});
    },
    download(call) {
      for (const size of String(call.request).split(' ')) {
        call.write(Buffer.alloc(Number(size), 'd'));
      }

      call.end();
    },
    chat(call) {
      call.on('data', data => call.write(data)).on('end', () => call.end()).on('error', () => {});
      call.on('cancelled', () => process.stdout.write('cancelled\n'));
    },
  });
  server.bindAsync(`127.0.0.1:${WG_PORT}`, grpc.ServerCredentials.createInsecure(), error => {
    assert.ifError(error);
    process.stdout.write('listening\n');
  });
}

const metadata = (fields = {}) => {
  const made = new grpc.Metadata();
  made.set('authorization', `Bearer ${WG_PLACEHOLDER}`);
  for (const [name, value] of Object.entries(fields)) {
    made.set(name, value);
  }

  return made;
};

function unary(client, name, body, fields = {}, options = {}) {
  return new Promise(resolve => {
    const call = client[name](body, metadata(fields), options, (error, answer) => { call.answer = { error, answer }; });
    call.on('status', status => setImmediate(() => resolve({ ...call.answer, status })));
  });
}

function collect(call) {
  return new Promise(resolve => {
    const sizes = [];
    call.on('data', data => sizes.push(data.length)).on('error', () => {});
    call.on('status', status => resolve({ sizes, status }));
  });
}

const cases = {
  async empty_unary(client) {
    const { error, answer } = await unary(client, 'unary', Buffer.alloc(0));
    assert.ifError(error);
    assert.strictEqual(answer.length, 0);
  },
  async large_unary(client) {
    const { error, answer } = await unary(client, 'unary', Buffer.alloc(2_000_000, 'x'));
    assert.ifError(error);
    assert.ok(answer.equals(Buffer.alloc(2_000_000, 'x')));
  },
  client_streaming: client => new Promise((resolve, reject) => {
    const call = client.upload(metadata(), (error, answer) => (error ? reject(error) : resolve(assert.strictEqual(String(answer), '74922'))));
    [27182, 8, 1828, 45904].forEach(size => call.write(Buffer.alloc(size)));
    call.end();
  }),
  async server_streaming(client) {
    const { sizes, status } = await collect(client.download(Buffer.from('31415 9 2653 58979'), metadata()));
    assert.deepStrictEqual([sizes, status.code], [[31415, 9, 2653, 58979], 0]);
  },
  ping_pong: client => new Promise((resolve, reject) => {
    const call = client.chat(metadata());
    const sizes = [27182, 8, 1828, 45904];
    let at = 0;
    call.on('data', data => {
      assert.strictEqual(data.length, sizes[at]);
      if (++at === sizes.length) {
        call.end();
      } else {
        call.write(Buffer.alloc(sizes[at]));
      }
    }).on('error', reject).on('status', status => resolve(assert.deepStrictEqual([at, status.code], [4, 0])));
    call.write(Buffer.alloc(sizes[0]));
  }),
  cancel_after_begin: client => new Promise(resolve => {
    const call = client.upload(metadata(), error => resolve(assert.strictEqual(error.code, 1)));
    setImmediate(() => call.cancel());
  }),
  cancel_after_first_response: client => new Promise(resolve => {
    const call = client.chat(metadata());
    call.on('data', () => call.cancel()).on('error', () => {}).on('status', status => resolve(assert.strictEqual(status.code, 1)));
    call.write(Buffer.alloc(31415));
  }),
  async timeout_on_sleeping_server(client) {
    const { status } = await unary(client, 'unary', Buffer.alloc(1), { 'x-wants': 'nothing' }, { deadline: Date.now() + 300 });
    assert.strictEqual(status.code, 4);
  },
  async custom_metadata(client) {
    const { error, status } = await unary(client, 'unary', Buffer.alloc(1), { 'x-echo': 'test_initial_metadata_value', 'x-echo-bin': Buffer.from([0xab, 0xab, 0xab]) });
    assert.ifError(error);
    assert.deepStrictEqual(status.metadata.get('x-echo'), ['test_initial_metadata_value']);
    assert.ok(status.metadata.get('x-echo-bin')[0].equals(Buffer.from([0xab, 0xab, 0xab])));
  },
  async status_code_and_message(client) {
    const { status } = await unary(client, 'unary', Buffer.alloc(1), { 'x-wants': 'status' });
    assert.deepStrictEqual([status.code, status.details], [2, 'test status message']);
  },
  async special_status_message(client) {
    const { status } = await unary(client, 'unary', Buffer.alloc(1), { 'x-wants': 'special' });
    assert.deepStrictEqual([status.code, status.details], [2, special]);
  },
  async unimplemented_method(client) {
    const { status } = await unary(client, 'missing', Buffer.alloc(1));
    assert.strictEqual(status.code, 12);
  },

  // What the gateway does.
  async echoed_secret(client) {
    const { status } = await unary(client, 'unary', Buffer.alloc(1), { 'x-wants': 'secret' });
    assert.deepStrictEqual([status.code, status.details], [3, `not ${'*'.repeat(WG_REAL.length)}`]);
  },
  async denied(client) {
    const { status } = await unary(client, 'denied', Buffer.alloc(1));
    assert.strictEqual(status.code, 7);
    assert.match(status.details, /^denied by rule "no-admin": not for agents \(ref [0-9A-Z]{6}\)$/);
  },
  async placeholder_elsewhere(client) {
    const { status } = await unary(client, 'unary', Buffer.alloc(1), { 'x-echo-bin': Buffer.from(WG_PLACEHOLDER) });
    assert.strictEqual(status.code, 13);
  },
};

async function ask() {
  const channel = WG_AUTHORITY ? grpc.credentials.createSsl(fs.readFileSync(WG_AUTHORITY)) : grpc.credentials.createInsecure();
  const client = new (grpc.makeGenericClientConstructor(definition, 'wiregate.Test'))(WG_ADDRESS, channel);
  for (const [name, run] of Object.entries(cases)) {
    await run(client);
    console.log(name);
  }

  client.close();
}

if (process.argv[2] === 'server') {
  serve();
} else {
  ask().catch(error => {
    console.error(error);
    process.exit(1);
  });
}
