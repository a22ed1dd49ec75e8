import type { Statements } from '../database/database.ts'

/** $1: a JSON array of ids. */
const ids = {
  sqlite: `(SELECT value FROM json_each(?1))`,
  postgres: `(SELECT json_array_elements_text($1::json))`,
}
const jobs = (given: string) =>
  `SELECT id, owner, processor, state, params, result, problem FROM job WHERE id IN ${given}`
const pending = (given: string) =>
  `SELECT i.job_id AS id, b.owner, b.processor, b.cancelled_at, i.input
    FROM batch_item i JOIN batch b ON b.id = i.batch_id
    WHERE i.job_id IN ${given} AND b.opened_at IS NOT NULL AND b.removing = 0`

/** Every statement of this folder. It reads; batches and the engine write. */
export const operationStatements = {
  'operation.jobs': { sqlite: jobs(ids.sqlite), postgres: jobs(ids.postgres) },
  'operation.pending': { sqlite: pending(ids.sqlite), postgres: pending(ids.postgres) },
} as const satisfies Statements
