import type { JobUpkeep } from '../engine.ts'
import { Findings, takeLease, toWorker, type WorkerRow } from '../rules/index.ts'
import { commit } from './commit.ts'
import { holdJobs } from './hold.ts'
import { transition } from './transition.ts'
import type { Engine } from './tx.ts'
import { leasesOfAll } from './worker.ts'

export const forgetDeadWorkers =
  (engine: Engine): JobUpkeep['forgetDeadWorkers'] =>
  async (host, isAlive) => {
    const { database } = engine
    const rows = await database.query<WorkerRow>('SELECT * FROM worker WHERE host = $1', [host])
    const dead = new Set(
      rows
        .map(toWorker)
        .filter((worker) => !isAlive(worker))
        .map(({ id }) => id),
    )
    const findings = new Findings()
    if (dead.size === 0) return findings.report()
    const leases = await database.query<{ id: string }>(leasesOfAll, [[...dead]])
    const taken = await commit(engine, async (tx) => {
      const held = await holdJobs(
        tx,
        leases.map(({ id }) => id),
      )
      tx.more.push({ text: 'DELETE FROM worker WHERE id = ANY ($1)', values: [[...dead]] })
      return [...held.values()].flatMap((row) => {
        if (row.state !== 'running' || !dead.has(row.lease_worker ?? '')) return []
        const why = `The process of worker ${row.lease_worker} is gone.`
        return [transition(tx, row, takeLease(row, why, tx))]
      })
    })
    for (const row of taken) findings.note(row)
    return findings.report()
  }
