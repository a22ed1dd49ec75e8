import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read, sha256Of } from '../conformance/bytes.conformance.ts'
import type { Storage } from '../object-store.ts'
import {
  appendNew,
  completeAll,
  crashCases,
  join,
  joined,
  key,
  newBytes,
  oldBytes,
  openStore,
  parts,
  placed,
  uploadIn,
  type CrashCase,
} from './crash.fixture.ts'

const program = path.join(import.meta.dirname, 'crash.fixture.ts')

let compileCache: string
beforeAll(async () => {
  compileCache = await mkdtemp(path.join(tmpdir(), 'longhaul-crash-'))
})
afterAll(() => rm(compileCache, { recursive: true }))

interface Ended {
  readonly signal: string | null
  readonly stdout: string
}

function run(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--conditions=longhaul-source', program, ...args],
      // A hundred starts of the same program.
      {
        env: { ...process.env, NODE_COMPILE_CACHE: path.join(tmpdir(), 'longhaul-compiled') },
      },
      (error, stdout, stderr) => {
        if (error && error.signal !== 'SIGKILL') reject(new Error(stderr, { cause: error }))
        else resolve({ signal: error?.signal ?? null, stdout })
      },
    )
  })
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-crash-'))
  try {
    await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function prepared(one: CrashCase, folder: string): Promise<void> {
  await one.prepare(await openStore(folder), folder)
}

/** Every fault point that the case passes, as often as it passes it. */
async function momentsOf(one: CrashCase): Promise<readonly (readonly [string, number])[]> {
  let moments: (readonly [string, number])[] = []
  await inFolder(async (folder) => {
    await prepared(one, folder)
    const { stdout } = await run(folder, one.name)
    const passed = JSON.parse(stdout) as Record<string, number>
    moments = Object.entries(passed).flatMap(([point, times]) =>
      Array.from({ length: times }, (_, n) => [point, n + 1] as const),
    )
  })
  return moments
}

const filesIn = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
}

/** Objects and their records, open uploads, and nothing else. */
async function expectTidy(store: Storage, folder: string): Promise<void> {
  const { objects } = await store.list('', { limit: 100 })
  const root = path.join(folder, 'objects')
  const files = await filesIn(root)
  const ofObjects = files.filter((file) => !file.startsWith('.longhaul'))
  expect(ofObjects.sort()).toEqual(objects.map((object) => object.key).sort())
  expect(files.filter((file) => file.startsWith('.longhaul/tmp'))).toEqual([])
  expect(files.filter((file) => file.startsWith('.longhaul/records'))).toHaveLength(objects.length)
  for (const object of objects) expect(object.sha256).toBe(sha256Of(await read(store, object.key)))
}

async function contentOf(store: Storage): Promise<Buffer | undefined> {
  const info = await store.head(key)
  if (!info) return undefined
  const bytes = await read(store, key)
  expect(info.sha256).toBe(sha256Of(bytes)) // never an object without its record
  return bytes
}

/** What a crash may leave: the state before or the state after. Answers which. */
type Check = (store: Storage, folder: string) => Promise<void>
const whole = Buffer.concat(parts)
const oneOf = (found: Buffer | undefined, allowed: readonly (Buffer | undefined)[]) =>
  expect(allowed.some((bytes) => (bytes && found ? bytes.equals(found) : bytes === found))).toBe(
    true,
  )

const putCheck =
  (before: Buffer | undefined): Check =>
  async (store) => {
    oneOf(await contentOf(store), [before, newBytes])
    await expect(store.put(key, newBytes)).resolves.toMatchObject({ size: newBytes.length })
    oneOf(await contentOf(store), [newBytes])
  }
const partCheck: Check = async (store, folder) => {
  const upload = await uploadIn(folder)
  const [part, ...more] = await store.listParts(upload)
  expect(more).toEqual([])
  expect([sha256Of(oldBytes), sha256Of(newBytes)]).toContain(part?.sha256)
  await store.putPart(upload, 1, newBytes)
  await completeAll(store, folder)
  oneOf(await contentOf(store), [newBytes])
}
const completeCheck =
  (before: Buffer | undefined, after: Buffer, bodies: readonly Buffer[]): Check =>
  async (store, folder) => {
    oneOf(await contentOf(store), [before, after])
    // As the service does it: it knows the parts from its own record, and asks for the same again.
    const named = bodies.map((body, n) => ({ partNumber: n + 1, etag: `"${sha256Of(body)}"` }))
    const upload = await uploadIn(folder)
    const info = await store.complete(upload, named, { sha256: sha256Of(after) })
    expect(await store.complete(upload, named)).toEqual(info)
    oneOf(await contentOf(store), [after])
    for await (const open of store.listUploads('')) expect(open).toBeUndefined()
  }
