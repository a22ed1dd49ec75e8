import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '../src/app/index.ts'
import { openBackends, type Backends } from '../src/app/open-backends.ts'
import type { JobEngine, Lease, NewJob, WorkerInfo } from '../src/jobs/engine.ts'
import type { JobId, WaitReason } from '../src/jobs/job.ts'
import { drivers, shareData, type SharedData } from './harness/shared-data.ts'

/** The database's clock just before and just after something happened. */
interface Saw {
  readonly after: number
  readonly before: number
}
/** What this test did to a job: from when it must have waited for what, and when it started. */
interface Story {
  readonly id: JobId
  readonly waits: (readonly [WaitReason, Saw])[]
  started?: Saw
}

/** Longer than a busy machine takes for a few steps that must come before it is over. */
const delayMs = 4000

/** Changes the world and writes down when; the engine is asked afterwards. */
class Witness {
  /** By the chapter that tells them. */
  readonly #stories = new Map<string, Map<JobId, Story>>()
  #chapter = ''
  readonly #engine: JobEngine
  readonly #leases = new Map<JobId, Lease>()
  #made = 0
  #tries = 0

  constructor(engine: JobEngine) {
    this.#engine = engine
  }

  /** Forgets what the chapter told before: a second try has queues and jobs of its own. */
  begin(chapter: string): void {
    this.#chapter = chapter
    this.#tries++
    this.#stories.delete(chapter)
  }
  queue(name: string): string {
    return `${name}-${this.#tries}`
  }

