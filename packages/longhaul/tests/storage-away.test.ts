import { jobView } from '@longhaul/protocol'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createApp, type App } from '../src/app/index.ts'
import type { Storage } from '../src/storage/object-store.ts'
import { until } from './harness/until.ts'

const source = `import { defineProcessor } from 'longhaul'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
export default defineProcessor({
  name: 'writes',
  run: async ({ outputs, checkpoint, restored }) => {
    for (let step = 0; step < 20; step++) {
      await outputs.write('out-' + step + '.txt', 'text ' + step)
      await sleep(10)
      await writeFile('step.txt', String(step))
      await checkpoint(() => ({ step }), { files: ['step.txt'], every: '20 ms' })
    }
    return { restored: restored ?? null }
  },
})
`
let folder: string
let app: App
/** How many of the next calls fail, of each kind. */
const failing = { begin: 0, put: 0, complete: 0 }

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-away-'))
  await writeFile(path.join(folder, 'p.ts'), source)
  app = await createApp({
    sources: [{ kind: 'file', path: path.join(folder, 'p.ts') }],
    config: { dataDir: path.join(folder, 'data') },
    log: pino({ level: 'silent' }),
    unsafe: { wrapStorage: unreliable },
  })
})
afterEach(async () => {
  await app.stop()
  await rm(folder, { recursive: true, force: true })
})

function unreliable(storage: Storage): Storage {
  const maybe = (kind: keyof typeof failing): void => {
    if (failing[kind] === 0) return
    failing[kind]--
    throw new Error('socket hang up')
  }
  return new Proxy(storage, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (!(name in failing) || typeof value !== 'function') return value
      return async (...args: unknown[]): Promise<unknown> => {
        maybe(name as keyof typeof failing)
        return (value as (...args: unknown[]) => unknown).apply(target, args)
      }
    },
  })
}

it('storage that fails for a moment costs no attempt, whatever is being stored', async () => {
  Object.assign(failing, { begin: 3, put: 1, complete: 2 })
  const url = '/processors/writes/jobs'
  const submitted = await app.inject({ method: 'POST', url, payload: { input: {} } })
  const { job_id: id } = jobView.parse(submitted.json())
  const job = await until('the end', async () => {
    const now = jobView.parse((await app.inject(`/jobs/${id}?view=native`)).json())
    return now.status === 'completed' || now.status === 'failed' ? now : undefined
  })
  expect(job).toMatchObject({ status: 'completed', attempt: 1, failures: 0, lost: 0 })
  expect(failing).toEqual({ begin: 0, put: 0, complete: 0 })
})
