import { jobView, outputList } from '@longhaul/protocol'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AppOptions } from '../src/app/index.ts'
import { ownBackends } from './harness/backends.ts'
import { hasPython } from './harness/python.ts'
import { startServer, type ServerProcess } from './harness/server-process.ts'
import { until } from './harness/until.ts'

const fixture = (name: string): string =>
  fileURLToPath(new URL(`./fixtures/checkpoints/${name}`, import.meta.url))
const authors = hasPython() ? ['steps.ts', 'steps.py'] : ['steps.ts']
const steps = 75

let folder: string
let backends: Awaited<ReturnType<typeof ownBackends>>
let server: ServerProcess
const start = async (file: string): Promise<void> => {
  const options: AppOptions = {
    sources: [{ kind: 'file', path: fixture(file) }],
    config: {
      dataDir: path.join(folder, 'data'),
      // A busy machine must not cost an attempt: they are counted.
      leaseMs: 4000,
      recordsFileBytes: 750,
      shardBytes: 6000,
      ...backends,
    },
  }
  server = await startServer(options)
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-resumed-'))
  backends = await ownBackends()
})
afterEach(async () => {
  await server.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

const read = async (route: string): Promise<unknown> =>
  (await fetch(`${server.url}${route}`)).json()
const jobOf = async (id: string) => jobView.parse(await read(`/jobs/${id}?view=native`))
const ledgerOf = async (name: string): Promise<readonly [attempt: number, step: number][]> => {
  const text = await readFile(path.join(folder, name), 'utf8').catch(() => '')
  const lines = text.split('\n').filter(Boolean)
  return lines.map((line) => line.split(' ').map(Number) as [number, number])
}

async function submit(ledger: string, more: object = {}): Promise<string> {
  const input = { steps, ledger: path.join(folder, ledger), ...more }
  const response = await fetch(`${server.url}/processors/steps/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input }),
  })
  return jobView.parse(await response.json()).job_id
}

/** Name and digest of every output, in order, and the value of the result. */
async function endOf(id: string) {
  const job = await until(
    'the end',
    async () => {
      const now = await jobOf(id)
      return now.status === 'completed' || now.status === 'failed' ? now : undefined
    },
    60_000,
  )
  expect(job).toMatchObject({ status: 'completed', failures: 0 })
  const { outputs } = outputList.parse(await read(`/jobs/${id}/outputs`))
  return { job, outputs: outputs.map(({ name, sha256 }) => [name, sha256]) }
}

describe.each(authors)('a job of %s', (file) => {
  it(
    'whose server is killed goes on from its checkpoint: the same outputs, little done twice',
    { timeout: 240_000 },
    async () => {
      await start(file)
      const undisturbed = await endOf(await submit('undisturbed'))
      expect(undisturbed.job.result).toMatchObject({ sum: (steps * (steps - 1)) / 2 })
      expect(undisturbed.outputs.length).toBeGreaterThan(10)

      const id = await submit('killed')
      for (const kill of [1, 2]) {
        await until('a checkpoint, and steps after it', async () => {
          const { checkpoint_at: at } = await jobOf(id)
          return at !== null && ((await ledgerOf('killed')).at(-1)?.[1] ?? 0) >= kill * 22
        })
        await server.kill('SIGKILL')
        await start(file)
      }
      const { job, outputs } = await endOf(id)
      expect(outputs).toEqual(undisturbed.outputs)
      expect(job.result).toEqual(undisturbed.job.result)
      expect(job.attempt).toBe(3)

      const ledger = await ledgerOf('killed')
      expect(new Set(ledger.map(([, step]) => step)).size).toBe(steps)
      for (const attempt of [2, 3])
        expect(ledger.find(([of]) => of === attempt)?.[1]).toBeGreaterThan(0)
      expect(ledger.length).toBeLessThan(2 * steps)
    },
  )
})

const firstStepOf = async (ledger: string, wanted: number): Promise<number | undefined> =>
  (await ledgerOf(ledger)).find(([attempt]) => attempt === wanted)?.[1]
const failed = async (id: string): Promise<unknown> =>
  until('its failure', async () => (await jobOf(id)).status === 'failed')
const post = (route: string, json: object = {}) =>
  fetch(`${server.url}${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(json),
  })

it('a failed job is retried from its checkpoint, or from the start when that is asked for', async () => {
  await start('steps.ts')
  const id = await submit('retried', { failAt: 50 })
  await failed(id)
  await post(`/jobs/${id}/retry`)
  await until('the second attempt', async () => (await jobOf(id)).attempt === 2)
  await failed(id)
  expect(await firstStepOf('retried', 2)).toBeGreaterThan(0)
  await post(`/jobs/${id}/retry`, { from: 'start' })
  const { job } = await endOf(id)
  expect(job).toMatchObject({ attempt: 3, result: { sum: (steps * (steps - 1)) / 2 } })
  expect(await firstStepOf('retried', 3)).toBe(0)
})

it('a cancelled job that is retried begins anew', async () => {
  await start('steps.ts')
  const id = await submit('cancelled')
  await until('a checkpoint', async () => (await jobOf(id)).checkpoint_at !== null)
  await post(`/jobs/${id}/cancel`)
  await until('the end', async () => (await jobOf(id)).status === 'cancelled')
  await post(`/jobs/${id}/retry`)
  await endOf(id)
  expect(await firstStepOf('cancelled', 2)).toBe(0)
})
