import type { SqlValue } from '../../database/index.ts'
import type { Checkpoint } from '../../jobs/engine.ts'

type Row = Readonly<Record<string, SqlValue>>

/**
 * What cannot mean the same elsewhere: the old host's workers, and multipart uploads that live in the store they were begun
 * in. Everything else is copied as it is.
 */
export function changeRow(table: string, row: Row): Row | undefined {
  if (table === 'worker') return undefined
  if (table === 'upload')
    return row['state'] === 'completed'
      ? row
      : { ...row, state: row['state'] === 'open' ? 'expired' : (row['state'] ?? null), cleaned: 1 }
  // An earlier checkpoint without outputs, or the beginning, is where the job goes on instead.
  if (table === 'job_checkpoint') {
    const { outputs } = JSON.parse(String(row['manifest'])) as Partial<Checkpoint>
    return (outputs ?? []).length > 0 ? undefined : row
  }
  return row
}
