import type { JobUpkeep, WorkerInfo } from '../engine.ts'
import { Findings, takeLease } from './lost-lease.ts'
import type { JobRow } from './row.ts'
import { commit, type Engine } from './transaction.ts'

export const leasesOfWorker = `SELECT * FROM job INDEXED BY job_worker
  WHERE state = 'running' AND lease_worker = ?`

export const forgetDeadWorkers =
  (engine: Engine): JobUpkeep['forgetDeadWorkers'] =>
  async (host, isAlive) => {
    const dead = engine.database.reader
      .all<WorkerInfo>(
        'SELECT id, host, boot_id AS bootId, pid, slots FROM worker WHERE host = ?',
        host,
      )
      .filter((worker) => !isAlive(worker))
    const findings = new Findings()
    if (dead.length === 0) return findings.report()
    return commit(engine, (tx) => {
      for (const worker of dead) {
        for (const row of tx.connection.all<JobRow>(leasesOfWorker, worker.id))
          takeLease(tx, row, `The process of worker ${worker.id} is gone.`, findings)
        tx.connection.run('DELETE FROM worker WHERE id = ?', worker.id)
      }
      return findings.report()
    })
  }
