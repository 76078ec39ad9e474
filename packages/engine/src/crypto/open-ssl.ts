import { boundOnce, type ProcessLibrary } from '../host/process-library.ts'

/**
 * The two ciphers of a repository as the OpenSSL in Node.js computes them, on memory of the caller. Node's own interface makes and drops a
 * context and a buffer for each blob, which takes two thirds of the time of a large blob and five sixths of that of a small one.
 */
export interface OpenSsl {
  /** Encrypts (which is decrypting) with AES-256-CTR. `output` has as many bytes as `input`, and may be the same memory. */
  counterMode(input: Uint8Array, output: Uint8Array, options: { readonly key: Uint8Array; readonly nonce: Uint8Array }): void
  /** Poly1305 of `message` under a key of 32 bytes, written into `mac`, which has 16. */
  poly1305(message: Uint8Array, mac: Uint8Array, options: { readonly key: Uint8Array }): void
}

/** The OpenSSL of this process, bound at the first call of each thread. Undefined where it is not within reach. */
export const openSsl: () => OpenSsl | undefined = boundOnce(bind, passesSelfTest)

function bind(library: ProcessLibrary): OpenSsl {
  const initialise = library.bind('int EVP_EncryptInit_ex(void *context, void *cipher, void *engine, const void *key, const void *nonce)')
  const update = library.bind('int EVP_EncryptUpdate(void *context, void *output, void *outputBytes, const void *input, int inputBytes)')
  const polyInitialise = library.bind('void Poly1305_Init(void *context, const void *key)')
  const polyUpdate = library.bind('void Poly1305_Update(void *context, const void *input, size_t inputBytes)')
  const polyFinish = library.bind('void Poly1305_Final(void *context, void *mac)')
  // One context for each thread and for ever; every use sets its key.
  const cipherContext: unknown = library.bind('void *EVP_CIPHER_CTX_new()')()
  const polyContext = Buffer.allocUnsafeSlow(Number(library.bind('size_t Poly1305_ctx_size()')()))
  const outputBytes = Buffer.allocUnsafeSlow(8)
  if (initialise(cipherContext, library.bind('void *EVP_aes_256_ctr()')(), null, null, null) !== 1) throw new Error('no AES-256-CTR')
  return {
    counterMode: (input, output, { key, nonce }) => {
      const done =
        initialise(cipherContext, null, null, key, nonce) === 1 && update(cipherContext, output, outputBytes, input, input.length) === 1
      if (!done || outputBytes.readInt32LE() !== input.length) throw new Error('OpenSSL failed to encrypt')
    },
    poly1305: (message, mac, { key }) => {
      polyInitialise(polyContext, key)
      polyUpdate(polyContext, message, message.length)
      polyFinish(polyContext, mac)
    },
  }
}

/** AES-256-CTR of NIST SP 800-38A, F.5.5 (first block), Poly1305 of RFC 8439, 2.5.2: a library of another make must not go unnoticed. */
function passesSelfTest(candidate: OpenSsl): boolean {
  const key = Buffer.from('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4', 'hex')
  const block = Buffer.from('6bc1bee22e409f96e93d7e117393172a', 'hex')
  candidate.counterMode(block, block, { key, nonce: Buffer.from('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff', 'hex') })
  const mac = Buffer.alloc(16)
  const macKey = Buffer.from('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b', 'hex')
  candidate.poly1305(Buffer.from('Cryptographic Forum Research Group'), mac, { key: macKey })
  return block.toString('hex') === '601ec313775789a5b7a7f504bbf3d228' && mac.toString('hex') === 'a8061dc1305136c6c22b8baf0c0127a9'
}
