import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { RefusalReason } from './archive-refusal.ts'
import { tar, tarWithPath } from './tar.fixture.ts'
import { overlappingZip, zip } from './zip.fixture.ts'

/** An archive that must not be extracted, and why. */
export interface Hostile {
  readonly what: string
  readonly reason: RefusalReason
  readonly bytes: Buffer
}

/** The limits that the test sets, so that archives which pass them are small. */
export const testLimits = {
  maxEntries: 200,
  maxBytes: 60_000_000,
  maxEntryBytes: 40_000_000,
  maxRatio: 200,
  maxDepth: 32,
}

const good = { name: 'good.txt', data: 'good' }
const names: readonly (readonly [what: string, reason: RefusalReason, name: string])[] = [
  ['a name that leads outside', 'leads-outside', '../../outside.txt'],
  ['a name that leads outside on the way', 'leads-outside', 'a/../../outside.txt'],
  ['an absolute path', 'absolute-path', '/tmp/outside.txt'],
  ['a drive', 'absolute-path', 'C:/outside.txt'],
  ['a drive without a slash', 'absolute-path', 'c:outside.txt'],
  ['a network path', 'absolute-path', '\\\\server\\share\\outside.txt'],
  ['backslashes', 'backslash', '..\\outside.txt'],
  ['a part without a name', 'bad-name', 'a//b.txt'],
  ['a dot in the middle', 'bad-name', 'a/./b.txt'],
  ['control characters', 'bad-name', 'a\u001b[2Jb.txt'],
  ['text that runs the other way', 'bad-name', 'a\u202etxt.exe'],
  ['our own folder', 'bad-name', '.longhaul/parts.log'],
  ['a part of 256 bytes', 'name-too-long', 'x'.repeat(256)],
  ['a name of 1,000 bytes', 'name-too-long', `${'x'.repeat(124)}/`.repeat(7) + 'x'.repeat(125)],
  ['33 folders', 'too-deep', 'd/'.repeat(33) + 'f'],
]
const file = (name: string, data = 'x') => ({ name, data })
const twice: readonly (readonly [what: string, names: readonly string[]])[] = [
  ['the same name twice', ['a.txt', 'a.txt']],
  ['names that differ in case', ['Readme.txt', 'README.TXT']],
  ['names that differ in their Unicode form', ['caf\u00e9', 'cafe\u0301']],
  ['a file that is also a folder', ['a', 'a/b']],
]
const tarGz = (bytes: Buffer) => gzipSync(bytes)
const zeros = Buffer.alloc(12_000_000)
const nested = zip([{ name: 'inner.zip', data: zip([good]), stored: true }])

/** Every way that we know. */
export const hostileArchives = (): readonly Hostile[] => [
  ...names.flatMap(([what, reason, name]) => [
    { what: `zip: ${what}`, reason, bytes: zip([good, file(name)]) },
    { what: `tar: ${what}`, reason, bytes: tarWithPath(name) },
  ]),
  ...twice.flatMap(([what, both]) => [
    {
      what: `zip: ${what}`,
      reason: 'duplicate-name' as const,
      bytes: zip(both.map((one) => file(one))),
    },
    {
      what: `tar: ${what}`,
      reason: 'duplicate-name' as const,
      bytes: tar(both.map((one) => file(one))),
    },
  ]),
  ...zips(),
  ...tars(),
]

const zips = (): readonly Hostile[] => [
  { what: 'zip: a NUL in a name', reason: 'bad-name', bytes: zip([file('a.txt\0.exe')]) },
  {
    what: 'zip: a name that is no Unicode',
    reason: 'bad-name',
    bytes: zip([{ name: Buffer.from([0x61, 0xff]) }]),
  },
  {
    what: 'zip: a symbolic link',
    reason: 'link',
    bytes: zip([{ name: 'l', data: '/etc/passwd', mode: 0o120777 }]),
  },
  { what: 'zip: a device', reason: 'special-file', bytes: zip([{ name: 'd', mode: 0o020666 }]) },
  { what: 'zip: a pipe', reason: 'special-file', bytes: zip([{ name: 'p', mode: 0o010666 }]) },
  { what: 'zip: a folder with bytes', reason: 'damaged', bytes: zip([{ name: 'd/', data: 'x' }]) },
  {
    what: 'zip: encrypted',
    reason: 'encrypted',
    bytes: zip([
      { ...good, flags: 0x801, stored: true, packed: Buffer.alloc(16), packedBytes: 16 },
    ]),
  },
  { what: 'zip: strongly encrypted', reason: 'encrypted', bytes: zip([{ ...good, flags: 0x841 }]) },
  {
    what: 'zip: another method',
    reason: 'unsupported-method',
    bytes: zip([{ ...good, method: 14 }]),
  },
  {
    what: 'zip: a wrong CRC-32',
    reason: 'checksum',
    bytes: zip([good, { name: 'bad', data: 'bad', crc: 1 }]),
  },
  {
    what: 'zip: more bytes than announced',
    reason: 'size',
    bytes: zip([{ ...good, sizeBytes: 2 }]),
  },
  {
    what: 'zip: fewer bytes than announced',
    reason: 'size',
    bytes: zip([{ ...good, sizeBytes: 9 }]),
  },
  {
    what: 'zip: data that is no deflate',
    reason: 'damaged',
    bytes: zip([{ ...good, packed: Buffer.from([7, 7, 7]) }]),
  },
  {
    what: 'zip: bytes behind the data of an entry',
    reason: 'trailing-data',
    bytes: zip([
      { ...good, packed: Buffer.concat([zip([good]).subarray(38, 44), Buffer.alloc(40)]) },
    ]),
  },
  {
    what: 'zip: two names for one entry',
    reason: 'headers-differ',
    bytes: zip([{ ...good, localName: 'evil.txt' }]),
  },
  {
    what: 'zip: two entries with the same bytes',
    reason: 'overlap',
    bytes: zip([good, { ...good, name: 'good2txt', offset: 0 }]),
  },
  {
    what: 'zip: 150 entries over one kernel',
    reason: 'overlap',
    bytes: overlappingZip(150, 1_000_000),
  },
  { what: 'zip: a bomb', reason: 'bomb', bytes: zip([{ name: 'zeros', data: zeros }]) },
  {
    what: 'zip: a bomb in many entries',
    reason: 'bomb',
    bytes: zip(Array.from({ length: 12 }, (_, n) => file(`z${n}`, '0'.repeat(1_000_000)))),
  },
  {
    what: 'zip: 201 entries',
    reason: 'too-many-entries',
    bytes: zip(Array.from({ length: 201 }, (_, n) => file(`f${n}`))),
  },
  { what: 'zip: cut off', reason: 'truncated', bytes: zip([good]).subarray(0, 60) },
  {
    what: 'zip: bytes behind its end',
    reason: 'trailing-data',
    bytes: Buffer.concat([zip([good]), Buffer.from('more')]),
  },
  {
    what: 'zip: fewer entries than announced',
    reason: 'truncated',
    bytes: zip([good], { count: 2 }),
  },
  {
    what: 'zip: data that begins behind the end',
    reason: 'truncated',
    bytes: zip([{ ...good, offset: 1_000_000 }]),
  },
]

