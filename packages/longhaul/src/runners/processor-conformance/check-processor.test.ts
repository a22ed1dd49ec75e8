import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkProcessor, rules } from './index.ts'

const fixtures = path.join(import.meta.dirname, '../../../tests/fixtures/conformance')
const nodeChild = path.join(import.meta.dirname, '../child-process/node-child.ts')
const page = path.join(import.meta.dirname, '../../../../../docs/reference/processor-protocol.md')

it('finds that TypeScript processors keep every rule', { timeout: 120_000 }, async () => {
  const args = ['--conditions=longhaul-source', nodeChild, path.join(fixtures, 'conformance.ts')]
  const reports = await checkProcessor({ command: process.execPath, args, cwd: fixtures })
  expect(reports.filter(({ ok }) => !ok)).toEqual([])
  expect(reports).toHaveLength(rules.length)
})

it('finds that a bash program keeps every rule', { timeout: 120_000 }, async () => {
  const command = path.join(fixtures, 'conformance.sh')
  const reports = await checkProcessor({ command, cwd: fixtures })
  expect(reports.filter(({ ok }) => !ok)).toEqual([])
})

it('is told in the reference page, rule by rule', async () => {
  const [, list = ''] = (await readFile(page, 'utf8')).split('\nThe rules:\n')
  const told = [...list.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, id]) => id)
  expect(told).toEqual(rules.map(({ id }) => id))
})

describe('a program that breaks a rule', () => {
  let folder: string
  let good: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'longhaul-broken-'))
    good = await readFile(path.join(fixtures, 'conformance.sh'), 'utf8')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each([
    ['workspace', 'cd "$(field workspace)" || exit 1', ':'],
    ['leaves-workspace', 'cd "$home" || exit 1\n  say', 'say'],
    ['mark', 'export LONGHAUL_ATTEMPT_ID', 'local LONGHAUL_ATTEMPT_ID'],
    ['private-descriptors', 'tr "\\n" " "\' 3<&- 4>&-', 'tr "\\n" " "\''],
    ['own-stdout', 'printf \'%s\\n\' "$text" >&2 &&', ':;'],
    ['cancel', 'error cancelled', 'error transient'],
    ['stop', 'stop) exit 0', 'stop) exit 3'],
    ['invalid-input', '"field":"text"', '"place":"text"'],
    ['one-ready', `say '{"type":"ready"}'`, `say '{"type":"progress"}'; say '{"type":"ready"}'`],
    ['sigterm', 'home=$PWD', "home=$PWD; trap 'exit 0' TERM"],
    ['checkpoint', 'printf \'%b\' "$text" > state.txt', ': > state.txt'],
    [
      'checkpoint-waits',
      `checkpoint "$text" '"state.txt"'`,
      `say '{"type":"checkpoint","state":1}'`,
    ],
    ['not-saved', '*\'"stop":true\'*', '*\'"saved":false\'*'],
    ['restored', 'cat state.txt', 'echo lost'],
    ['drain', "error cancelled 'goes on elsewhere'", ':'],
    ['late-drain', 'stop) exit 0', 'drain) exit 1 ;; stop) exit 0'],
  ])('is told which: %s', { timeout: 60_000 }, async (id, from, to) => {
    expect(good).toContain(from)
    const command = path.join(folder, `${id}.sh`)
    await writeFile(command, good.replace(from, to))
    await chmod(command, 0o755)
    const broken = await checkProcessor({ command, cwd: folder }, [id])
    expect(broken).toMatchObject([{ id, ok: false }])
    expect(broken[0]?.detail).toMatch(/; got |ended|nothing came/)
  })
})
