/**
 * The embedded driver of the job engine: every operation is a piece of synchronous SQL in a group commit. One file per
 * operation; `transition.ts` is the only place where a job changes its state. How it works as a whole:
 * docs/how-it-works/life-of-a-job.md.
 */
import type { SqliteDatabase } from '../../database/index.ts'
import { engineSettings, type EngineOptions } from '../engine-options.ts'
import type { JobEngine } from '../engine.ts'
import { append, read } from './append.ts'
import { requestCancel } from './cancel.ts'
import { checkpoint } from './checkpoint.ts'
import { claim, claimPublications } from './claim.ts'
import { databaseNow } from './database-now.ts'
import { forgetDeadWorkers } from './dead-workers.ts'
import { history } from './history.ts'
import { get, list } from './list.ts'
import { queues, setQueue } from './queues.ts'
import { recount } from './recount.ts'
import { release } from './release.ts'
import { prune, remove } from './remove.ts'
import { retry } from './retry.ts'
import { checkRoom } from './room.ts'
import { settle, settleAndClaim } from './settle.ts'
import { submit } from './submit.ts'
import { sweep } from './sweep.ts'
import { touch } from './touch.ts'
import { waits } from './waits.ts'
import { Wakeups } from './wakeups.ts'
import { drainWorker, ordersFor, workers } from './worker.ts'

export type { EngineOptions as SqliteEngineOptions } from '../engine-options.ts'

/** Owns nothing: close the database when you are done. Any number of engines and processes may share one file. */
export function sqliteEngine(database: SqliteDatabase, options: EngineOptions = {}): JobEngine {
  const settings = engineSettings(options)
  const wakeups = new Wakeups(database, settings.pollMs)
  const engine = { database, settings, wakeups, troubleAtMs: Number.NEGATIVE_INFINITY }
  return {
    submit: submit(engine),
    requestCancel: requestCancel(engine),
    retry: retry(engine),
    get: get(engine),
    list: list(engine),
    waits: waits(engine),
    checkRoom: checkRoom(engine),
    claim: claim(engine),
    claimPublications: claimPublications(engine),
    touch: touch(engine),
    checkpoint: checkpoint(engine),
    settle: settle(engine),
    settleAndClaim: settleAndClaim(engine),
    release: release(engine),
    append: append(engine),
    read: read(engine),
    wakeups: (signal) => wakeups.listen(signal),
    sweep: sweep(engine),
    setQueue: setQueue(engine),
    queues: queues(engine),
    history: history(engine),
    workers: workers(engine),
    drainWorker: drainWorker(engine),
    ordersFor: ordersFor(engine),
    prune: prune(engine),
    remove: remove(engine),
    forgetDeadWorkers: forgetDeadWorkers(engine),
    recount: recount(engine),
    now: async () => databaseNow(database.reader),
  }
}