  get stories(): readonly Story[] {
    return [...this.#stories.values()].flatMap((told) => [...told.values()])
  }

  async sees<T>(change: () => Promise<T>): Promise<{ value: T; saw: Saw }> {
    await pause(5) // so that no two changes share a millisecond
    const after = await this.#engine.now()
    const value = await change()
    const saw = { after, before: await this.#engine.now() }
    await pause(5)
    return { value, saw }
  }

  /** New jobs of a queue, which wait for `reason` from the start. */
  async submit(count: number, reason: WaitReason, job: Partial<NewJob> & { queue: string }) {
    const jobs = Array.from({ length: count }, () => newJob(`${job.queue}-${this.#made++}`, job))
    const { value, saw } = await this.sees(() => this.#engine.submit(jobs))
    expect(value.map(({ kind }) => kind)).toEqual(jobs.map(() => 'created'))
    const told = this.#stories.get(this.#chapter) ?? new Map<JobId, Story>()
    this.#stories.set(this.#chapter, told)
    for (const { id } of jobs) told.set(id, { id, waits: [[reason, saw]] })
    return jobs.map(({ id }) => id)
  }

  /** Something that makes these jobs wait for another reason. */
  async now(reason: WaitReason, ids: readonly JobId[], change: () => Promise<unknown>) {
    const { saw } = await this.sees(change)
    await this.turned(reason, ids, saw)
  }

  async turned(reason: WaitReason, ids: readonly JobId[], saw: Saw) {
    for (const id of ids) this.#storyOf(id)?.waits.push([reason, saw])
    const jobs = await this.#engine.get(ids, 'everyone')
    expect(jobs.map(({ id, waiting }) => [id, waiting?.reason])).toEqual(
      ids.map((id) => [id, reason]),
    )
  }

  /** Claims as many jobs of a queue; answers which, in order. */
  async start(queue: string, slots: number): Promise<{ ids: JobId[]; saw: Saw }> {
    const { value, saw } = await this.sees(() =>
      this.#engine.claim(workerOf(queue), [{ queue, slots }]),
    )
    for (const { job, lease } of value) {
      this.#leases.set(job.id, lease)
      const story = this.#storyOf(job.id)
      if (story) story.started = saw
    }
    return { ids: value.map(({ job }) => job.id), saw }
  }

  async finish(id: JobId): Promise<void> {
    const lease = this.#leases.get(id)
    if (lease === undefined) throw new Error(`${id} does not run`)
    const outcome = { kind: 'completed', result: { value: null, outputs: [] } } as const
    expect(await this.#engine.settle([{ lease, outcome }])).toEqual(['settled'])
  }

  #storyOf(id: JobId): Story | undefined {
    return this.#stories.get(this.#chapter)?.get(id)
  }
}

const newJob = (id: JobId, more: Partial<NewJob> & { queue: string }): NewJob => ({
  ...{ id, processor: 'p', version: '1', kind: 'processor', owner: 'ann', params: { input: {} } },
  ...more,
})
const workerOf = (queue: string): WorkerInfo => ({
  ...{ id: `worker of ${queue}`, host: 'here', bootId: 'boot', pid: 1, slots: 8, queues: [queue] },
})

describe.each(drivers)('why jobs wait, on %s', (driver) => {
  let data: SharedData
  let backends: Backends
  let witness: Witness
  beforeAll(async () => {
    data = await shareData(driver)
    backends = await openBackends(readConfig(data.configFor(0), {}), {}, undefined)
    witness = new Witness(backends.engine)
  })
  beforeEach(({ task }) => witness.begin(task.name))
  afterAll(async () => {
    await backends?.database.close()
    await data?.stop()
  })

  it('because every slot is taken', async () => {
    const queue = witness.queue('busy')
    await witness.submit(1, 'slots', { queue })
    const { ids } = await witness.start(queue, 1)
    await witness.submit(4, 'slots', { queue })
    await witness.finish(ids[0] ?? '')
    expect((await witness.start(queue, 4)).ids).toHaveLength(4)
  })

  it('because the queue is paused, then for a slot', async () => {
    const { engine } = backends
    const queue = witness.queue('paused')
    await engine.setQueue(queue, { paused: true })
    const ids = await witness.submit(4, 'paused', { queue })
    expect((await witness.start(queue, 4)).ids).toEqual([])
    await witness.now('slots', ids, () => engine.setQueue(queue, { paused: false }))
    expect((await witness.start(queue, 4)).ids).toEqual(ids)
  })

  it('for a job they depend on, one of them for a time too, then for a slot', async () => {
    const { engine } = backends
    const queue = witness.queue('family')
    const [parent = ''] = await witness.submit(1, 'slots', { queue })
    const children = await witness.submit(2, 'dependency', { queue, dependsOn: [parent] })
    const late = { queue, dependsOn: [parent], delayMs }
    const [patient = ''] = await witness.submit(1, 'dependency', late)
    await witness.start(queue, 1)
    const { saw } = await witness.sees(() => witness.finish(parent))
    await witness.turned('slots', children, saw)
    await witness.turned('delayed', [patient], saw)
    expect((await witness.start(queue, 4)).ids).toEqual(children)
    await whenDue(patient)
    expect((await witness.start(queue, 4)).ids).toEqual([patient])
    expect(await engine.recount()).toEqual([])
  })

  it('for the time they were given, then for a slot', async () => {
    const queue = witness.queue('later')
    const ids = await witness.submit(3, 'delayed', { queue, delayMs })
    expect((await witness.start(queue, 3)).ids).toEqual([])
    for (const id of ids) await whenDue(id)
    expect((await witness.start(queue, 3)).ids).toEqual(ids)
  })

  it('for the rate of their queue, then for a slot', async () => {
    const { engine } = backends
    const queue = witness.queue('rate')
    await engine.setQueue(queue, { ratePerMinute: 1 })
    const ids = await witness.submit(4, 'slots', { queue })
    const { ids: started, saw } = await witness.start(queue, 4)
    expect(started).toEqual(ids.slice(0, 1))
    await witness.turned('rate-limit', ids.slice(1), saw)
    await witness.now('slots', ids.slice(1), () => engine.setQueue(queue, { ratePerMinute: null }))
    expect((await witness.start(queue, 4)).ids).toEqual(ids.slice(1))
  })

  it('because their owner has the share that is due, by a cap and by the others', async () => {
    const { engine } = backends
    const queue = witness.queue('share')
    await engine.setQueue(queue, { owner: 'ann', maxRunning: 1 })
    const [first = '', second = '', third = ''] = await witness.submit(3, 'slots', { queue })
    const one = await witness.start(queue, 3)
    expect(one.ids).toEqual([first])
    await witness.turned('owner-share', [second, third], one.saw)
    await witness.now('slots', [second, third], () => ended(first))
    const two = await witness.start(queue, 3)
    expect(two.ids).toEqual([second])
    await witness.turned('owner-share', [third], two.saw)
    await witness.now('slots', [third], () => ended(second))
    expect((await witness.start(queue, 3)).ids).toEqual([third])

    const even = witness.queue('even')
    const many = await witness.submit(3, 'slots', { queue: even, owner: 'bob' })
    expect((await witness.start(even, 1)).ids).toEqual(many.slice(0, 1))
    const { value: few, saw: came } = await witness.sees(() =>
      witness.submit(1, 'slots', { queue: even, owner: 'cat' }),
    )
    await witness.turned('owner-share', many.slice(1), came)
    const { ids, saw } = await witness.start(even, 1)
    expect(ids).toEqual(few)
    await witness.turned('slots', many.slice(1), saw)
    expect((await witness.start(even, 2)).ids).toEqual(many.slice(1))
  })

  it('because no worker of their queue has room on its disk, then for a slot', async () => {
    const { engine } = backends
    const queue = witness.queue('full')
    const worker = workerOf(queue)
    await engine.touch({ ...worker, holding: 'disk' }, [])
    const ids = await witness.submit(3, 'disk', { queue })
    await witness.now('slots', ids, () => engine.touch(worker, []))
    expect((await witness.start(queue, 3)).ids).toEqual(ids)
  })

  it('is told for all thirty: each reason, without a gap, as long as the job waited', async () => {
    const { engine } = backends
    const { stories } = witness
    expect(stories).toHaveLength(30)
    const reasons = new Set(stories.flatMap(({ waits }) => waits.map(([reason]) => reason)))
    expect([...reasons].sort()).toEqual(
      ['delayed', 'dependency', 'disk', 'owner-share', 'paused', 'rate-limit', 'slots'].sort(),
    )
    expect(stories.filter(({ waits }) => waits.length >= 2).length).toBeGreaterThanOrEqual(3)
    for (const story of stories) await judge(engine, story)
  })

  /** A free slot is seen by whoever looks next: a claim takes it at once, the sweep is the latest. */
  async function ended(id: JobId): Promise<void> {
    await witness.finish(id)
    await backends.engine.sweep()
  }

  /** Time alone ends this wait: not before it is over, and at the latest when somebody looks. */
  async function whenDue(id: JobId): Promise<void> {
    const { engine } = backends
    const [job] = await engine.get([id], 'everyone')
    const runAfter = job?.runAfter ?? 0
    for (let left = 1; left > 0; left = runAfter - (await engine.now())) await pause(left)
    await engine.sweep()
    await witness.turned('slots', [id], { after: runAfter, before: await engine.now() })
    await pause(5)
  }
})

async function judge(engine: JobEngine, { id, waits, started }: Story): Promise<void> {
  const told = (await engine.waits(id, 'everyone')) ?? []
  expect([id, ...told.map(({ reason }) => reason)]).toEqual([id, ...waits.map(([why]) => why)])
  const [job] = await engine.get([id], 'everyone')
  const startedAt = job?.startedAt ?? NaN
  const createdAt = job?.createdAt ?? NaN
  told.forEach(({ from, to }, index) => {
    isBetween(from, waits[index]?.[1])
    expect(from).toBe(index === 0 ? createdAt : told[index - 1]?.to)
    expect(to).toBeDefined()
  })
  isBetween(startedAt, started)
  const sum = told.reduce((total, { from, to = NaN }) => total + to - from, 0)
  expect(Math.abs(sum - (startedAt - createdAt))).toBeLessThanOrEqual(1)
}

function isBetween(at: number, saw: Saw | undefined): void {
  expect(at).toBeGreaterThanOrEqual(saw?.after ?? NaN)
  expect(at).toBeLessThanOrEqual(saw?.before ?? NaN)
}
