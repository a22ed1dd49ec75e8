import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { LonghaulError } from '../errors/index.ts'
import type { SqlValue, Statements, Write } from './database.ts'

/**
 * One SQLite connection with its statements prepared once. Everything is synchronous; inside a transaction that is the
 * point: nobody can await while holding the write lock.
 */
export class Connection {
  readonly #db: DatabaseSync
  readonly #statements: Statements
  readonly #prepared = new Map<string, StatementSync>()

  constructor(db: DatabaseSync, statements: Statements) {
    this.#db = db
    this.#statements = statements
  }

  /** Answers the number of changed rows. */
  run(text: string, ...params: readonly SqlValue[]): number {
    return Number(this.#prepare(text).run(...params).changes)
  }

  get<Row extends object>(text: string, ...params: readonly SqlValue[]): Row | undefined {
    return this.#prepare(text).get(...params) as Row | undefined
  }

  all<Row extends object>(text: string, ...params: readonly SqlValue[]): readonly Row[] {
    return this.#prepare(text).all(...params) as unknown as readonly Row[]
  }

  /** Runs registered statements; throws 'write-conflict' when one changed another number of rows than it expects. */
  write(writes: readonly Write[]): void {
    for (const { statement, params, expectRows } of writes) {
      const changed = this.run(this.textOf(statement), ...params)
      if (expectRows !== undefined && changed !== expectRows)
        throw new LonghaulError(
          'write-conflict',
          `Statement ${statement} changed ${changed} rows where ${expectRows} were expected.`,
        )
    }
  }

  /** The text that was registered under a name. */
  textOf(statement: string): string {
    const registered = Object.hasOwn(this.#statements, statement)
      ? this.#statements[statement]
      : undefined
    if (registered !== undefined) return registered.sqlite
    const known = Object.keys(this.#statements).sort().join(', ')
    throw new LonghaulError(
      'internal',
      `No statement is registered as '${statement}'; pass it to openSqlite. Registered: ${known || 'none'}.`,
    )
  }

  #prepare(text: string): StatementSync {
    let statement = this.#prepared.get(text)
    if (statement === undefined) {
      statement = this.#db.prepare(text)
      this.#prepared.set(text, statement)
    }
    return statement
  }
}
