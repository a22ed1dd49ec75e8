import type { Connection } from '../../database/index.ts'
import type { Scope } from '../engine.ts'
import type { JobRow } from '../row.ts'

/** A job as far as the asker may know of it: another owner's is not there. */
export const scopedRow = (connection: Connection, id: string, scope: Scope): JobRow | undefined =>
  scope === 'everyone'
    ? connection.get<JobRow>('SELECT * FROM job WHERE id = ?', id)
    : connection.get<JobRow>('SELECT * FROM job WHERE id = ? AND owner = ?', id, scope.owner)
