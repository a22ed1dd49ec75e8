import { afterEach, expect, it, vi } from 'vitest'
import type { Wakeup } from './engine.ts'
import { jobForTest } from './job-for-test.fixture.ts'
import { createJobWatch, type JobWatch } from './job-watch.ts'
import type { Job, JobId } from './job.ts'

/** An engine that knows jobs and says what the test makes it say. */
function scriptedEngine() {
  const jobs = new Map<JobId, Job>()
  const asked: JobId[][] = []
  let wake: ((wakeup: Wakeup) => void) | undefined
  return {
    jobs,
    asked,
    say: (jobId: JobId, state?: Job['state'], ended?: Job) =>
      wake?.({
        kind: 'changed',
        jobId,
        ...(state === undefined ? {} : { state }),
        ...(ended === undefined ? {} : { ended }),
      }),
    subscribed: () => wake !== undefined,
    async get(ids: readonly JobId[]) {
      asked.push([...ids])
      return ids.map((id) => jobs.get(id)).filter((job) => job !== undefined)
    },
    async *wakeups(signal: AbortSignal): AsyncGenerator<Wakeup> {
      while (!signal.aborted)
        yield await new Promise<Wakeup>((resolve, reject) => {
          wake = resolve
          signal.addEventListener('abort', () => reject(new Error('over')))
        })
    },
  }
}

const log = { warn: () => undefined }
let watch: JobWatch | undefined
afterEach(() => watch?.stop())

it('tells a listener how the job is, then every change', async () => {
  const engine = scriptedEngine()
  engine.jobs.set('a', jobForTest({ id: 'a' }))
  watch = createJobWatch(engine, log, { pollMs: 60_000 })
  const seen: (string | undefined)[] = []
  const unwatch = watch.watch('a', (job) => seen.push(job?.state))
  await vi.waitFor(() => expect(seen).toEqual(['queued']))

  engine.jobs.set('a', jobForTest({ id: 'a', state: 'running' }))
  engine.say('a')
  await vi.waitFor(() => expect(seen).toEqual(['queued', 'running']))
  unwatch()
  engine.say('a')
  engine.say('b')
  await new Promise(setImmediate)
  expect(seen).toHaveLength(2)
})

it('sees a change whose wakeup was lost', async () => {
  const engine = scriptedEngine()
  engine.jobs.set('a', jobForTest({ id: 'a' }))
  watch = createJobWatch(engine, log, { pollMs: 5 })
  const ended = watch.waitForEnd('a', 60_000)
  engine.jobs.set('a', jobForTest({ id: 'a', state: 'completed' }))
  expect(await ended).toMatchObject({ state: 'completed' })
})

it('does not look at a fresh job before it changes', async () => {
  const engine = scriptedEngine()
  watch = createJobWatch(engine, log, { pollMs: 60_000 })
  engine.jobs.set('a', jobForTest({ id: 'a', state: 'completed' }))
  const ended = watch.waitForEnd('a', 60_000, { fresh: true })
  expect(engine.asked).toEqual([])
  engine.say('a')
  expect(await ended).toMatchObject({ state: 'completed' })
  expect(engine.asked).toEqual([['a']])
})

it('looks at nothing for who waits for the end, while hints say that the job goes on', async () => {
  const engine = scriptedEngine()
  watch = createJobWatch(engine, log, { pollMs: 60_000 })
  engine.jobs.set('a', jobForTest({ id: 'a', state: 'running' }))
  const ended = watch.waitForEnd('a', 60_000, { fresh: true })
  engine.say('a', 'running')
  await new Promise((resolve) => setTimeout(resolve, 200)) // longer than a fresh one is left alone
  expect(engine.asked).toEqual([])
  engine.jobs.set('a', jobForTest({ id: 'a', state: 'completed' }))
  engine.say('a', 'completed')
  expect(await ended).toMatchObject({ state: 'completed' })
  expect(engine.asked).toEqual([['a']])
})

it('looks once more when the time is over', async () => {
  const engine = scriptedEngine()
  watch = createJobWatch(engine, log, { pollMs: 60_000 })
  engine.jobs.set('a', jobForTest({ id: 'a', state: 'running' }))
  const waited = watch.waitForEnd('a', 20, { fresh: true })
  engine.say('a', 'running')
  expect(await waited).toMatchObject({ state: 'running' })
})

it('asks once for many jobs', async () => {
  const engine = scriptedEngine()
  watch = createJobWatch(engine, log, { pollMs: 5 })
  const ids = Array.from({ length: 50 }, (_, index) => `j_${index}`)
  for (const id of ids) watch.watch(id, () => undefined)
  await vi.waitFor(() => expect(engine.asked.some((one) => one.length === 50)).toBe(true))
})

it('answers after the time with the job as it is, and at once when it is stopped', async () => {
  const engine = scriptedEngine()
  engine.jobs.set('a', jobForTest({ id: 'a', state: 'running' }))
  watch = createJobWatch(engine, log, { pollMs: 5 })
  expect(await watch.waitForEnd('a', 50)).toMatchObject({ state: 'running' })
  const waiting = watch.waitForEnd('a', 60_000)
  watch.stop()
  await waiting
})

it('answers undefined for a job that is not there', async () => {
  watch = createJobWatch(scriptedEngine(), log)
  expect(await watch.waitForEnd('nobody', 60_000)).toBeUndefined()
})

it('goes on when the engine fails once', async () => {
  const engine = scriptedEngine()
  const { get } = engine
  let failures = 1
  engine.get = async (ids) => {
    if (failures-- > 0) throw new Error('busy')
    return get(ids)
  }
  engine.jobs.set('a', jobForTest({ id: 'a', state: 'failed' }))
  watch = createJobWatch(engine, log, { pollMs: 5 })
  expect(await watch.waitForEnd('a', 60_000)).toMatchObject({ state: 'failed' })
})

it('does not look for a job whose end came with the hint', async () => {
  const engine = scriptedEngine()
  watch = createJobWatch(engine, log, { pollMs: 60_000 })
  const ended = watch.waitForEnd('a', 60_000, { fresh: true })
  engine.say('a', 'completed', jobForTest({ id: 'a', state: 'completed' }))
  expect(await ended).toMatchObject({ id: 'a', state: 'completed' })
  expect(engine.asked).toEqual([])
})
