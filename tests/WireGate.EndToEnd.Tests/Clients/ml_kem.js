// Another ML-KEM-768. Each line of the input is a call, and has its answer in a line of the output.
const path = require('node:path');
const readline = require('node:readline');
const { pathToFileURL } = require('node:url');

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'));

const calls = {
  generate(kem) {
    const { publicKey, secretKey } = kem.keygen();
    return [publicKey, secretKey];
  },
  encapsulate(kem, publicKey) {
    const { cipherText, sharedSecret } = kem.encapsulate(publicKey);
    return [cipherText, sharedSecret];
  },
  decapsulate(kem, secretKey, cipherText) {
    return [kem.decapsulate(cipherText, secretKey)];
  },
};

async function main() {
  // It is a module of the newer kind, for which NODE_PATH does not count.
  const file = path.join(process.env.NODE_PATH, '@noble', 'post-quantum', 'ml-kem.js');
  const { ml_kem768: kem } = await import(pathToFileURL(file));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [call, ...parameters] = line.split(' ');
    console.log(calls[call](kem, ...parameters.map(bytes)).map(hex).join(' '));
  }
}

main();
