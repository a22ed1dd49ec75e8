/** Takes bytes as they come, gives the digest in lower-case hex once. Node's `createHash('sha256')` is wrapped by node.ts. */
export interface Hasher {
  update(bytes: Uint8Array): void
  digestHex(): string
}

/**
 * SHA-256 in steps, for platforms whose own (`crypto.subtle`) wants all bytes at once. FIPS 180-4; the constants are the first
 * 32 bits of the fractional parts of the square and cube roots of the first primes, so they are computed, not listed.
 */
export function sha256(): Hasher {
  const state = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))
  const block = new Uint8Array(64)
  const words = new Uint32Array(64)
  let filled = 0
  let total = 0

  const compress = (bytes: Uint8Array, from: number): void => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + from, 64)
    for (let i = 0; i < 16; i++) words[i] = view.getUint32(i * 4)
    for (let i = 16; i < 64; i++) {
      const a = words[i - 15]!
      const b = words[i - 2]!
      const mixA = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)
      const mixB = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10)
      words[i] = words[i - 16]! + mixA + words[i - 7]! + mixB
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as Eight
    for (let i = 0; i < 64; i++) {
      const sumE = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)
      const choice = (e & f) ^ (~e & g)
      const first = (h + sumE + choice + roundConstants[i]! + words[i]!) | 0
      const sumA = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)
      const majority = (a & b) ^ (a & c) ^ (b & c)
      h = g
      g = f
      f = e
      e = (d + first) | 0
      d = c
      c = b
      b = a
      a = (first + sumA + majority) | 0
    }
    ;[a, b, c, d, e, f, g, h].forEach((value, i) => (state[i]! += value))
  }

  const update = (bytes: Uint8Array): void => {
    total += bytes.length
    let at = 0
    if (filled > 0) {
      at = Math.min(64 - filled, bytes.length)
      block.set(bytes.subarray(0, at), filled)
      filled += at
      if (filled < 64) return
      compress(block, 0)
      filled = 0
    }
    for (; at + 64 <= bytes.length; at += 64) compress(bytes, at)
    block.set(bytes.subarray(at))
    filled = bytes.length - at
  }

  const digestHex = (): string => {
    const bits = total * 8
    const padding = new Uint8Array((filled < 56 ? 64 : 128) - filled)
    padding[0] = 0x80
    const view = new DataView(padding.buffer)
    view.setUint32(padding.length - 8, Math.floor(bits / 2 ** 32))
    view.setUint32(padding.length - 4, bits >>> 0)
    update(padding)
    return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('')
  }
  return { update, digestHex }
}

type Eight = [number, number, number, number, number, number, number, number]
const turn = (word: number, by: number): number => (word >>> by) | (word << (32 - by))
const fraction = (root: number): number => ((root % 1) * 2 ** 32) | 0
const primes: readonly number[] = firstPrimes(64)
const roundConstants = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)))

function firstPrimes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n)
  return found
}
