/**
 * The embedded driver of the job engine: every operation is a piece of synchronous SQL in a group commit. One file per
 * operation; `transition.ts` is the only place where a job changes its state. How it works as a whole:
 * docs/how-it-works/life-of-a-job.md.
 */
import type { SqliteDatabase } from '../../database/index.ts'
import type { JobEngine } from '../engine.ts'
import { requestCancel } from './cancel.ts'
import { checkpoint } from './checkpoint.ts'
import { claim } from './claim.ts'
import { forgetDeadWorkers } from './dead-workers.ts'
import { append, read } from './events.ts'
import { get, list } from './list.ts'
import { queues, setQueue } from './queues.ts'
import { release } from './release.ts'
import { prune, remove } from './remove.ts'
import { retry } from './retry.ts'
import { settingsOf, type SqliteEngineOptions } from './settings.ts'
import { settle } from './settle.ts'
import { submit } from './submit.ts'
import { sweep } from './sweep.ts'
import { touch } from './touch.ts'
import { Wakeups } from './wakeups.ts'

export type { SqliteEngineOptions } from './settings.ts'
export { laneDrift } from './lane.ts'

/** Owns nothing: close the database when you are done. Any number of engines and processes may share one file. */
export function sqliteEngine(
  database: SqliteDatabase,
  options: SqliteEngineOptions = {},
): JobEngine {
  const settings = settingsOf(options)
  const wakeups = new Wakeups(database, settings.pollMs)
  const engine = { database, settings, wakeups, troubleAtMs: Number.NEGATIVE_INFINITY }
  return {
    submit: submit(engine),
    requestCancel: requestCancel(engine),
    retry: retry(engine),
    get: get(engine),
    list: list(engine),
    claim: claim(engine),
    touch: touch(engine),
    checkpoint: checkpoint(engine),
    settle: settle(engine),
    release: release(engine),
    append: append(engine),
    read: read(engine),
    wakeups: (signal) => wakeups.listen(signal),
    sweep: sweep(engine),
    setQueue: setQueue(engine),
    queues: queues(engine),
    prune: prune(engine),
    remove: remove(engine),
    forgetDeadWorkers: forgetDeadWorkers(engine),
  }
}
