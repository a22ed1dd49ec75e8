import { readFileSync } from 'node:fs'
import { defineProcessor, z } from 'longhaul'

/** What was deployed last. */
const version = readFileSync(new URL('release.txt', import.meta.url), 'utf8').trim()

export default defineProcessor({
  name: 'thumbs',
  version,
  input: { width: z.int().default(64) },
  output: { tiles: z.int() },
  run({ input }) {
    const tile = version === '2.0' ? 0 : 16 // somebody's refactoring
    if (tile === 0) throw new RangeError('tile size 0 is no size')
    return { tiles: Math.ceil(input.width / tile) }
  },
})
