/** How the suite opens this driver, in the test and in its child processes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openSqlite } from '../../database/index.ts'
import type { EngineTestOptions, EngineUnderTest } from '../engine-conformance/harness.ts'
import { sqliteEngine } from './index.ts'

export async function openEngineForTest(options: EngineTestOptions): Promise<EngineUnderTest> {
  const folder = mkdtempSync(path.join(tmpdir(), 'longhaul-engine-'))
  const file = path.join(folder, 'longhaul.db')
  const database = await openSqlite({ path: file, statements: {} })
  const closers = [() => database.close()]
  const engine = sqliteEngine(database, options)
  return {
    engine,
    async another() {
      const other = await openSqlite({ path: file, statements: {} })
      closers.push(() => other.close())
      return sqliteEngine(other, options)
    },
    drift: () => engine.recount(),
    opener: { module: import.meta.url, argument: JSON.stringify({ file, options }) },
    async stop() {
      for (const close of closers) await close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** In a child process: `argument` is the opener's. */
export async function openForTest(argument: string) {
  const { file, options } = JSON.parse(argument) as { file: string; options: EngineTestOptions }
  const database = await openSqlite({ path: file, statements: {} })
  return { engine: sqliteEngine(database, options), close: () => database.close() }
}
