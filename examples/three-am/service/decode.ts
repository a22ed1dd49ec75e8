import { setTimeout as sleep } from 'node:timers/promises'
import { defineProcessor, z } from 'longhaul'

/** A decoder with a bug in its native code: some frames take the whole process down. */
export default defineProcessor({
  name: 'decode',
  version: '1.0',
  concurrency: 1,
  input: { frame: z.string() },
  output: { pixels: z.int() },
  async run({ input, log }) {
    log.info(`decoding ${input.frame}`)
    await sleep(500)
    if (input.frame.startsWith('corrupt')) process.kill(process.pid, 'SIGSEGV')
    return { pixels: 1024 }
  },
})
