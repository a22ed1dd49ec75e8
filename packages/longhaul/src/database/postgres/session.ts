import { createHash } from 'node:crypto'
import type { ClientBase, QueryResult } from 'pg'
import { LonghaulError } from '../../errors/index.ts'
import type { Statements, Write } from '../database.ts'

/** One statement with its values. */
export interface Sql {
  readonly text: string
  readonly values?: readonly unknown[]
}

/**
 * One transaction. Statements that do not wait for each other's answers travel together: ask for several before awaiting
 * the first. Each still sees what those before it did.
 */
export interface Session {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>
  /** Answers the number of changed rows. */
  run(text: string, values?: readonly unknown[]): Promise<number>
  /** Registered statements; 'write-conflict' when one changed another number of rows than it expects. */
  write(writes: readonly Write[]): Promise<void>
  /**
   * The last statements, sent together with the COMMIT; without it the COMMIT comes when the work is done. Answers the rows
   * that each gave.
   */
  finish(statements: readonly Sql[]): Promise<readonly (readonly object[])[]>
}

const names = new Map<string, string>()

/** The name under which each connection prepares a statement once. */
function nameOf(text: string): string {
  let name = names.get(text)
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 24)
    names.set(text, name)
  }
  return name
}

export const send = (
  client: ClientBase,
  { text, values = [] }: Sql,
): Promise<QueryResult<Record<string, unknown>>> =>
  client.query({ name: nameOf(text), text, values: [...values] })

/** Runs registered statements in the order given. */
export async function runWrites(
  client: ClientBase,
  statements: Statements,
  writes: readonly Write[],
): Promise<void> {
  const all = writes.map(({ statement, params }) => ({
    text: textOf(statements, statement),
    values: params,
  }))
  const results = await Promise.all(all.map((one) => send(client, one)))
  writes.forEach(({ statement, expectRows }, index) => {
    const changed = results[index]?.rowCount ?? 0
    if (expectRows !== undefined && changed !== expectRows)
      throw new LonghaulError(
        'write-conflict',
        `Statement ${statement} changed ${changed} rows where ${expectRows} were expected.`,
      )
  })
}

/** The text that was registered under a name. */
export function textOf(statements: Statements, statement: string): string {
  const registered = Object.hasOwn(statements, statement) ? statements[statement] : undefined
  if (registered?.postgres !== undefined) return registered.postgres
  const known = Object.keys(statements).sort().join(', ')
  const missing = registered === undefined ? 'No statement is' : 'No PostgreSQL text is'
  throw new LonghaulError(
    'internal',
    `${missing} registered as '${statement}'; pass it to openPostgres. Registered: ${known || 'none'}.`,
  )
}
