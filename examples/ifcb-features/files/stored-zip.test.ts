import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { centralDirectory, localEntry, membersOf } from './stored-zip.ts'

const members = [
  ['a_00001.png', Buffer.from('first')],
  ['a_00003.png', Buffer.alloc(0)],
  ['a_00007.png', Buffer.from('PK\x03\x04 as part of the data')],
] as const
const entries = Buffer.concat(members.map(([name, bytes]) => localEntry(name, bytes)))
const archive = Buffer.concat([entries, centralDirectory(entries)])

it('gives back what went in, from an archive that has ended and from one that has not', () => {
  for (const bytes of [entries, archive])
    expect([...membersOf(bytes)].map(({ name, bytes }) => [name, Buffer.from(bytes)])).toEqual(
      members,
    )
})

it('refuses what was cut or is no archive', () => {
  expect(() => [...membersOf(entries.subarray(0, -3))]).toThrow(/ends within/)
  expect(() => [...membersOf(Buffer.from('not an archive at all, but long'))]).toThrow(/byte 0/)
})

const python = spawnSync('python3', ['--version']).status === 0
if (!python) console.warn('zip held against Python skipped: there is no python3')
it.skipIf(!python)('is read by Python, with its checksums right and its members stored', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'stored-zip-'))
  const file = path.join(folder, 'a.zip')
  writeFileSync(file, archive)
  const script = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    print([(i.filename, i.compress_type, i.date_time[0], i.external_attr >> 16, len(archive.read(i))) for i in archive.infolist()])`
  const { stdout, stderr } = spawnSync('python3', ['-c', script, file], { encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  expect(stderr).toBe('')
  expect(stdout.trim()).toBe(
    `[('a_00001.png', 0, 1980, 384, 5), ('a_00003.png', 0, 1980, 384, 0), ('a_00007.png', 0, 1980, 384, 24)]`,
  )
})
