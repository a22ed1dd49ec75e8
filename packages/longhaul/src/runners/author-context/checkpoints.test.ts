import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { defineProcessor, z } from '../../index.ts'
import type { RunContext } from '../../processor/index.ts'
import type { CheckpointMessage, FromProcessor, RunMessage } from '../messages.ts'
import { AttemptOrders } from './attempt-orders.ts'
import { runAttempt } from './run-attempt.ts'

let workspace: string
let said: FromProcessor[]
let orders: AttemptOrders
/** How the supervisor answers a checkpoint; it answers none while undefined. */
let answer: { saved: boolean; stop?: boolean } | undefined
beforeEach(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'longhaul-checkpoints-'))
  said = []
  orders = new AttemptOrders()
  answer = { saved: true }
})
afterEach(() => rm(workspace, { recursive: true, force: true }))

type Run = (ctx: RunContext<Record<never, never>>) => unknown
function attempt(run: Run, restored?: CheckpointMessage) {
  const message: RunMessage = {
    type: 'run',
    job_id: 'j_1',
    attempt: 1,
    attempt_id: 'j_1.1.n',
    processor: 'p',
    workspace,
    input: {},
    inputs: [],
    ...(restored ? { restored: restored.state, restored_writers: restored.writers } : {}),
    limits: { records_file_bytes: 40, shard_bytes: 2000 },
  }
  const send = (one: FromProcessor): void => {
    said.push(one)
    if (one.type !== 'checkpoint' || !answer) return
    const told = { type: 'checkpointed', ...answer } as const
    setImmediate(() => orders.heed(told))
  }
  const processor = defineProcessor({ name: 'p', run })
  return runAttempt({ processor, warm: undefined, message, channel: { send }, orders })
}
const checkpoints = () => said.filter((one) => one.type === 'checkpoint')
const outputNames = () => said.flatMap((one) => (one.type === 'output' ? [one.name] : []))

it('is lazy: neither asks for the state nor sends it before it is due', async () => {
  await attempt(async ({ checkpoint }) => {
    const refuse = (): never => {
      throw new Error('must not be asked')
    }
    for (let step = 0; step < 3; step++) await checkpoint(refuse)
  })
  expect(said).toEqual([])
})

it('sends state, files and writers when it is due, after the outputs before it', async () => {
  await attempt(async ({ checkpoint, outputs }) => {
    const rows = outputs.records('rows')
    const masks = outputs.shards('masks')
    for (let n = 10; n < 16; n++) await rows.write({ n })
    await masks.add('a.png', 'abc')
    await until(10)
    await checkpoint(() => ({ step: 6 }), { files: ['field.bin'], every: '1 ms' })
  })
  expect(said.map(({ type }) => type).slice(0, 2)).toEqual(['output', 'checkpoint'])
  expect(checkpoints()).toEqual([
    {
      type: 'checkpoint',
      state: { step: 6 },
      files: ['field.bin'],
      growing: [
        { path: 'outputs/rows_00001.jsonl', size: 20 },
        { path: 'outputs/masks_00000.tar', size: 1024 },
      ],
      writers: [
        { kind: 'records', name: 'rows', count: 6, files: 2, bytes: 20, items: 2 },
        { kind: 'shards', name: 'masks', count: 1, files: 1, bytes: 1024 },
      ],
    },
  ])
})

it('goes on from it: the same files as without an end in between', async () => {
  const write =
    (from: number, to: number, stopAt = -1): Run =>
    async ({ checkpoint, outputs, restored }) => {
      expect(restored).toEqual(from === 0 ? undefined : { n: from })
      const rows = outputs.records('rows')
      const masks = outputs.shards('masks')
      for (let n = from; n < to; n++) {
        await rows.write({ n })
        await masks.add(`folder/${n}.txt`, 'x'.repeat(700))
        if (n === stopAt) {
          await until(5)
          await checkpoint(() => ({ n: n + 1 }), { every: '1 ms' })
        }
      }
      return [rows.count, masks.count]
    }
  const contents = async () =>
    Promise.all(outputNames().map(async (name) => [name, await read(name)] as const))

  expect(await attempt(write(0, 12))).toMatchObject({ value: [12, 12] })
  const whole = await contents()
  expect(whole.length).toBeGreaterThan(4)
  await rm(path.join(workspace, 'outputs'), { recursive: true })
  said = []

  await attempt(async (ctx) => {
    await write(0, 9, 6)(ctx) // two more are written than were kept
    throw new Error('killed')
  })
  const [kept] = checkpoints()
  const before = await contents()
  for (const { path: file, size } of kept?.growing ?? [])
    await truncate(path.join(workspace, file), size)
  said = []
  expect(await attempt(write(7, 12), kept)).toMatchObject({ value: [12, 12] })
  const after = new Map([...before, ...(await contents())])
  expect([...after].sort()).toEqual([...whole].sort())
})

