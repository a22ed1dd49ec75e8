import type { JobUpkeep } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { Findings, forgetWorkerAfterMs, takeLease } from '../rules/index.ts'
import { clockJumpGuard } from '../sqlite/clock-jump.ts'
import { commit } from './commit.ts'
import { watched } from './commit-once.ts'
import { tellDependants } from './dependants.ts'
import { takeDue } from './due.ts'
import { clock, holdJobs, lockQueues } from './hold.ts'
import { queuesToSettle } from './reasons.ts'
import { transition } from './transition.ts'
import type { Engine } from './tx.ts'
import { staleWorkers } from './worker.ts'

const batch = 200
export const expiredLeases = `SELECT id FROM job WHERE state = 'running' AND lease_expires_at <= $1
  ORDER BY lease_expires_at LIMIT ${batch}`
const dueEnds = 'SELECT on_id FROM dependants_due LIMIT 500'

/** What time it is, and when the server started: until then nobody could touch. */
const times = `SELECT ${clock} AS now, (extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint AS up_since`

export function sweep(engine: Engine): JobUpkeep['sweep'] {
  const { database, settings } = engine
  const holdsBack = clockJumpGuard(settings.leaseMs)
  return () =>
    watched(engine, async () => {
      const findings = new Findings()
      const [time] = await database.query<{ now: number; up_since: number }>(times)
      // One time for the whole sweep: with the clock stepping back in between, it could not agree with itself.
      const { now = 0, up_since: upSince = 0 } = time ?? {}
      const jumped = holdsBack(now)
      const { retries, expired } = await takeDue(engine, now)
      findings.due = retries
      for (const row of expired) findings.note(row)
      if (!jumped && !isTroubled(engine) && now - upSince >= settings.leaseMs)
        for (const row of await takeExpiredLeases(engine, now)) findings.note(row)
      const ends = await database.query<{ on_id: string }>(dueEnds)
      if (ends.length > 0)
        await tellDependants(
          engine,
          ends.map((end) => end.on_id),
        )
      await database.query(`DELETE FROM worker WHERE id IN (${staleWorkers})`, [
        now - forgetWorkerAfterMs,
      ])
      await settleReasons(engine, now)
      return findings.report()
    })
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
async function settleReasons(engine: Engine, now: number): Promise<void> {
  const { database, settings } = engine
  const queues = await queuesToSettle(database, now, settings)
  if (queues.length === 0) return
  await commit(engine, async (tx) => {
    const [, [time]] = await Promise.all([
      tx.session.query(lockQueues, [queues]),
      tx.session.query<{ now: number }>(`SELECT ${clock} AS now`),
    ])
    tx.now = time?.now ?? 0
    for (const queue of queues) tx.unsettled.add(queue)
  })
}
