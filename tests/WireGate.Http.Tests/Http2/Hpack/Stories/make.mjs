// Writes the stories of nghttp2 with node, whose HTTP/2 it is: what the stories of make.py say, as a client of node sends it to a socket that only reads.
import { connect, sensitiveHeaders } from 'node:http2';
import { createServer } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';

const HEADERS = 1, SETTINGS = 4, CONTINUATION = 9;
const ACK = 1, END_HEADERS = 4;

// The sizes that the reader of the stories has the table have, before which block.
const RESIZES = { 3: [300], 8: [0, 4096], 13: [64, 128], 18: [0], 21: [4096] };

const sections = name => readFileSync(new URL(`${name}.txt`, import.meta.url), 'latin1').split('\nblock ').slice(1).map(block =>
  block.trimEnd().split('\n').slice(1).map(line => /^[-!] (:?[^:]+): (.*)$/s.exec(line).slice(1)));

function settings(size) {
  const frame = Buffer.from([0, 0, 6, SETTINGS, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  frame.writeUInt32BE(size, 11);
  return frame;
}

// Frames as they come, behind the preface; field blocks are put together.
function read(socket, on) {
  let rest = Buffer.alloc(0), preface = 24, block = [];
  socket.on('data', data => {
    rest = Buffer.concat([rest, data]);
    if (preface > 0 && rest.length >= preface) {
      rest = rest.subarray(preface);
      preface = 0;
    }
    while (preface === 0 && rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const [type, flags, payload] = [rest[3], rest[4], rest.subarray(9, 9 + rest.readUIntBE(0, 3))];
      rest = rest.subarray(9 + payload.length);
      if (type === HEADERS || type === CONTINUATION) {
        // HEADERS of node have a priority of five octets if that flag is set.
        block.push(flags & 0x20 && type === HEADERS ? payload.subarray(5) : payload);
        if (flags & END_HEADERS) {
          on.block(Buffer.concat(block));
          block = [];
        }
      } else if (type === SETTINGS && flags & ACK) {
        on.acknowledged();
      }
    }
  });
}

async function story(name, from, resizes) {
  const on = {};
  const server = createServer(socket => {
    socket.write(Buffer.concat([settings(4096), Buffer.from([0, 0, 0, SETTINGS, ACK, 0, 0, 0, 0])]));
    read(socket, on);
    server.socket = socket;
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  const first = new Promise(done => { on.acknowledged = done; });
  const session = connect(`http://127.0.0.1:${server.address().port}`);
  await first;
  const lines = ['table 4096'];
  for (const [number, section] of sections(from).entries()) {
    for (const size of resizes[number] ?? []) {
      const known = new Promise(done => { on.acknowledged = done; });
      server.socket.write(settings(size));
      await known;
    }
    const block = new Promise(done => { on.block = done; });
    session.request({ ...Object.fromEntries(section), [sensitiveHeaders]: ['authorization'] }).on('error', () => {});
    lines.push(`block ${(await block).toString('hex')}`);
    // nghttp2 lets nobody remember a cookie that is short enough to be guessed.
    lines.push(...section.map(([n, v]) => `${n === 'authorization' || (n === 'cookie' && v.length < 20) ? '!' : '-'} ${n}: ${v}`));
  }
  session.destroy();
  server.socket.destroy();
  server.close();
  writeFileSync(new URL(`${name}.txt`, import.meta.url), `${lines.join('\n')}\n`, 'latin1');
}

await story('nghttp2', 'huffman', {});
await story('nghttp2-small-table', 'small-table', { 0: [256] });
await story('nghttp2-resized', 'resized', RESIZES);
