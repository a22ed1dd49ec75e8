import type { JobUpkeep } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { Findings, takeLease, toWorker, type WorkerRow } from '../rules/index.ts'
import { commit, type Engine } from './transaction.ts'
import { transition } from './transition.ts'

export const leasesOfWorker = `SELECT * FROM job INDEXED BY job_worker
  WHERE state = 'running' AND lease_worker = ?`

export const forgetDeadWorkers =
  (engine: Engine): JobUpkeep['forgetDeadWorkers'] =>
  async (host, isAlive) => {
    const dead = engine.database.reader
      .all<WorkerRow>('SELECT * FROM worker WHERE host = ?', host)
      .map(toWorker)
      .filter((worker) => !isAlive(worker))
    const findings = new Findings()
    if (dead.length === 0) return findings.report()
    return commit(engine, (tx) => {
      for (const { id } of dead) {
        for (const row of tx.connection.all<JobRow>(leasesOfWorker, id))
          findings.note(
            transition(tx, row, takeLease(row, `The process of worker ${id} is gone.`, tx)),
          )
        tx.connection.run('DELETE FROM worker WHERE id = ?', id)
      }
      return findings.report()
    })
  }
