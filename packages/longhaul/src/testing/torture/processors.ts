import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import {
  defineProcessor,
  file,
  PermanentError,
  RetryableError,
  z,
  type RunContext,
} from '../../index.ts'
import { appendEvidence, type LedgerLine } from './evidence.ts'
import { ledgerVariable } from './server-plan.ts'
import { narrowLimit, outputBytes, outputName, outputSizes, stepValue, tasks } from './work.ts'

/** Signs the ledger at its start, ten times a second while it runs, and at its end unless it is killed. */
async function signed<T>(
  { tag, queue }: Pick<LedgerLine, 'tag' | 'queue'>,
  body: (author: string) => Promise<T>,
): Promise<T> {
  const author = process.env['LONGHAUL_ATTEMPT_ID'] ?? ''
  const [job = '', attempt, nonce = ''] = author.split('.')
  const sign = (what: LedgerLine['what']): void => {
    const line: LedgerLine = {
      ...{ what, at: Date.now(), job, attempt: Number(attempt), nonce, tag, queue },
      ...{ pid: process.pid, server: process.ppid },
    }
    appendEvidence(process.env[ledgerVariable] ?? '', line)
  }
  sign('start')
  const beat = setInterval(() => sign('beat'), 100)
  try {
    const value = await body(author)
    sign('end')
    return value
  } finally {
    clearInterval(beat)
  }
}

/** A grandchild that outlives its parent and its process group unless somebody looks for it. */
function leaveGrandchild(): void {
  spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).unref()
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

const valueFile = 'value.txt'
const stepMs = 15

/** A simulation: its state is a number of steps and a file, its output one record a step. */
async function simulate(
  { tag, steps }: { readonly tag: string; readonly steps: number },
  context: Pick<RunContext<Record<never, never>>, 'outputs' | 'signal' | 'restored' | 'checkpoint'>,
): Promise<void> {
  const { outputs, signal, restored, checkpoint } = context
  const records = outputs.records('rows')
  let value = restored === undefined ? '' : await readFile(valueFile, 'utf8')
  for (let step = Number(restored ?? 0); step < steps; step++) {
    await pause(stepMs, undefined, { signal })
    value = stepValue(value, tag, step)
    await records.write({ step, value })
    await writeFile(valueFile, value)
    await checkpoint(() => step + 1, { files: [valueFile], every: '100ms' })
  }
}

const torture = defineProcessor({
  name: 'torture',
  version: '1.0.0',
  input: {
    tag: z.string(),
    task: z.enum(tasks),
    source: file().optional(),
    sourceSha256: z.string().optional(),
    ms: z.int().default(0),
    steps: z.int().default(0),
  },
  output: { tag: z.string(), author: z.string() },
  retry: { attempts: 3 },
  run: ({ input, attempt, outputs, signal, track, restored, checkpoint }) =>
    signed({ tag: input.tag, queue: 'torture' }, async (author) => {
      const { task, tag, ms } = input
      if (task === 'refuse') throw new PermanentError('Told to refuse')
      if (task === 'stubborn' && attempt < 3)
        throw new RetryableError({ message: `Told to fail attempt ${attempt}`, retryAfterMs: 50 })
      if (task === 'litter') leaveGrandchild()
      if (task === 'slow' || task === 'litter')
        for await (const step of track(
          Array.from({ length: 10 }, (_, n) => n),
          'steps',
        ))
          await pause(ms / 10, step, { signal })
      if (task === 'files') {
        if (input.source && (await sha256Of(input.source.path)) !== input.sourceSha256)
          throw new PermanentError('The staged input has other bytes than were uploaded')
        for (const index of outputSizes.keys()) {
          await pause(ms / outputSizes.length, undefined, { signal })
          await outputs.write(outputName(index), outputBytes(author, tag, index))
        }
      }
      if (task === 'steps') await simulate(input, { outputs, signal, restored, checkpoint })
      return { tag, author }
    }),
})

/** The whole fleet may run so many at once, however many slots it has. */
const narrow = defineProcessor({
  name: 'narrow',
  version: '1.0.0',
  concurrency: narrowLimit,
  input: {
    tag: z.string(),
    task: z.enum(tasks),
    ms: z.int().default(0),
    steps: z.int().default(0),
  },
  output: { tag: z.string(), author: z.string() },
  retry: { attempts: 3 },
  run: ({ input: { tag, ms }, signal }) =>
    signed({ tag, queue: 'narrow' }, async (author) => {
      await pause(ms, undefined, { signal })
      return { tag, author }
    }),
})

export default [torture, narrow]
