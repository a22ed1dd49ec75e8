import { randomFillSync } from 'node:crypto'

// Crockford's base 32, lower case: sorts as it counts, no letter is mistaken for a digit.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** `<prefix>_` and 26 characters: 48 bits of time, 80 random bits (the ULID layout). Sorts by creation time. */
export function newId(prefix: string, now = Date.now()): string {
  let time = ''
  for (let left = now, i = 0; i < 10; i++, left = Math.floor(left / 32)) {
    time = alphabet.charAt(left % 32) + time
  }
  let random = ''
  for (const byte of randomBytes16()) random += alphabet.charAt(byte & 31)
  return `${prefix}_${time}${random}`
}

// The system is asked for many at once: a request makes several ids.
const pool = new Uint8Array(16 * 256)
let used = pool.length

function randomBytes16(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += 16
  return pool.subarray(used - 16, used)
}