const tars = (): readonly Hostile[] => [
  {
    what: 'tar: a symbolic link',
    reason: 'link',
    bytes: tar([{ name: 'l', type: '2', linkname: '/etc' }, file('l/passwd')]),
  },
  {
    what: 'tar: a hard link',
    reason: 'link',
    bytes: tar([{ name: 'h', type: '1', linkname: '../../outside' }]),
  },
  {
    what: 'tar: a character device',
    reason: 'special-file',
    bytes: tar([{ name: 'c', type: '3' }]),
  },
  { what: 'tar: a block device', reason: 'special-file', bytes: tar([{ name: 'b', type: '4' }]) },
  { what: 'tar: a pipe', reason: 'special-file', bytes: tar([{ name: 'p', type: '6' }]) },
  {
    what: 'tar: sparse, as GNU has it',
    reason: 'special-file',
    bytes: tar([{ name: 's', type: 'S' }]),
  },
  {
    what: 'tar: a folder with bytes',
    reason: 'damaged',
    bytes: tar([{ name: 'd', type: '5', data: 'x' }]),
  },
  { what: 'tar: a wrong sum', reason: 'damaged', bytes: tar([{ ...good, breakSum: true }]) },
  { what: 'tar: cut off', reason: 'truncated', bytes: tar([good]).subarray(0, 600) },
  {
    what: 'tar: without an end',
    reason: 'truncated',
    bytes: tar([good], { end: Buffer.alloc(0) }),
  },
  {
    what: 'tar: more announced than there is',
    reason: 'truncated',
    bytes: tar([{ ...good, sizeBytes: 100_000 }]),
  },
  {
    what: 'tar: something behind its end',
    reason: 'damaged',
    bytes: Buffer.concat([tar([good]), Buffer.alloc(1024, 'x')]),
  },
  {
    what: 'tar: 201 entries',
    reason: 'too-many-entries',
    bytes: tar(Array.from({ length: 201 }, (_, n) => file(`f${n}`))),
  },
  {
    what: 'tar.gz: a name that leads outside',
    reason: 'leads-outside',
    bytes: tarGz(tarWithPath('../outside.txt')),
  },
  { what: 'tar.gz: a bomb', reason: 'bomb', bytes: tarGz(tar([{ name: 'zeros', data: zeros }])) },
  {
    what: 'tar.gz: cut off',
    reason: 'truncated',
    bytes: tarGz(tar([{ name: 'f', data: nested }])).subarray(0, -20),
  },
  { what: 'tar.gz: a wrong sum', reason: 'damaged', bytes: flipped(tarGz(tar([good])), -6) },
  {
    what: 'tar.gz: bytes behind its end',
    reason: 'damaged',
    bytes: Buffer.concat([tarGz(tar([good])), Buffer.from('more')]),
  },
  { what: 'tar.gz: no tar in it', reason: 'damaged', bytes: tarGz(Buffer.alloc(2048, 'text')) },
  {
    what: 'tar.zst: a bomb',
    reason: 'bomb',
    bytes: zstdCompressSync(tar([{ name: 'zeros', data: zeros }])),
  },
  {
    what: 'tar.zst: cut off',
    reason: 'truncated',
    bytes: zstdCompressSync(tar([{ name: 'f', data: nested }])).subarray(0, -20),
  },
  {
    what: 'tar.zst: a link',
    reason: 'link',
    bytes: zstdCompressSync(tar([{ name: 'l', type: '2', linkname: '/' }])),
  },
  {
    what: 'tar.zst: bytes behind its end',
    reason: 'trailing-data',
    bytes: Buffer.concat([zstdCompressSync(tar([good])), Buffer.from('more')]),
  },
]

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes)
  const index = bytes.length + at
  changed[index] = (changed[index] ?? 0) ^ 0xff
  return changed
}
