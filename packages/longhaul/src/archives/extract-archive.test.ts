import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CancelledError } from '../processor/index.ts'
import type { Storage } from '../storage/index.ts'
import { formatOf } from './archive-format.ts'
import type { ArchiveFormat } from './archives.ts'
import { openExtraction, prefix, type Extraction } from './extraction.fixture.ts'
import { noteKeyOf, tidyExtractions } from './unfinished.ts'
import { tar } from './tar.fixture.ts'
import { zip } from './zip.fixture.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const large = randomBytes(700_000)
const members = [
  { name: 'readme.txt', data: Buffer.from('read me') },
  { name: 'empty', data: Buffer.alloc(0) },
  { name: 'a/large.bin', data: large },
  ...Array.from({ length: 40 }, (_, n) => ({ name: `many/${n}.txt`, data: Buffer.from(`${n}`) })),
]
const folder = { name: 'a/', type: '5' }
const archives: Record<ArchiveFormat, () => Buffer> = {
  zip: () => zip([{ name: 'a/' }, ...members.map((one, n) => ({ ...one, stored: n % 2 === 0 }))]),
  tar: () => tar([folder, ...members]),
  'tar.gz': () => gzipSync(tar([folder, ...members])),
  'tar.zst': () => zstdCompressSync(tar([folder, ...members])),
}

let extraction: Extraction
beforeEach(async () => {
  extraction = await openExtraction()
})
afterEach(() => extraction[Symbol.asyncDispose]())

const digests = async (): Promise<Record<string, string>> => {
  const { objects } = await extraction.storage.list(`${prefix}/`, { limit: 1000 })
  return Object.fromEntries(
    objects.map(({ key, sha256: digest }) => [key.slice(prefix.length + 1), digest ?? '']),
  )
}
const wanted = Object.fromEntries(members.map(({ name, data }) => [name, sha256(data)]))

describe.each(Object.entries(archives))('%s', (format, make) => {
  it('becomes the files that are in it', async () => {
    const extracted = await extraction.extract(make())
    expect(await digests()).toEqual(wanted)
    const bytes = members.reduce((sum, { data }) => sum + data.length, 0)
    expect(extracted).toMatchObject({ format, prefix, entries: 43, bytes, is_cut: false })
    expect(extracted.files[2]).toEqual({
      name: 'a/large.bin',
      uri: `s3://test/${prefix}/a/large.bin`,
      size_bytes: large.length,
      sha256: sha256(large),
    })
    expect(await extraction.storage.head(noteKeyOf('j_test'))).toBeUndefined()
  })

  it('goes on behind what an attempt had stored when it was killed', async () => {
    const bytes = make()
    let puts = 0
    const dying: Storage = {
      ...extraction.storage,
      put: (...args) =>
        ++puts > 20 ? Promise.reject(new Error('killed')) : extraction.storage.put(...args),
    }
    await expect(extraction.extract(bytes, { storage: dying, checkpoints: true })).rejects.toThrow(
      'killed',
    )
    const restored = extraction.kept() as { readonly done: number }
    expect(restored.done).toBeGreaterThan(5)
    const counted: string[] = []
    const counting: Storage = {
      ...extraction.storage,
      put: (key, ...rest) => {
        counted.push(key)
        return extraction.storage.put(key, ...rest)
      },
    }
    const extracted = await extraction.extract(bytes, { storage: counting, restored })
    expect(counted.length).toBe(members.length - restored.done)
    expect(extracted.files.map(({ name }) => name)).toEqual(members.map(({ name }) => name))
    expect(await digests()).toEqual(wanted)
  })
})

it('starts over without leftovers when there is no checkpoint', async () => {
  const bytes = archives.zip()
  const dying: Storage = {
    ...extraction.storage,
    put: (key, ...rest) =>
      key.includes('large')
        ? Promise.reject(new Error('killed'))
        : extraction.storage.put(key, ...rest),
  }
  await expect(extraction.extract(bytes, { storage: dying })).rejects.toThrow('killed')
  await extraction.extract(bytes)
  expect(await digests()).toEqual(wanted)
})

it('leaves nothing when it is cancelled', async () => {
  const cancel = new AbortController()
  const cancelling: Storage = {
    ...extraction.storage,
    put: (key, ...rest) => {
      if (key.includes('large')) cancel.abort(new CancelledError('cancelled'))
      return extraction.storage.put(key, ...rest)
    },
  }
  const { signal } = cancel
  await expect(
    extraction.extract(archives.tar(), { storage: cancelling, signal }),
  ).rejects.toThrow()
  expect(await extraction.files()).toEqual(['objects/uploads/archive'])
})

it('is tidied away by anybody when its job was cancelled while no attempt ran', async () => {
  const { storage } = extraction
  await storage.put(`${prefix}/left.txt`, Buffer.from('left'))
  await storage.put(noteKeyOf('j_test'), Buffer.from(prefix))
  const tidy = (state: string) =>
    tidyExtractions({ storage, engine: { get: async () => [{ id: 'j_test', state }] as never } })
  expect(await tidy('running')).toBe(0)
  expect(await tidy('cancelled')).toBe(1)
  expect(await extraction.files()).toEqual([])
})

it('touches nothing where something lies already', async () => {
  await extraction.storage.put(`${prefix}/mine.txt`, Buffer.from('mine'))
  await expect(extraction.extract(archives.zip())).rejects.toMatchObject({
    cause: { code: 'target-not-empty' },
  })
  expect(Object.keys(await digests())).toEqual(['mine.txt'])
})

it('reads what other programs write: zip64, Python and GNU tar', async () => {
  const work = mkdtempSync(path.join(tmpdir(), 'longhaul-archive-tools-'))
  try {
    const script = `
import zipfile, tarfile, io
with zipfile.ZipFile('a.zip', 'w', zipfile.ZIP_DEFLATED) as z:
    with z.open('big name é.txt', 'w', force_zip64=True) as f: f.write(b'zip64')
with tarfile.open('a.tar.gz', 'w:gz', format=tarfile.GNU_FORMAT) as t:
    i = tarfile.TarInfo('d/' * 20 + 'long' * 30); i.size = 3; t.addfile(i, io.BytesIO(b'gnu'))
`
    execFileSync('python3', ['-c', script], { cwd: work })
    const zipped = await extraction.extract(readFileSync(path.join(work, 'a.zip')))
    expect(zipped.files.map(({ name }) => name)).toEqual(['big name é.txt'])
    await extraction.storage.delete([`${prefix}/big name é.txt`])
    const tarred = await extraction.extract(readFileSync(path.join(work, 'a.tar.gz')))
    expect(tarred).toMatchObject({ entries: 1, bytes: 3 })
  } finally {
    rmSync(work, { recursive: true })
  }
})

it.each([
  ['7z', Buffer.from("7z\xbc\xaf'\x1c more", 'latin1')],
  ['rar', Buffer.from('Rar!\x1a\x07\x00 more', 'latin1')],
  ['no archive', Buffer.from('plain text')],
  ['no archive', Buffer.alloc(0)],
])('says what it takes instead of %s', async (what, bytes) => {
  await extraction.storage.put('uploads/other', bytes)
  await expect(formatOf(extraction.storage, 'uploads/other')).rejects.toMatchObject({
    code: 'archive-unsupported',
    message: expect.stringContaining(`${what}`) as unknown,
    facts: { supported: ['zip', 'tar', 'tar.gz', 'tar.zst'] },
  })
})
