import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Member } from './archive-members.ts'
import { zipOf } from './zip.ts'
import { centralRecord, dataDescriptor, endRecords, localHeader } from './zip-records.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'longhaul-zip-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const modified = new Date('2026-11-23T14:15:16Z')
const memberOf = (name: string, ...parts: string[]): Member => ({
  name,
  modified,
  sizeBytes: parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0),
  bytes: (async function* () {
    for (const part of parts) yield Buffer.from(part)
  })(),
})
async function zipped(members: Iterable<Member>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const all = (async function* () {
    yield* members
  })()
  for await (const chunk of zipOf(all)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What Python's own reader makes of it, after it has compared every CRC. */
function readByPython(bytes: Uint8Array): unknown {
  const file = path.join(folder, 'a.zip')
  writeFileSync(file, bytes)
  const code = `import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    assert z.testzip() is None
    names = z.namelist()
    print(json.dumps({'count': len(names), 'last': names[-1] if names else None,
      'first': [[i.filename, z.read(i).decode(), list(i.date_time)] for i in z.infolist()[:3]]}))`
  return JSON.parse(execFileSync('python3', ['-c', code, file], { encoding: 'utf8' }))
}

describe('zipOf', () => {
  it('is read by others, with names beyond ASCII and empty files', async () => {
    const zip = await zipped([
      memberOf('a/größe.txt', 'one ', 'two'),
      memberOf('a/empty'),
      memberOf('b.txt', 'three'),
    ])
    expect(readByPython(zip)).toEqual({
      count: 3,
      last: 'b.txt',
      first: [
        ['a/größe.txt', 'one two', [2026, 11, 23, 14, 15, 16]],
        ['a/empty', '', [2026, 11, 23, 14, 15, 16]],
        ['b.txt', 'three', [2026, 11, 23, 14, 15, 16]],
      ],
    })
  })

  it('may hold nothing', async () => {
    expect(readByPython(await zipped([]))).toEqual({ count: 0, last: null, first: [] })
  })

  it('may hold more members than its first format could count', async () => {
    const members = function* () {
      for (let n = 0; n < 66_000; n++) yield memberOf(`${n}`, String(n))
    }
    expect(readByPython(await zipped(members()))).toMatchObject({ count: 66_000, last: '65999' })
  })

  it('leaves no temporary file, also when its reader goes away', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('longhaul-zip-'))
    for await (const chunk of zipOf(
      (async function* () {
        yield memberOf('a', 'bytes')
      })(),
    ))
      if (chunk.length > 0) break
    const after = readdirSync(tmpdir()).filter((name) => name.startsWith('longhaul-zip-'))
    expect(after).toEqual(before)
  })
})

describe('records of what is beyond 4 GiB', () => {
  const sizeBytes = 5 * 2 ** 30
  const offset = 6 * 2 ** 30
  const entry = { name: 'x', modified, sizeBytes, crc: 0x12345678, offset }

  it('say the true sizes in the ZIP64 field, and in the descriptor', () => {
    const local = localHeader(entry)
    expect(local.readUInt32LE(18)).toBe(0xffffffff)
    expect(local.readUInt16LE(28)).toBe(20)
    const central = centralRecord(entry)
    const extra = central.subarray(46 + 1)
    expect([central.readUInt32LE(20), central.readUInt32LE(42)]).toEqual([0xffffffff, 0xffffffff])
    expect([4, 12, 20].map((at) => Number(extra.readBigUInt64LE(at)))).toEqual([
      sizeBytes,
      sizeBytes,
      offset,
    ])
    expect(Number(dataDescriptor(entry).readBigUInt64LE(8))).toBe(sizeBytes)
  })

  it('are found through the ZIP64 end', () => {
    const end = endRecords({ count: 1, offset, sizeBytes: 100 })
    expect(Number(end.readBigUInt64LE(48))).toBe(offset)
    expect(Number(end.readBigUInt64LE(56 + 8))).toBe(offset + 100)
    expect(endRecords({ count: 1, offset: 10, sizeBytes: 100 })).toHaveLength(22)
  })
})
