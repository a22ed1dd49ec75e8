/**
 * What a feature may ask of the database: registered statements by name, with values. No transaction object leaves a
 * driver: what must commit together is one array of writes. Engine rows are changed by the engine alone (jobs/engine.ts).
 */
export type SqlValue = string | number | bigint | null | Uint8Array
export type Dialect = 'sqlite' | 'postgres'

/** A statement's text per dialect. Parameters are `?` in order for SQLite, `$1…` for PostgreSQL. */
export type Statements = Readonly<
  Record<string, { readonly sqlite: string; readonly postgres?: string }>
>

export interface Write {
  /** A registered name such as 'upload.complete'. */
  readonly statement: string
  readonly params: readonly SqlValue[]
  /** Another number of changed rows rolls everything back and rejects with 'write-conflict'. */
  readonly expectRows?: number
}

export interface Database {
  readonly dialect: Dialect
  /** One transaction (or one piece of a shared group commit); durable when the promise resolves. */
  write(writes: readonly Write[]): Promise<void>
  read<Row extends object>(statement: string, params: readonly SqlValue[]): Promise<readonly Row[]>
  close(): Promise<void>
}
