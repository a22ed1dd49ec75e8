import { createHash } from 'node:crypto'

const firstMs = 1_000
const longestMs = 10 * 60_000

/**
 * How long a job waits after its nth failure: 1 s, 2 s, 4 s … at most 10 min, each shortened by up to a quarter. The
 * jitter comes from the seed, so that a thousand jobs that failed together do not come back together, and yet the same
 * history gives the same waits.
 */
export function backoffMs(failures: number, seed: string): number {
  const wait = Math.min(firstMs * 2 ** Math.max(0, failures - 1), longestMs)
  const hash = createHash('sha256').update(`${seed}.${failures}`).digest()
  return Math.round(wait * (1 - (hash.readUInt32BE(0) / 0xffff_ffff) * 0.25))
}
