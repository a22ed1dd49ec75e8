import { isLonghaulError } from '../../errors/index.ts'
import { inOne } from './in-one.ts'
import { recordReasons } from './reasons.ts'
import { Tx, type Engine } from './tx.ts'
import { changesOf } from './write-changes.ts'

/** Rows of `dependants_due`: whose dependants have yet to hear. */
export const markEnds = `INSERT INTO dependants_due (on_id)
  SELECT DISTINCT on_id FROM dependency WHERE on_id = ANY ($1) AND heard = 0
  ON CONFLICT DO NOTHING RETURNING on_id`
const isMarked = (rows: readonly (readonly object[])[]): boolean =>
  (rows[0]?.[0] as { first?: number } | undefined)?.first !== 0

/** `ends`: jobs that ended, some of which others depend on. */
export interface Committed<T> {
  readonly answer: T
  readonly ends: readonly string[]
}

/** Runs one operation, writes all that it decided, and tells listeners once it is durable. */
export async function commitOnce<T>(
  engine: Engine,
  work: (tx: Tx) => Promise<T>,
): Promise<Committed<T>> {
  const { answer, tx, marked } = await watched(engine, () =>
    engine.database.transact(async (session) => {
      const tx = new Tx(session, engine.settings)
      const answer = await work(tx)
      await recordReasons(tx)
      const marks = tx.ended.length === 0 ? [] : [{ text: markEnds, values: [tx.ended] }]
      const rows = await session.finish([
        ...inOne([...marks, ...changesOf(tx), ...engine.wakeups.notification(tx.wakeups)]),
        ...tx.more,
      ])
      return { answer, tx, marked: marks.length > 0 && isMarked(rows) }
    }),
  )
  engine.wakeups.tell(tx.wakeups)
  return { answer, ends: marked ? tx.ended : [] }
}

/** Remembers when the database could not be reached or written: see sweep. */
export async function watched<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isLonghaulError(error, 'unavailable') || isLonghaulError(error, 'insufficient-storage'))
      engine.troubleAtMs = performance.now()
    throw error
  }
}
