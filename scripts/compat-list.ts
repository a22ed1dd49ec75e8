import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * Holds the tests against the description of systems A, B, C and D, and of system E's uploads: every request, every weakness to beat and everything seen in
 * execution has a test whose title names it, as `[A.8.7]` or `[B.2 POST /jobs]`.
 */

/** What other parts of the project answer for. A test that names one of these all the same counts as its test. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  'the Apache tool': ['Y.1.10'],
  // Typed jobs, conversion, monitoring and migration.
  "system E's job half": [
    'E.2 POST /api/v1/jobs',
    'E.2 GET /api/v1/jobs/{job_id}',
    'E.2 GET /api/v1/jobs/queue/stats',
    ...[6, 20, 21, 23, 24, 25, 26, 27, 32].map((number) => `E.8.${number}`),
  ],
}

export interface ListComparison {
  readonly wanted: readonly string[]
  readonly missing: readonly string[]
  /** Part → what it answers for. */
  readonly elsewhere: Readonly<Record<string, readonly string[]>>
  /** Named by a test, and not in the description. */
  readonly unknown: readonly string[]
}

/** The text of the description, and titles of tests (or whole files that hold them). */
export function compareList(specification: string, tests: readonly string[]): ListComparison {
  const sections = sectionsOf(specification)
  const wanted = [
    ...['A.2', 'B.2', 'C.2', 'D.2', 'E.2'].flatMap((name) => requestsIn(name, sections.get(name) ?? '')),
    ...['A.8', 'B.8', 'C.8', 'D.8', 'E.8'].flatMap((name) =>
      numbersIn(name, sections.get(name) ?? '', /^\| (\d+) \|/gm),
    ),
    ...['Y.1', 'Y.2', 'Y.3'].flatMap((name) =>
      numbersIn(name, sections.get(name) ?? '', /^(\d+)\. /gm),
    ),
  ]
  const named = new Set(tests.flatMap(tagsIn))
  const known = new Set([...wanted, ...sections.keys()])
  const others = Object.fromEntries(
    Object.entries(elsewhere).map(([part, keys]) => [
      part,
      keys.filter((key) => wanted.includes(key) && !named.has(key)),
    ]),
  )
  const excused = new Set(Object.values(others).flat())
  return {
    wanted,
    missing: wanted.filter((key) => !named.has(key) && !excused.has(key)),
    elsewhere: others,
    unknown: [...named].filter((key) => !known.has(key)),
  }
}

/** By number: `## A.2 HTTP endpoints`. */
const sectionsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(/^(?=#{1,2} )/m).flatMap((section) => {
      const number = /^## ([A-Z]\.\d+)/.exec(section)?.[1]
      return number === undefined ? [] : [[number, section] as const]
    }),
  )

/** First cells of the first table: `POST /jobs` in code, several in one cell, or words where there is no code. */
function requestsIn(name: string, section: string): string[] {
  const [table = ''] = /(^\|.*\n)+/m.exec(section) ?? []
  const cells = table.split('\n').map((row) => row.split('|')[1]?.trim() ?? '')
  return cells.slice(2).flatMap((cell) => {
    if (cell === '') return []
    const requests = [...cell.matchAll(/`([^`]+)`/g)].map(([, request]) => request)
    return (requests.length > 0 ? requests : [cell]).map((request) => `${name} ${request}`)
  })
}

const numbersIn = (name: string, section: string, pattern: RegExp): string[] =>
  [...section.matchAll(pattern)].map(([, number]) => `${name}.${number}`)

/** `[A.8.5 Y.1.3 A.2 GET /health]` at the beginning of a title. */
const tagsIn = (text: string): string[] =>
  [...text.matchAll(/(?<=['"`])\[([A-EY]\.\d[^\]\n]*)\] /g)].flatMap(([, tags = '']) =>
    tags.split(/ (?=[A-EY]\.\d)/),
  )

/** Beside the test data, where there is any: the description is no part of this repository. */
export function specificationFile(testData = process.env['LONGHAUL_TESTDATA']): string | undefined {
  if (!testData) return undefined
  const file = path.join(testData, '..', 'spec', 'five-systems.md')
  return existsSync(file) ? file : undefined
}

export async function testFiles(): Promise<readonly string[]> {
  const root = path.join(import.meta.dirname, '..')
  const texts: string[] = []
  for await (const name of glob('packages/*/{src,tests}/**/*.test.ts', { cwd: root }))
    texts.push(await readFile(path.join(root, name), 'utf8'))
  return texts
}

if (import.meta.main) {
  const file = specificationFile()
  if (file === undefined)
    console.log('skipped: LONGHAUL_TESTDATA has no ../spec/five-systems.md beside it')
  else {
    const found = compareList(await readFile(file, 'utf8'), await testFiles())
    for (const [part, keys] of Object.entries(found.elsewhere))
      if (keys.length > 0) console.log(`${part}: ${keys.join(', ')}`)
    for (const key of found.missing) console.log(`missing: ${key}`)
    for (const key of found.unknown) console.log(`unknown: ${key}`)
    const others = Object.values(found.elsewhere).flat().length
    console.log(
      `${found.wanted.length} listed, ${others} of other parts, ${found.missing.length} missing`,
    )
    if (found.missing.length + found.unknown.length > 0) process.exitCode = 1
  }
}
