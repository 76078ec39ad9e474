/** The few functions of `sodium-native` that the engine calls; the package brings no types. */
declare module 'sodium-native' {
  interface Sodium {
    /** Poly1305 of `message` under the 32 byte key r‖s, into 16 bytes. r is clamped by the function. */
    crypto_onetimeauth(mac: Uint8Array, message: Uint8Array, key: Uint8Array): void
    crypto_onetimeauth_verify(mac: Uint8Array, message: Uint8Array, key: Uint8Array): boolean
  }
  const sodium: Sodium
  export default sodium
}
