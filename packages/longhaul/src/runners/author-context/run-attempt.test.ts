import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineProcessor, file, RetryableError, z } from '../../index.ts'
import type { Processor } from '../../processor/index.ts'
import type { JsonObject } from '../../support/json.ts'
import type { FromProcessor, RunMessage, StagedFile } from '../messages.ts'
import { AttemptOrders } from './attempt-orders.ts'
import { runAttempt, type AttemptEnd } from './run-attempt.ts'

let workspace: string
let said: FromProcessor[]
let orders: AttemptOrders
beforeEach(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'longhaul-context-'))
  said = []
  orders = new AttemptOrders()
})
afterEach(() => rm(workspace, { recursive: true, force: true }))

type Run = Parameters<typeof defineProcessor>[0]['run']
/** One attempt of a processor without input or output. */
const attemptOf = (run: Run) => attempt(defineProcessor({ name: 'p', run }))

function attempt(
  processor: Processor,
  input: JsonObject = {},
  inputs: readonly StagedFile[] = [],
): Promise<AttemptEnd> {
  const message: RunMessage = {
    type: 'run',
    job_id: 'j_1',
    attempt: 2,
    attempt_id: 'j_1.2.n',
    processor: 'p',
    workspace,
    input,
    inputs: [...inputs],
    limits: { records_file_bytes: 33, shard_bytes: 30 },
  }
  return runAttempt({
    processor,
    warm: 'warm',
    message,
    channel: { send: (one) => said.push(one) },
    orders,
  })
}
const typesOf = (type: FromProcessor['type']) => said.filter((message) => message.type === type)

describe('the context', () => {
  it('has files and values, typed and with defaults; params and inputs are views of them', async () => {
    const stagedPath = path.join(workspace, 'cat.tar.gz')
    await writeFile(stagedPath, '{"a":1}')
    const staged = { name: 'cat.tar.gz', path: stagedPath, uri: 's3://b/cat', size: 7, sha256: 'f' }
    const end = await attempt(
      defineProcessor({
        name: 'p',
        input: {
          one: file(),
          many: file().many(),
          width: z.int().default(256),
          no: file().optional(),
        },
        run: async (ctx) => {
          const { one, many, no } = ctx.input
          const chunks: Buffer[] = []
          for await (const chunk of one.stream()) chunks.push(chunk as Buffer)
          return {
            same: ctx.inputs[0] === one && many.length === 0 && no === undefined,
            params: ctx.params,
            file: [one.name, one.stem, one.size, one.sha256, one.uri],
            read: [Buffer.concat(chunks).toString(), await one.text(), await one.json()],
            job: [ctx.jobId, ctx.attempt, ctx.workspace === workspace, ctx.restored],
          }
        },
      }),
      { one: staged, many: [] },
      [staged],
    )
    expect(end).toEqual({
      type: 'result',
      value: {
        same: true,
        params: { width: 256 },
        file: ['cat.tar.gz', 'cat.tar', 7, 'f', 's3://b/cat'],
        read: ['{"a":1}', '{"a":1}', { a: 1 }],
        job: ['j_1', 2, true, null],
      },
    })
  })

  it('refuses input that the schema refuses, with pointers', async () => {
    const processor = defineProcessor({
      name: 'p',
      input: { width: z.int().refine((width) => width % 2 === 0, 'must be even') },
      run: () => 'never',
    })
    expect(await attempt(processor, { width: 3 })).toMatchObject({
      code: 'invalid-input',
      field: 'width',
      errors: [{ pointer: '/width', detail: 'must be even' }],
    })
    expect(await attempt(processor, { width: 2, hight: 3 })).toMatchObject({
      code: 'invalid-input',
    })
  })

  it('logs anything; errors and what JSON cannot hold as text', async () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    await attemptOf(({ log }) =>
      log.warn('odd', { cause: new Error('no'), n: 10n, circle, a: [1] }),
    )
    expect(typesOf('log')).toMatchObject([
      { level: 'warn', text: 'odd', fields: { cause: 'Error: no', n: '10n', a: [1] } },
    ])
  })
})

