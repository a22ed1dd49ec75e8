import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { footerOf, readWithBoth, type Row } from '../src/writers/parquet/read-parquet.fixture.ts'
import { hasPython, pythonFolder } from './harness/python.ts'

const script = path.join(import.meta.dirname, 'fixtures/parquet/write_tables.py')
interface Table {
  readonly files: readonly string[]
  readonly rows: readonly Readonly<Record<string, string | null>>[]
}

let folder: string
beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'longhaul-python-parquet-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

function writeTables(seed: number, count: number): readonly Table[] {
  const run = spawnSync('python3', [script, folder, String(seed), String(count)], {
    env: { PATH: process.env['PATH'], PYTHONPATH: pythonFolder, PYTHONDONTWRITEBYTECODE: '1' },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  expect(run.stderr).toBe('')
  return JSON.parse(run.stdout) as Table[]
}

const numbers: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, '-inf': -Infinity }
const toNumber = (text: string): number => numbers[text] ?? Number(text)
/** What Python said of a cell, as readers of its column have it. */
const cells: Readonly<Record<string, (text: string) => unknown>> = {
  whole: BigInt,
  number: toNumber,
  flag: (text) => text === 'True',
  nested: (text) => JSON.parse(text) as unknown,
}
const expected = (row: Table['rows'][number]): Row =>
  Object.fromEntries(
    Object.entries(row).map(([column, text]) => [
      column,
      text === null ? null : (cells[column]?.(text) ?? text),
    ]),
  )
const withParsedJson = (row: Row): Row =>
  typeof row['nested'] === 'string' ? { ...row, nested: JSON.parse(row['nested']) as unknown } : row

describe.skipIf(!hasPython())('a table that Python wrote', () => {
  it('gives two foreign readers every cell as it was', { timeout: 60_000 }, async () => {
    const seed = Date.now() % 1_000_000
    const tables = writeTables(seed, 60)
    expect(tables.flatMap(({ files }) => files).length).toBeGreaterThan(60)
    for (const [number, { files, rows }] of tables.entries()) {
      const found: { hyparquet: Row[]; arrow: Row[] } = { hyparquet: [], arrow: [] }
      for (const file of files) {
        const { hyparquet, arrow } = await readWithBoth(file)
        found.hyparquet.push(...hyparquet)
        found.arrow.push(...arrow.map(withParsedJson))
        const { row_groups: groups } = await footerOf(file)
        for (const { meta_data: chunk } of groups.flatMap(({ columns }) => columns))
          expect(chunk?.statistics?.null_count).toBeDefined()
      }
      const where = `seed ${seed}, table ${number}`
      expect(found.hyparquet, where).toEqual(rows.map(expected))
      expect(found.arrow, where).toEqual(rows.map(expected))
    }
  })
})
