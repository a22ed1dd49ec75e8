/**
 * The engine's driver on PostgreSQL: any number of processes on any number of hosts. An operation locks its queues, then
 * reads its jobs, asks the rules, and writes everything it decided with one statement per table, however many jobs there
 * are. One file per operation; `transition.ts` is the only place where a job changes its state, `write-changes.ts` the only
 * one that writes it. Why it is our own SQL: docs/decisions/0003-own-sql-on-postgresql.md.
 */
import type { PostgresDatabase } from '../../database/postgres/index.ts'
import { engineSettings, type EngineOptions } from '../engine-options.ts'
import type { JobEngine } from '../engine.ts'
import { append, read } from './append.ts'
import { requestCancel } from './cancel.ts'
import { checkpoint } from './checkpoint.ts'
import { claim, claimPublications } from './claim.ts'
import { forgetDeadWorkers } from './dead-workers.ts'
import { history } from './history.ts'
import { readClock } from './clock.ts'
import { get, list } from './list.ts'
import { queues, setQueue } from './queues.ts'
import { recount } from './recount.ts'
import { release } from './release.ts'
import { prune, remove } from './remove.ts'
import { retry } from './retry.ts'
import { checkRoom } from './room.ts'
import { settling } from './settle.ts'
import { submit } from './submit.ts'
import { sweep } from './sweep.ts'
import { touch } from './touch.ts'
import type { Engine } from './tx.ts'
import { waits } from './waits.ts'
import { Wakeups } from './wakeups.ts'
import { drainWorker, ordersFor, workers } from './worker.ts'

/** Owns nothing: close the database when you are done. Any number of engines and processes may share one database. */
export function postgresEngine(database: PostgresDatabase, options: EngineOptions = {}): JobEngine {
  const engine: Engine = {
    database,
    settings: engineSettings(options),
    wakeups: new Wakeups(database),
    troubleAtMs: Number.NEGATIVE_INFINITY,
  }
  return {
    ...settling(engine),
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
    release: release(engine),
    append: append(engine),
    read: read(engine),
    wakeups: (signal) => engine.wakeups.listen(signal),
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
    now: async () => (await database.query<{ now: number }>(readClock))[0]?.now ?? 0,
  }
}