describe('progress', () => {
  it('counts what track gives, with rate and remaining time, from where it started', async () => {
    await attemptOf(async ({ track }) => {
      for await (const _ of track([1, 2, 3], 'frames', { start: 7, total: 10 }))
        await new Promise((resolve) => setTimeout(resolve, 2))
    })
    const reports = typesOf('progress')
    expect(reports[0]).toMatchObject({ stage: 'frames', done: 7, total: 10 })
    expect(reports.at(-1)).toMatchObject({ done: 10, total: 10, eta_seconds: 0 })
    expect(reports.at(-1)).toHaveProperty('rate')
  })

  it('says of each item that track gave what the author says of it, once it is done', async () => {
    await attemptOf(async ({ track }) => {
      for await (const _ of track(['a', 'b'], 'rois', { detail: (roi) => ({ roi }) })) continue
    })
    expect(typesOf('progress')[0]).not.toHaveProperty('detail')
    expect(typesOf('progress').at(-1)).toMatchObject({ done: 2, detail: { roi: 'b' } })
  })

  it('tracks what has no length', async () => {
    async function* lines() {
      yield* ['a', 'b']
    }
    await attemptOf(async ({ track }) => {
      for await (const _ of track(lines())) continue
    })
    expect(typesOf('progress').at(-1)).toMatchObject({ stage: 'items', done: 2 })
    expect(typesOf('progress').at(-1)).not.toHaveProperty('total')
  })

  it('sends few of many reports, and always the newest', async () => {
    await attemptOf(({ progress }) => {
      for (let step = 1; step <= 10_000; step++) progress(step, 10_000, 'counting')
    })
    expect(typesOf('progress').length).toBeLessThan(20)
    expect(typesOf('progress').at(-1)).toMatchObject({ done: 10_000, message: 'counting' })
  })

  it('throws when the attempt is to stop, which then ends as cancelled, whatever is thrown', async () => {
    for (const step of ['track', 'progress', 'own'] as const) {
      orders = new AttemptOrders()
      const end = await attemptOf(async ({ track, progress, signal }) => {
        setTimeout(() => orders.stop('cancelled'), 5)
        if (step === 'own') {
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          throw new TypeError('fetch failed')
        }
        for (let turn = 0; ; turn++) {
          if (step === 'progress') {
            progress(turn)
            await new Promise((resolve) => setTimeout(resolve, 1))
          } else for await (const _ of track(Array(1_000_000).keys())) continue
        }
      })
      expect(end).toMatchObject({ type: 'error', code: 'cancelled' })
    }
  })
})

