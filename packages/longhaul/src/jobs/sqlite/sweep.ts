import type { JobUpkeep } from '../engine.ts'
import { clockJumpGuard } from './clock-jump.ts'
import { databaseNow } from './database-now.ts'
import { isAnyDue, wakeDue } from './due.ts'
import { Findings, takeLease } from './lost-lease.ts'
import type { JobRow } from './row.ts'
import { commit, type Engine } from './transaction.ts'

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
    const { reader } = engine.database
    const start = databaseNow(reader)
    const wait = holdsBack(start) || isTroubled(engine)
    const isWorkLeft = () =>
      isAnyDue(reader, start) || (!wait && reader.get(expiredLeases, start, 1) !== undefined)
    while (isWorkLeft()) {
      await commit(engine, (tx) => {
        findings.due += wakeDue(tx)
        if (wait) return
        for (const row of tx.connection.all<JobRow>(expiredLeases, start, batch))
          takeLease(tx, row, `Worker ${row.lease_worker} stopped answering.`, findings)
      })
    }
    return findings.report()
  }
}
