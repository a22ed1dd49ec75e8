import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { onFaultPoint, type FaultPoint } from '../../support/fault-point.ts'
import { patterned } from '../conformance/bytes.conformance.ts'
import type { Storage, UploadRef } from '../object-store.ts'
import { localStorage } from './index.ts'

/** What a case does: `prepare` in peace, `act` with a killer behind every fault point. */
export interface CrashCase {
  readonly name: string
  prepare(store: Storage, folder: string): Promise<void>
  act(store: Storage, folder: string): Promise<void>
}

export const oldBytes = patterned(70_000, 7)
export const newBytes = patterned(90_001, 8)
export const parts = [patterned(300_000, 1), patterned(200_001, 2), patterned(5, 3)]
export const key = 'results/j/a.bin'

const memory = (folder: string) => path.join(folder, 'upload-id')

/** The upload that `prepare` began. */
export async function uploadIn(folder: string): Promise<UploadRef> {
  return { key, uploadId: await readFile(memory(folder), 'utf8') }
}

/** Of uploads whose parts are in place. */
const partBytes = 200_000
export const placed = [patterned(partBytes, 4), patterned(partBytes, 5), patterned(5, 6)]

async function beginWith(
  store: Storage,
  folder: string,
  bodies: readonly Buffer[],
  options = {},
): Promise<void> {
  const uploadId = await store.begin(key, options)
  await writeFile(memory(folder), uploadId)
  for (const [n, body] of bodies.entries()) await store.putPart({ key, uploadId }, n + 1, body)
}

export async function completeAll(store: Storage, folder: string): Promise<void> {
  const upload = await uploadIn(folder)
  await store.complete(upload, await store.listParts(upload))
}

export const crashCases: readonly CrashCase[] = [
  {
    name: 'put a new object',
    prepare: async () => {},
    act: async (store) => void (await store.put(key, newBytes)),
  },
  {
    name: 'replace an object',
    prepare: async (store) => void (await store.put(key, oldBytes)),
    act: async (store) => void (await store.put(key, newBytes)),
  },
  {
    name: 'copy an object',
    prepare: async (store) => void (await store.put('source', newBytes)),
    act: async (store) => void (await store.copy('source', key)),
  },
  {
    name: 'begin an upload',
    prepare: async () => {},
    act: async (store) => void (await store.begin(key)),
  },
  {
    name: 'put a part',
    prepare: (store, folder) => beginWith(store, folder, [oldBytes]),
    act: async (store, folder) => void (await store.putPart(await uploadIn(folder), 1, newBytes)),
  },
  {
    name: 'take a file as a part',
    async prepare(store, folder) {
      await beginWith(store, folder, [oldBytes])
      await writeFile(path.join(folder, 'file'), newBytes)
    },
    act: async (store, folder) =>
      void (await store.putFile?.(await uploadIn(folder), 1, path.join(folder, 'file'))),
  },
  {
    name: 'complete an upload of one part',
    prepare: (store, folder) => beginWith(store, folder, [newBytes]),
    act: completeAll,
  },
  {
    name: 'complete an upload of several parts',
    prepare: (store, folder) => beginWith(store, folder, parts),
    act: completeAll,
  },
  {
    name: 'complete an upload over an object',
    async prepare(store, folder) {
      await store.put(key, oldBytes)
      await beginWith(store, folder, [newBytes])
    },
    act: completeAll,
  },
  {
    name: 'put a part in place',
    prepare: (store, folder) => beginWith(store, folder, placed.slice(0, 1), { partBytes }),
    act: async (store, folder) =>
      void (await store.putPart(await uploadIn(folder), 2, placed[1] ?? Buffer.alloc(0))),
  },
  {
    name: 'replace a part in place',
    prepare: (store, folder) => beginWith(store, folder, [oldBytes], { partBytes }),
    act: async (store, folder) => void (await store.putPart(await uploadIn(folder), 1, newBytes)),
  },
  {
    name: 'complete an upload in place',
    async prepare(store, folder) {
      await beginWith(store, folder, [placed[0] ?? oldBytes, oldBytes], { partBytes })
      // One part that came twice, with other bytes, is still to be put into its place.
      for (const n of [2, 3])
        await store.putPart(await uploadIn(folder), n, placed[n - 1] ?? Buffer.alloc(0))
    },
    act: completeAll,
  },
  {
    name: 'append to an upload',
    async prepare(store, folder) {
      await beginWith(store, folder, [], { partBytes })
      await store.append(await uploadIn(folder), 0, oldBytes)
    },
    act: appendNew,
  },
  {
    name: 'join objects',
    async prepare(store) {
      await store.put(joined[0] ?? '', oldBytes)
      await store.put(joined[1] ?? '', newBytes)
    },
    act: async (store) => void (await join(store)),
  },
]

export async function appendNew(store: Storage, folder: string): Promise<void> {
  await store.append(await uploadIn(folder), oldBytes.length, newBytes)
}

export const joined = ['source/1', 'source/2']
export const join = (store: Storage) => store.concatenate(joined, key)

export const openStore = (folder: string): Promise<Storage> =>
  localStorage({
    root: path.join(folder, 'objects'),
    bucket: 'test',
    secretFile: path.join(folder, 'secret'),
  })

/** Run as a program: `act` of a case, killed at the nth passing of a point. Without a point it prints what was passed. */
if (process.argv[1] === import.meta.filename) {
  const [folder = '', name, point, nth] = process.argv.slice(2)
  const store = await openStore(folder)
  const passed: Partial<Record<FaultPoint, number>> = {}
  onFaultPoint((at) => {
    passed[at] = (passed[at] ?? 0) + 1
    if (at === point && passed[at] === Number(nth)) process.kill(process.pid, 'SIGKILL')
  })
  await crashCases.find((one) => one.name === name)?.act(store, folder)
  process.stdout.write(JSON.stringify(passed))
}
