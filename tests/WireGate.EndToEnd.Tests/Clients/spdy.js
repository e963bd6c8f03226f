// SPDY/3.1 as far as port-forward has it, written from its draft: streams that either end opens with a few headers, and their data.
//
//   control: 1 (1), version 3 (15), type (16), flags (8), length (24); data: 0 (1), stream (31), flags (8), length (24)
//   SYN_STREAM (1): stream (32), associated (32), priority (8), slot (8), headers; SYN_REPLY (2): stream (32), headers
'use strict';

const zlib = require('node:zlib');
const { Receiver, Sender } = require('ws');

const words = 'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization cache-control '
  + 'connection content-base content-encoding content-language content-length content-location content-md5 content-range content-type date etag expect '
  + 'expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma '
  + 'proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning '
  + 'www-authenticate method get status 200+OK version HTTP/1.1 url public set-cookie keep-alive origin';
const rest = '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information204 No Content'
  + '301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable'
  + 'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,'
  + 'application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.';
const dictionary = Buffer.concat([...words.split(' ').flatMap(w => [uint32(w.length), Buffer.from(w.replace('+', ' '))]), Buffer.from(rest)]);

function uint32(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number >>> 0);
  return bytes;
}

// One block behind the other goes through the same stream.
async function through(stream, block) {
  stream.write(block);
  await new Promise(resolve => stream.flush(zlib.constants.Z_SYNC_FLUSH, resolve));
  return stream.read() ?? Buffer.alloc(0);
}

class Spdy {
  // write: gets each frame; heard: told { opened, headers } or { stream, data }.
  constructor(write, heard) {
    this.write = write;
    this.heard = heard;
    this.deflate = zlib.createDeflate({ dictionary });
    this.inflate = zlib.createInflate({ dictionary });
    this.left = Buffer.alloc(0);
    this.turn = Promise.resolve();
  }

  // The borders of what comes mean nothing.
  take(bytes) {
    this.turn = this.turn.then(async () => {
      this.left = Buffer.concat([this.left, bytes]);
      while (this.left.length >= 8 && this.left.length >= 8 + this.left.readUIntBE(5, 3)) {
        const end = 8 + this.left.readUIntBE(5, 3);
        const frame = this.left.subarray(0, end);
        this.left = this.left.subarray(end);
        await this.read(frame);
      }
    });
    return this.turn;
  }

  async read(frame) {
    if ((frame[0] & 0x80) === 0) {
      this.heard({ stream: frame.readUInt32BE(0), data: frame.subarray(8) });
      return;
    }

    const type = frame.readUInt16BE(2);
    if (type === 1 || type === 2) {
      const headers = await this.headersOf(frame.subarray(type === 1 ? 18 : 12));
      if (type === 1) {
        await this.control(2, 0, [frame.subarray(8, 12)], {});
        this.heard({ opened: frame.readUInt32BE(8), headers });
      }
    } else if (type === 6) {
      this.write(frame);
    }
  }

  async headersOf(block) {
    const plain = await through(this.inflate, block);
    const headers = {};
    let at = 4;
    const text = () => {
      const length = plain.readUInt32BE(at);
      at += 4 + length;
      return plain.toString('latin1', at - length, at);
    };
    for (let count = plain.readUInt32BE(0); count > 0; count--) {
      const name = text();
      headers[name] = text();
    }

    return headers;
  }

  open(stream, headers) {
    return this.control(1, 0, [uint32(stream), uint32(0), Buffer.alloc(2)], headers);
  }

  send(stream, data) {
    const bytes = Buffer.from(data);
    this.write(Buffer.concat([uint32(stream), uint32(bytes.length), bytes]));
  }

  async control(type, flags, parts, headers) {
    const entries = Object.entries(headers);
    const plain = Buffer.concat([uint32(entries.length), ...entries.flat().flatMap(t => [uint32(t.length), Buffer.from(t, 'latin1')])]);
    const payload = Buffer.concat([...parts, await through(this.deflate, plain)]);
    this.write(Buffer.concat([Buffer.of(0x80, 3, 0, type), uint32((flags << 24) | payload.length), payload]));
  }
}

// Within binary messages, on a connection that has been upgraded: the ws library itself takes the name of this subprotocol for none.
function tunnelled(socket, isServer, heard) {
  const [sender, receiver] = [new Sender(socket), new Receiver({ isServer })];
  const spdy = new Spdy(frame => sender.send(frame, { binary: true, fin: true, compress: false, mask: !isServer }, () => {}), heard);
  receiver.on('message', bytes => spdy.take(bytes)).on('error', () => socket.destroy());
  socket.on('error', () => {}).pipe(receiver);
  return spdy;
}

module.exports = { tunnelled, tunnel: 'SPDY/3.1+portforward.k8s.io' };
