import type { DatabaseSync } from 'node:sqlite'

type SqliteModule = typeof import('node:sqlite')
let loaded: SqliteModule | undefined

/**
 * `node:sqlite`, without the ExperimentalWarning that early releases of Node 24 print when it is loaded: it tells
 * neither an author nor an operator anything they could act on. Other warnings pass.
 */
export function sqliteModule(): SqliteModule {
  if (loaded !== undefined) return loaded
  const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void
  process.emitWarning = (...args: unknown[]): void => {
    if (String(args[0]).includes('SQLite is an experimental feature')) return
    emitWarning(...args)
  }
  try {
    loaded = process.getBuiltinModule('node:sqlite')
    return loaded
  } finally {
    process.emitWarning = emitWarning
  }
}

export type { DatabaseSync }
