import type { JobUpkeep } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { Findings, forgetWorkerAfterMs, takeLease } from '../rules/index.ts'
import { clockJumpGuard } from './clock-jump.ts'
import { databaseNow } from './database-now.ts'
import { dueEnds, takeDueEnds } from './dependants.ts'
import { expireDue, isAnyDue, isAnyExpired, wakeDue } from './due.ts'
import { changedReasons, waitingQueues } from './reasons.ts'
import { commit, type Engine, type Tx } from './transaction.ts'
import { transition } from './transition.ts'
import { staleWorkers } from './worker.ts'

const batch = 200
export const expiredLeases = `SELECT * FROM job INDEXED BY job_lease
  WHERE state = 'running' AND lease_expires_at <= ? ORDER BY lease_expires_at LIMIT ?`

/** For one lease after the database could not be written: till then nobody could touch, so nobody is to blame. */
const isTroubled = ({ troubleAtMs, settings }: Engine): boolean =>
  performance.now() - troubleAtMs < settings.leaseMs

export function sweep(engine: Engine): JobUpkeep['sweep'] {
  const holdsBack = clockJumpGuard(engine.settings.leaseMs)
  return async () => {
    const findings = new Findings()
    // One time for the whole sweep: with the clock stepping back in between, it could not agree with itself.
    const start = databaseNow(engine.database.reader)
    const look = { start, leases: !(holdsBack(start) || isTroubled(engine)) }
    for (let more = isWorkLeft(engine, look); more;)
      more = await commit(engine, (tx) => sweepOnce(tx, look, findings))
    return findings.report()
  }
}

interface Look {
  readonly start: number
  /** Whether expired leases are taken. */
  readonly leases: boolean
}

/** Reads only: a sweep that finds nothing never takes the write lock. */
function isWorkLeft({ database, settings }: Engine, { start, leases }: Look): boolean {
  const { reader } = database
  return (
    isAnyDue(reader, start) ||
    isAnyExpired(reader, start) ||
    (leases && reader.get(expiredLeases, start, 1) !== undefined) ||
    reader.get(dueEnds, 1) !== undefined ||
    reader.get(staleWorkers, start - forgetWorkerAfterMs) !== undefined ||
    reader
      .all<{ queue: string }>(waitingQueues)
      .some(({ queue }) => changedReasons(reader, queue, start, settings).length > 0)
  )
}

/** One transaction's worth; answers whether another is needed. */
function sweepOnce(tx: Tx, { start, leases }: Look, findings: Findings): boolean {
  const due = wakeDue(tx, start)
  findings.due += due.retries
  const expired = expireDue(tx, start)
  for (const row of expired) findings.note(row)
  const lost = leases ? tx.connection.all<JobRow>(expiredLeases, start, batch) : []
  for (const row of lost) {
    const why = `Worker ${row.lease_worker} stopped answering.`
    findings.note(transition(tx, row, takeLease(row, why, tx)))
  }
  const ends = takeDueEnds(tx)
  tx.connection.run(`DELETE FROM worker WHERE id IN (${staleWorkers})`, start - forgetWorkerAfterMs)
  for (const { queue } of tx.connection.all<{ queue: string }>(waitingQueues))
    tx.unsettled.add(queue)
  return due.more || expired.length > 0 || lost.length === batch || ends
}