describe('outputs', () => {
  it('writes text, bytes and streams, and gives each away at once', async () => {
    const end = await attemptOf(async ({ outputs }) => {
      const files = [
        await outputs.write('a.txt', 'text'),
        await outputs.write('deep/b.bin', new Uint8Array([1, 2]), { mediaType: 'image/x' }),
        await outputs.write('c.txt', Readable.from(['one ', 'two'])),
      ]
      expect(typesOf('output')).toHaveLength(3)
      return { files }
    })
    const named = ['a.txt', 'deep/b.bin', 'c.txt'].map(($output) => ({ $output }))
    expect(end).toEqual({ type: 'result', value: { files: named } })
    expect(typesOf('output')[1]).toMatchObject({ name: 'deep/b.bin', media_type: 'image/x' })
    expect(await readFile(path.join(workspace, 'outputs/c.txt'), 'utf8')).toBe('one two')
  })

  it('gives away what was written to a promised path, also when it is not in the result', async () => {
    const end = await attemptOf(async ({ outputs }) => {
      const report = outputs.path('report/r.txt')
      await writeFile(report.path, 'r')
      await writeFile(outputs.path('side.txt').path, 's')
      outputs.path('unused.txt')
      return report
    })
    expect(end).toEqual({ type: 'result', value: { $output: 'report/r.txt' } })
    expect(typesOf('output')).toMatchObject([{ name: 'report/r.txt' }, { name: 'side.txt' }])
  })

  it('writes records and shards in files of bounded size, each given away when it is full', async () => {
    await attemptOf(async ({ outputs }) => {
      const rows = outputs.records('rows', z.object({ n: z.int() }))
      const masks = outputs.shards('masks')
      for (let n = 100; n < 105; n++) await rows.write({ n })
      expect(typesOf('output')).toMatchObject([{ name: 'rows_00000.jsonl' }])
      await masks.add('a.png', new Uint8Array(20))
      return { rows: rows.count, masks: masks.count }
    })
    expect(typesOf('output').map((output) => 'name' in output && output.name)).toEqual([
      'rows_00000.jsonl',
      'rows_00001.jsonl',
      'masks_00000.tar',
      'masks_00000.json',
    ])
  })

  it('fails the attempt when a write fails, awaited or not', async () => {
    const broken = Readable.from(
      (function* () {
        yield 'a'
        throw new Error('the source ran dry')
      })(),
    )
    const end = await attemptOf(({ outputs }) => {
      outputs.write('a.txt', broken).catch(() => undefined)
    })
    expect(end).toMatchObject({ code: 'transient', message: 'the source ran dry' })
    expect(await attemptOf(({ outputs }) => outputs.write('a', 7 as never))).toMatchObject({
      code: 'permanent',
      message: 'outputs.write("a") takes a string, bytes or a stream, got number',
    })
  })

  it('takes nothing once the attempt has ended', async () => {
    let late: Promise<unknown> = Promise.resolve()
    await attemptOf(({ outputs }) => {
      setTimeout(() => {
        late = outputs.write('late.txt', 'x')
        late.catch(() => undefined)
      }, 1)
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    await expect(late).rejects.toThrow('The attempt has ended')
    expect(typesOf('output')).toEqual([])
  })
})

describe('the result', () => {
  const resultOf = (value: unknown) => attemptOf(() => value)

  it.each([
    [undefined, null],
    [null, null],
    [{ a: undefined, at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    [
      [1, 'a', { b: NaN }],
      [1, 'a', { b: null }],
    ],
  ])('may be %j', async (value, json) => {
    expect(await resultOf(value)).toEqual({ type: 'result', value: json })
  })

  it.each([
    [{ a: Promise.resolve(1) }, 'result.a is a promise; did you forget "await"?'],
    [{ a: [{ then: () => undefined }] }, 'result.a.0 is a promise; did you forget "await"?'],
    [{ n: 10n }, 'result.n is a bigint, which JSON cannot hold.'],
    [() => 1, 'the result is a function, which JSON cannot hold.'],
    [{ m: new Map() }, 'result.m is a Map, which JSON cannot hold.'],
    [
      { b: Buffer.from('x') },
      'result.b is bytes; write them with outputs.write() and return what it gives.',
    ],
  ])('is refused with a sentence: %o', async (value, message) => {
    expect(await resultOf(value)).toMatchObject({ type: 'error', code: 'permanent', message })
  })

  it('is refused when it holds itself', async () => {
    const circle: Record<string, unknown> = {}
    circle['a'] = { circle }
    expect(await resultOf(circle)).toMatchObject({ message: 'result.a.circle contains itself.' })
  })

  it('is what the processor declares', async () => {
    const processor = defineProcessor({
      name: 'p',
      output: { made: z.int(), sheet: file() },
      run: () => ({ made: 1.5, sheet: 'sheet.png' }) as never,
    })
    const end = await attempt(processor)
    expect(end).toMatchObject({ type: 'error', code: 'permanent' })
    const message = end.type === 'error' ? end.message : ''
    expect(message).toMatch(/run returned something else than it declares: result\.made: .*int/)
    expect(message).toMatch(/result\.sheet: expected a file/)
  })
})

it('says how long to wait, the kind of an error, and where it was thrown', async () => {
  const end = await attemptOf(() => {
    throw new RetryableError({ message: 'busy', retryAfterMs: 2000, cause: new Error('503') })
  })
  expect(end).toMatchObject({ code: 'transient', retry_after_ms: 2000, kind: 'RetryableError' })
  expect(end.type === 'error' && end.trace).toMatch(/run-attempt\.test\.ts[\s\S]*503/)
  const thrown = await attemptOf(() => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- authors do
    throw 'just text'
  })
  expect(thrown).toMatchObject({ code: 'transient', message: 'just text' })
})
