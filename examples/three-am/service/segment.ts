import { setTimeout as sleep } from 'node:timers/promises'
import { defineProcessor, z } from 'longhaul'

/** A long, well-behaved job. */
export default defineProcessor({
  name: 'segment',
  version: '1.0',
  input: { tiles: z.int().default(30) },
  output: { tiles: z.int() },
  async run({ input, track }) {
    for await (const _tile of track(Array.from({ length: input.tiles }), 'tiles')) await sleep(200)
    return { tiles: input.tiles }
  },
})