const checks: Record<string, Check> = {
  'put a new object': putCheck(undefined),
  'replace an object': putCheck(oldBytes),
  'copy an object': async (store) => {
    oneOf(await contentOf(store), [undefined, newBytes])
    await store.copy('source', key)
    oneOf(await contentOf(store), [newBytes])
  },
  'begin an upload': async (store) => {
    for await (const upload of store.listUploads('')) {
      expect(await store.listParts(upload)).toEqual([])
      await store.abort(upload)
    }
  },
  'put a part': partCheck,
  'take a file as a part': partCheck,
  'complete an upload of one part': completeCheck(undefined, newBytes, [newBytes]),
  'complete an upload of several parts': completeCheck(undefined, whole, parts),
  'complete an upload over an object': completeCheck(oldBytes, newBytes, [newBytes]),
  'put a part in place': async (store, folder) => {
    const upload = await uploadIn(folder)
    const numbers = (await store.listParts(upload)).map(({ partNumber }) => partNumber)
    expect([[1], [1, 2]]).toContainEqual(numbers)
    for (const n of [2, 3]) await store.putPart(upload, n, placed[n - 1] ?? Buffer.alloc(0))
    await completeAll(store, folder)
    oneOf(await contentOf(store), [Buffer.concat(placed)])
  },
  'replace a part in place': partCheck,
  'complete an upload in place': completeCheck(undefined, Buffer.concat(placed), placed),
  'append to an upload': async (store, folder) => {
    const upload = await uploadIn(folder)
    const end = oldBytes.length + newBytes.length
    const found = await store.appendedBytes(upload)
    expect([oldBytes.length, end]).toContain(found)
    if (found < end) await appendNew(store, folder)
    await store.complete(upload, await store.partsOfAppended(upload))
    oneOf(await contentOf(store), [Buffer.concat([oldBytes, newBytes])])
  },
  'join objects': async (store, folder) => {
    const both = Buffer.concat([oldBytes, newBytes])
    oneOf(await contentOf(store), [undefined, both])
    await join(store)
    await store.delete(joined)
    oneOf(await contentOf(store), [both])
    // What nobody needs is swept once it is old.
    const pieces = path.join(folder, 'objects/.longhaul/pieces')
    for (const name of await readdir(pieces)) await utimes(path.join(pieces, name), 1, 1)
    await openStore(folder)
    expect(await readdir(pieces)).toHaveLength(1)
    oneOf(await contentOf(store), [both])
    await store.delete([key])
    expect(await readdir(pieces)).toEqual([])
  },
}

describe('the local store, killed at every fault point', { timeout: 120_000 }, () => {
  it.each(crashCases)('$name: the old state or the new, and nothing left behind', async (one) => {
    const moments = await momentsOf(one)
    // Bytes that are written in place get no name: nothing is renamed.
    const isInPlace = ['put a part in place', 'append to an upload'].includes(one.name)
    expect(new Set(moments.map(([point]) => point)).size).toBe(isInPlace ? 2 : 4)
    // Two at a time: each is a process of its own.
    for (let at = 0; at < moments.length; at += 2)
      await Promise.all(
        moments.slice(at, at + 2).map(([point, nth]) =>
          inFolder(async (folder) => {
            await prepared(one, folder)
            expect((await run(folder, one.name, point, String(nth))).signal).toBe('SIGKILL')
            const store = await openStore(folder)
            await checks[one.name]?.(store, folder)
            await expectTidy(store, folder)
          }),
        ),
      )
  })

  it('leaves no record of an object that an aborted upload did not become', async () => {
    const one = crashCases.find(({ name }) => name === 'complete an upload of several parts')
    if (!one) throw new Error('no such case')
    const renames = (await momentsOf(one)).filter(([point]) => point === 'store.before-rename')
    for (const [point, nth] of renames)
      await inFolder(async (folder) => {
        await prepared(one, folder)
        await run(folder, one.name, point, String(nth))
        const store = await openStore(folder)
        await store.abort(await uploadIn(folder))
        await expectTidy(store, folder)
        expect(await store.head(key)).toBeUndefined()
      })
  })
})
