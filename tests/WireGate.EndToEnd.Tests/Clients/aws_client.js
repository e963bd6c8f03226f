// The SDK's client of S3, whose access key is a placeholder: what it writes is what it reads.
'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const { Readable } = require('node:stream');
const { ConnectAgent } = require('./connect_agent');
const { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } = require('@aws-sdk/client-s3');

const { WG_URL, WG_PLACEHOLDER, WG_PROXY } = process.env;
const client = new S3Client({
  endpoint: WG_URL,
  region: 'us-east-1',
  forcePathStyle: true,
  maxAttempts: 1,
  ...(WG_PROXY ? { requestHandler: { httpsAgent: new ConnectAgent(WG_PROXY, WG_URL) } } : {}),
  credentials: { accessKeyId: WG_PLACEHOLDER, secretAccessKey: 'anything' },
});

async function read(Key) {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'b', Key }));
  return Buffer.from(await Body.transformToByteArray());
}

(async () => {
  const keys = ['plain', "a b+c/d'(1)!*.txt", 'é/ü~&=?#'];
  for (const Key of keys) {
    const Body = crypto.randomBytes(10_000);
    await client.send(new PutObjectCommand({ Bucket: 'b', Key, Body, ContentType: 'application/octet-stream' }));
    assert.deepStrictEqual(await read(Key), Body);
  }

  const large = crypto.randomBytes(3_000_000);
  await client.send(new PutObjectCommand({ Bucket: 'b', Key: 'large', Body: large }));
  assert.deepStrictEqual(await read('large'), large);

  // Of what streams the hash is not known when it begins: aws-chunked.
  await client.send(new PutObjectCommand({ Bucket: 'b', Key: 'stream', Body: Readable.from([large.subarray(0, 99_999), large.subarray(99_999)]), ContentLength: large.length }));
  assert.deepStrictEqual(await read('stream'), large);

  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: 'b', Prefix: 'a b+' }));
  assert.ok(Contents.some(c => c.Key === 'large'));
  await client.send(new DeleteObjectCommand({ Bucket: 'b', Key: keys[1] }));
  await assert.rejects(read(keys[1]), { name: 'NoSuchKey' });
  console.log('as with S3');
})().catch(error => {
  console.error(error);
  process.exit(1);
});