it('gives away what a checkpoint held unfinished, also when the writer is not asked for again', async () => {
  await attempt(async ({ checkpoint, outputs }) => {
    await outputs.records('rows').write({ n: 1 })
    await until(5)
    await checkpoint(() => 'second half', { every: '1 ms' })
    throw new Error('killed')
  })
  const [kept] = checkpoints()
  said = []
  await attempt(async ({ checkpoint }) => {
    await until(5)
    await checkpoint(() => 'still there', { every: '1 ms' })
  }, kept)
  expect(checkpoints()[0]?.writers).toEqual(kept?.writers)
  expect(outputNames()).toEqual(['rows_00000.jsonl'])
  expect(await read('rows_00000.jsonl')).toBe('{"n": 1}\n')
})

it('goes on with a table as what it was, and in no other format', async () => {
  const schema = z.object({ n: z.int() })
  const asTable = { format: 'parquet' } as const
  await attempt(async ({ checkpoint, outputs }) => {
    await outputs.records('rows', schema, asTable).write({ n: 1 })
    await until(5)
    await checkpoint(() => 'begun', { every: '1 ms' })
    throw new Error('killed')
  })
  const [kept] = checkpoints()
  expect(kept?.growing.map((one) => one.path)).toEqual([
    'outputs/rows_00000.parquet',
    'outputs/rows_00000.parquet.journal',
  ])
  said = []
  expect(await attempt(({ outputs }) => outputs.records('rows', schema).count, kept)).toMatchObject(
    {
      code: 'permanent',
      message: 'rows has another format in the checkpoint from which it goes on.',
    },
  )
  expect(outputNames()).toEqual([])
  const more = ({ outputs }: Parameters<Run>[0]) => outputs.records('rows', schema, asTable).count
  expect(await attempt(more, kept)).toMatchObject({ value: 1 })
  expect(outputNames()).toEqual(['rows_00000.parquet'])
})

it('refuses what is no table, and formats that nobody writes', async () => {
  const wrong = z.string() as unknown as z.ZodObject
  expect(
    await attempt(({ outputs }) => outputs.records('rows', wrong, { format: 'parquet' }).count),
  ).toMatchObject({
    code: 'permanent',
    message: expect.stringContaining('named columns') as string,
  })
  const orc = { format: 'orc' } as unknown as { format: 'jsonl' }
  expect(
    await attempt(({ outputs }) => outputs.records('rows', undefined, orc).count),
  ).toMatchObject({ code: 'permanent', message: expect.stringContaining('not "orc"') as string })
})

it('is due at once when the worker drains, and ends the attempt once it is saved', async () => {
  answer = { saved: true, stop: true }
  let steps = 0
  const end = await attempt(async ({ checkpoint }) => {
    for (; steps < 10; steps++) {
      await checkpoint(() => steps)
      if (steps === 2) orders.heed({ type: 'drain' })
    }
  })
  expect(end).toMatchObject({ type: 'error', code: 'cancelled' })
  expect(checkpoints()).toMatchObject([{ state: 3 }])
})

it('lets the attempt go on when it could not be saved', async () => {
  answer = { saved: false }
  const end = await attempt(async ({ checkpoint }) => {
    await until(5)
    await checkpoint(() => 1, { every: '1 ms' })
    return 'done'
  })
  expect(end).toEqual({ type: 'result', value: 'done' })
})

it('gives up waiting for an answer when the attempt is cancelled', async () => {
  answer = undefined
  const end = await attempt(async ({ checkpoint }) => {
    await until(5)
    setTimeout(() => orders.stop('cancelled'), 5)
    await checkpoint(() => 1, { every: '1 ms' })
  })
  expect(end).toMatchObject({ code: 'cancelled' })
})

it('refuses a state of more than 256 KiB with a sentence', async () => {
  const end = await attempt(async ({ checkpoint }) => {
    await until(5)
    await checkpoint(() => 'x'.repeat(256 * 1024), { every: '1 ms' })
  })
  expect(end).toMatchObject({
    code: 'permanent',
    message: expect.stringContaining('262146 bytes of JSON; it may be 262144') as string,
  })
})

const read = (name: string) => readFile(path.join(workspace, 'outputs', name), 'latin1')
/** Until a clock that counts milliseconds has surely moved on. */
async function until(ms: number): Promise<void> {
  const end = performance.now() + ms
  while (performance.now() < end) await new Promise(setImmediate)
}
