import type { JobUpkeep } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { Findings, forgetWorkerAfterMs, takeLease } from '../rules/index.ts'
import { clockJumpGuard } from '../sqlite/clock-jump.ts'
import { commit } from './commit.ts'
import { watched } from './commit-once.ts'
import { tellDependants } from './dependants.ts'
import { takeDue } from './due.ts'
import { clock, readClock } from './clock.ts'
import { holdJobs, lockQueues } from './hold.ts'
import { allQueueRows, allWaitingLanes, changedReasons, liveWorkers } from './reasons.ts'
import type { Waiting } from './waiting.ts'
import { transition } from './transition.ts'
import type { Engine } from './tx.ts'
import { staleWorkers } from './worker.ts'

const batch = 200
export const expiredLeases = `SELECT id FROM job WHERE state = 'running' AND lease_expires_at <= $1
  ORDER BY lease_expires_at LIMIT ${batch}`
const dueEnds = 'SELECT on_id FROM dependants_due LIMIT 500'

/** Whether there is anything to do, in one statement: as a rule there is not. `$1` is the length of a lease. */
export const lookText = `SELECT t.now, (extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint AS up_since,
    EXISTS (SELECT 1 FROM job WHERE wake_at <= t.now) OR
      EXISTS (SELECT 1 FROM job WHERE state = 'queued' AND started_at IS NULL AND expires_at IS NOT NULL
        AND expires_at <= t.now) AS due,
    EXISTS (SELECT 1 FROM job WHERE state = 'running' AND lease_expires_at <= t.now) AS expired,
    EXISTS (SELECT 1 FROM dependants_due) AS ends,
    EXISTS (${staleWorkers.replace('$1', `t.now - ${forgetWorkerAfterMs}`)}) AS stale,
    (SELECT json_agg(q) FROM (${allQueueRows}) q) AS queues,
    (SELECT json_agg(l) FROM (${allWaitingLanes}) l) AS lanes,
    (SELECT json_agg(w) FROM (${liveWorkers}) w) AS workers
  FROM (SELECT ${clock} AS now) t`

interface Look {
  readonly now: number
  /** When the server started: until then nobody could touch. */
  readonly up_since: number
  readonly due: boolean
  readonly expired: boolean
  readonly ends: boolean
  readonly stale: boolean
  readonly queues: Waiting['queues'] | null
  readonly lanes: Waiting['lanes'] | null
  readonly workers: Waiting['workers'] | null
}

export function sweep(engine: Engine): JobUpkeep['sweep'] {
  const { database, settings } = engine
  const holdsBack = clockJumpGuard(settings.leaseMs)
  return () =>
    watched(engine, async () => {
      const findings = new Findings()
      const [look] = await database.query<Look>(lookText, [settings.leaseMs])
      if (look === undefined) return findings.report()
      // One time for the whole sweep: with the clock stepping back in between, it could not agree with itself.
      const { now } = look
      const jumped = holdsBack(now)
      if (look.due) {
        const { retries, expired } = await takeDue(engine, now)
        findings.due = retries
        for (const row of expired) findings.note(row)
      }
      const isFair = !jumped && !isTroubled(engine) && now - look.up_since >= settings.leaseMs
      if (look.expired && isFair)
        for (const row of await takeExpiredLeases(engine, now)) findings.note(row)
      if (look.ends) await tellAll(engine)
      if (look.stale) await database.query(forgetWorkers, [now - forgetWorkerAfterMs])
      await settleReasons(engine, look)
      return findings.report()
    })
}

const forgetWorkers = `DELETE FROM worker WHERE id IN (${staleWorkers})`

async function tellAll(engine: Engine): Promise<void> {
  const ends = await engine.database.query<{ on_id: string }>(dueEnds)
  await tellDependants(
    engine,
    ends.map((end) => end.on_id),
  )
}

/** For one lease after the database could not be written: till then nobody could touch, so nobody is to blame. */
const isTroubled = ({ troubleAtMs, settings }: Engine): boolean =>
  performance.now() - troubleAtMs < settings.leaseMs

async function takeExpiredLeases(engine: Engine, now: number): Promise<readonly JobRow[]> {
  const taken: JobRow[] = []
  for (;;) {
    const ids = (await engine.database.query<{ id: string }>(expiredLeases, [now])).map(
      ({ id }) => id,
    )
    if (ids.length === 0) return taken
    const rows = await commit(engine, async (tx) =>
      [...(await holdJobs(tx, ids)).values()].flatMap((row) => {
        // Touched or settled before we held it.
        if (row.state !== 'running' || (row.lease_expires_at ?? 0) > now) return []
        const why = `Worker ${row.lease_worker} stopped answering.`
        return [transition(tx, row, takeLease(row, why, tx))]
      }),
    )
    taken.push(...rows)
  }
}

/** A limit that refilled, a disk that has room again: nobody's transaction told of it. */
async function settleReasons(engine: Engine, look: Look): Promise<void> {
  const { lanes, queues: states, workers, now } = look
  const waiting = { lanes: lanes ?? [], queues: states ?? [], workers: workers ?? [] }
  const queues = [...new Set(changedReasons(waiting, now).map(({ lane }) => lane.queue))]
  if (queues.length === 0) return
  await commit(engine, async (tx) => {
    const [, [time]] = await Promise.all([
      tx.session.query(lockQueues, [queues]),
      tx.session.query<{ now: number }>(readClock),
    ])
    tx.now = time?.now ?? 0
    for (const queue of queues) tx.unsettled.add(queue)
  })
}
