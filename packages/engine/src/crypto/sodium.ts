import { createRequire } from 'node:module'
import { nativeCall } from '../host/native-calls.ts'

/** The one function of `sodium-native` that the engine calls; the package brings no types. */
interface Sodium {
  crypto_onetimeauth(mac: Uint8Array, message: Uint8Array, key: Uint8Array): void
}

let loaded: Sodium | undefined

/**
 * Poly1305 of `message` under a key of 32 bytes, written into `mac`, which has 16; the function clamps the key. The library is loaded at
 * the first call, since it takes ten milliseconds of every thread and most threads never need it.
 */
export function sodiumPoly1305(message: Uint8Array, mac: Uint8Array, options: { readonly key: Uint8Array }): void {
  nativeCall(() => {
    loaded ??= createRequire(import.meta.url)('sodium-native') as Sodium
    loaded.crypto_onetimeauth(mac, message, options.key)
  })
}
