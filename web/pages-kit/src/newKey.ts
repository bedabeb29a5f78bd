/** A new key, for an `Idempotency-Key`. `crypto.randomUUID` is not there on insecure origins. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
