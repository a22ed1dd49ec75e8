import type { JobClaims } from '../engine.ts'
import type { JobRow } from '../row.ts'
import { clock } from './clock.ts'
import { commit } from './commit.ts'
import { takeDue } from './due.ts'
import { give, start } from './give.ts'
import { lockQueues } from './hold.ts'
import { look, publications, type Claimer, type Given } from './look.ts'
import type { Engine, Tx } from './tx.ts'
import { seeWorker } from './worker.ts'

/** One look for whoever finds nothing again and again: it need not take the lock to hear that there is nothing. */
export const anyWork = `SELECT EXISTS (SELECT 1 FROM job WHERE wake_at <= ${clock}) OR
    EXISTS (SELECT 1 FROM lane WHERE queue = ANY ($1) AND ready > 0) OR
    EXISTS (SELECT 1 FROM job WHERE queue = ANY ($1) AND state = 'queued' AND publishing IS NOT NULL) AS found`

export function claim(engine: Engine): JobClaims['claim'] {
  const cameBackEmpty = new Set<string>()
  return async (worker, wanted) => {
    const wants = wanted.filter(({ slots }) => slots > 0)
    const queues = wants.map(({ queue }) => queue)
    if (queues.length === 0) return []
    if (queues.every((queue) => cameBackEmpty.has(queue))) {
      const [look] = await engine.database.query<{ found: boolean }>(anyWork, [queues])
      if (look?.found !== true) return []
    }
    for (;;) {
      const given = await commit(engine, (tx) => claimOne(tx, { worker, wants }))
      if (given !== 'later') {
        const claims = given.flat()
        for (const queue of queues)
          if (claims.some(({ job }) => job.queue === queue)) cameBackEmpty.delete(queue)
          else cameBackEmpty.add(queue)
        return claims
      }
      // Jobs whose time has come may lie in any queue, so they are woken in a transaction of their own.
      await takeDue(engine)
    }
  }
}

async function claimOne(tx: Tx, claimer: Claimer): Promise<Given | 'later'> {
  const queues = claimer.wants.map(({ queue }) => queue)
  const [, found] = await Promise.all([
    tx.settings.noQueueLock ? [] : tx.session.query(lockQueues, [queues]),
    look(tx, [claimer]),
  ])
  tx.now = found.now
  return give(tx, found, [claimer])
}

const queuesToPublish =
  "SELECT DISTINCT queue FROM job WHERE state = 'queued' AND publishing IS NOT NULL"

export const claimPublications =
  (engine: Engine): JobClaims['claimPublications'] =>
  async (worker, slots) => {
    if (slots <= 0) return []
    const found = await engine.database.query<{ queue: string }>(queuesToPublish)
    if (found.length === 0) return []
    const queues = found.map(({ queue }) => queue)
    return commit(engine, async (tx) => {
      const [, rows] = await Promise.all([
        tx.session.query(lockQueues, [queues]),
        tx.session.query<JobRow & { readonly now: number }>(
          `SELECT ${clock} AS now, p.* FROM (${publications}) p LIMIT $3`,
          [queues, queues.map(() => slots), slots],
        ),
      ])
      tx.now = rows[0]?.now ?? tx.now
      if (rows.length > 0) seeWorker(tx, worker, undefined)
      return start(tx, worker, rows)
    })
  }
