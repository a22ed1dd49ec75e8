import { createReadStream } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { defineProcessor, file, z } from 'longhaul'

/** Burns one core. */
const burn = defineProcessor({
  name: 'burn',
  version: '1.0.0',
  input: { seconds: z.number() },
  output: { turns: z.int() },
  run: async ({ input }) => {
    const until = performance.now() + input.seconds * 1000
    let turns = 0
    for (let x = 1; performance.now() < until; turns++)
      for (let n = 0; n < 1e6; n++) x = (x * 48_271) % 2_147_483_647
    return { turns }
  },
})

/** Says when its code began to run. */
const clock = defineProcessor({
  name: 'clock',
  version: '1.0.0',
  input: {},
  output: { startedAt: z.number() },
  run: async () => ({ startedAt: performance.timeOrigin + performance.now() }),
})

/** Holds its slot, so that what is submitted behind it waits in the queue. */
const hold = defineProcessor({
  name: 'hold',
  version: '1.0.0',
  input: { seconds: z.number() },
  output: {},
  concurrency: 1,
  run: async ({ input, signal }) => {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, input.seconds * 1000)
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()))
    })
    return {}
  },
})

/** Gives back what it got, through its own memory. */
const copy = defineProcessor({
  name: 'copy',
  version: '1.0.0',
  input: { source: file() },
  output: { copy: file() },
  run: async ({ input, outputs }) => ({
    copy: await outputs.write('copy.bin', createReadStream(input.source.path)),
  }),
})

/** Reads a file and says how long it is. */
const length = defineProcessor({
  name: 'length',
  version: '1.0.0',
  input: { source: file() },
  output: { length: z.int() },
  run: async ({ input }) => ({ length: (await input.source.text()).length }),
})

/** Does nothing, in the service's own process. */
const noop = defineProcessor({
  name: 'noop',
  version: '1.0.0',
  runner: 'inline',
  input: {},
  output: {},
  run: async () => ({}),
})

/** Waits for somebody else, as a call of a remote service does. */
const remote = defineProcessor({
  name: 'remote',
  version: '1.0.0',
  runner: 'inline',
  input: { ms: z.number() },
  output: {},
  run: async ({ input, signal }) => {
    await pause(input.ms, undefined, { signal })
    return {}
  },
})

/** Tells ten times a second how far it is. */
const chatty = defineProcessor({
  name: 'chatty',
  version: '1.0.0',
  runner: 'inline',
  input: { seconds: z.number() },
  output: {},
  run: async ({ input, signal, progress }) => {
    const updates = input.seconds * 10
    for (let n = 1; n <= updates; n++) {
      await pause(100, undefined, { signal })
      progress(n, updates)
    }
    return {}
  },
})

export default [burn, clock, hold, copy, length, noop, remote, chatty]
