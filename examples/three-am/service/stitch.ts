import { defineProcessor, z } from 'longhaul'

/** Waits for a lock that nobody gives back: no progress, no output, no CPU time, and no ear for a friendly message. */
export default defineProcessor({
  name: 'stitch',
  version: '1.0',
  input: { slides: z.int().default(2) },
  output: { slides: z.int() },
  run({ input, progress, log }) {
    log.info(`stitching in process ${process.pid}`)
    progress({ stage: 'aligning', message: `slide 1 of ${input.slides}` })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    return { slides: input.slides }
  },
})
