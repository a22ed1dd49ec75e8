import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { JobEngine, JobEvent, LaneDrift, QueueView } from '../../jobs/engine.ts'
import type { Job } from '../../jobs/job.ts'
import type { Storage } from '../../storage/object-store.ts'
import type { AcknowledgedLine, LedgerLine } from './evidence.ts'
import { judgeJobs } from './judge-jobs.ts'
import { outputBytes, outputName, outputSizes, stepRecords } from './work.ts'

const author = 'j_1.1.abc'
const told: AcknowledgedLine = { job: 'j_1', tag: 't-1', task: 'value' }
const toldOfFiles: AcknowledgedLine = { ...told, task: 'files' }
const done = (more: object = {}) =>
  ({
    ...{ id: 'j_1', state: 'completed', problem: undefined },
    ...{ result: { value: { tag: 't-1', author }, outputs: [] }, ...more },
  }) as unknown as Job
const events = (...types: string[]) =>
  types.map((type, index) => ({ no: index + 1, attempt: 1, type, data: {} }) as unknown as JobEvent)
const ended: LedgerLine = {
  ...{
    what: 'end',
    at: 0,
    job: 'j_1',
    attempt: 1,
    nonce: 'abc',
    tag: 't-1',
    queue: 'torture',
    pid: 1,
    server: 2,
  },
}

/** What a service says in the end, held against what a client was told. */
async function findings(told: readonly AcknowledgedLine[], said: object): Promise<string[]> {
  const service = {
    ...{ jobs: [done()], events: events('queued', 'started', 'completed'), ledger: [ended] },
    ...{
      queues: [] as QueueView[],
      drift: [] as LaneDrift[],
      objects: {} as Record<string, Buffer>,
      ...said,
    },
  }
  const engine = {
    list: async () => ({ jobs: service.jobs }),
    read: async () => service.events,
    queues: async () => service.queues,
    recount: async () => service.drift,
  } as unknown as JobEngine
  const storage = {
    get: async (key: string) => ({ body: Readable.from([service.objects[key]]) }),
  } as unknown as Storage
  const report = await judgeJobs(told, service.ledger, engine, storage)
  return report.findings.map(({ kind, what }) => `${kind}: ${what}`)
}

describe('the oracle', () => {
  it('has nothing to say of a job that ended as it should', async () => {
    expect(await findings([told], {})).toEqual([])
  })

  it('calls a job lost that was acknowledged and is unknown, or has no end', async () => {
    expect(await findings([told], { jobs: [] })).toEqual([
      'lost: j_1 was acknowledged and is unknown',
    ])
    expect(
      await findings([told], { jobs: [done({ state: 'running' })], events: events('queued') }),
    ).toEqual(['lost: j_1 was acknowledged and ended up running'])
  })

  it('calls two jobs for one key doubled, and a job that nobody was told of', async () => {
    expect(
      await findings([told, { ...told, job: 'j_2' }], { jobs: [done(), done({ id: 'j_2' })] }),
    ).toEqual(expect.arrayContaining([expect.stringContaining('key t-1 was answered with')]))
    expect(await findings([], {})).toEqual(
      expect.arrayContaining(['doubled: nobody was told of j_1']),
    )
  })

  it('calls a second terminal event doubled, and events out of step wrong', async () => {
    expect(await findings([told], { events: events('queued', 'completed', 'completed') })).toEqual([
      expect.stringContaining('doubled: j_1 ended 2 times'),
    ])
    expect(await findings([told], { events: events('queued', 'completed', 'publishing') })).toEqual(
      ['doubled: j_1 had ended, then came publishing'],
    )
    expect(await findings([told], { events: events('queued', 'failed') })).toEqual([
      'wrong: j_1 is completed, its last event is not',
    ])
  })

  it('calls a publication doubled whose uploads another attempt removed', async () => {
    const [queued, started] = events('queued', 'started')
    const robbed = {
      no: 3,
      attempt: 1,
      type: 'retry_wait',
      data: { problem: { code: 'upload-not-found' } },
    }
    const completed = { ...started, no: 4, type: 'completed' }
    expect(await findings([told], { events: [queued, started, robbed, completed] })).toEqual([
      'doubled: attempt 1 of j_1 was to publish what another attempt had removed',
    ])
  })

  it('does not believe a completion whose attempt never came to its end', async () => {
    expect(await findings([told], { ledger: [{ ...ended, what: 'beat' }] })).toEqual([
      expect.stringContaining('which never came to its end'),
    ])
  })

  it('does not believe a failure that no torture job has', async () => {
    const failed = { state: 'failed', problem: { code: 'internal', detail: 'oops' } }
    expect(
      await findings([told], { jobs: [done(failed)], events: events('queued', 'failed') }),
    ).toEqual(['wrong: j_1 (value) failed with internal: oops'])
  })

  it('compares every byte of every output', async () => {
    const outputs = [...outputSizes.keys()].map((index) => ({
      ...{ name: outputName(index), key: `results/j_1/${outputName(index)}` },
    }))
    const right = Object.fromEntries(
      outputs.map(({ key }, index) => [key, outputBytes(author, 't-1', index)]),
    )
    const jobs = [done({ result: { value: { tag: 't-1', author }, outputs } })]
    expect(await findings([toldOfFiles], { jobs, objects: right })).toEqual([])
    const other = outputBytes('j_1.2.xyz', 't-1', 2)
    const objects = { ...right, [`results/j_1/${outputName(2)}`]: other }
    expect(await findings([toldOfFiles], { jobs, objects })).toEqual([
      'wrong: j_1 has other bytes in output part-2.bin',
    ])
  })

  it('computes the records of a simulation again, whichever attempts wrote them', async () => {
    const line = { ...told, task: 'steps', steps: 5 }
    const outputs = ['rows_00001.jsonl', 'rows_00000.jsonl'].map((name) => ({
      ...{ name, key: `results/j_1/${name}` },
    }))
    const jobs = [done({ result: { value: { tag: 't-1', author }, outputs } })]
    const rows = stepRecords('t-1', 5).split('\n')
    const objectsOf = (first: readonly string[], second: readonly string[]) => ({
      'results/j_1/rows_00000.jsonl': Buffer.from(first.map((row) => `${row}\n`).join('')),
      'results/j_1/rows_00001.jsonl': Buffer.from(second.map((row) => `${row}\n`).join('')),
    })
    const right = objectsOf(rows.slice(0, 3), rows.slice(3, 5))
    expect(await findings([line], { jobs, objects: right })).toEqual([])
    const repeated = objectsOf(rows.slice(0, 3), rows.slice(2, 5))
    const skipped = objectsOf(rows.slice(0, 3), rows.slice(4, 5))
    for (const wrong of [repeated, skipped])
      expect(await findings([line], { jobs, objects: wrong })).toEqual([
        'wrong: j_1 has other records than its steps made',
      ])
  })

  it('reports counters that drifted', async () => {
    expect(await findings([told], { drift: [{ queue: 'torture', owner: 'ann' }] })).toEqual([
      'drifted: the counters of queue torture, owner ann',
    ])
  })

  it('wants every counter at zero when everything has ended', async () => {
    const queues = [{ queue: 'torture', queued: 0, running: 1, paused: false }]
    expect(await findings([told], { queues })).toEqual([
      'wrong: queue torture counts 0 queued and 1 running after everything ended',
    ])
  })
})
