import { createHash } from 'node:crypto'
import { LonghaulError } from '../../errors/index.ts'
import type { ObjectInfo, ObjectStore } from '../../storage/object-store.ts'

export interface CopiedObjects {
  readonly objects: number
  readonly bytes: number
  /** Of those, what an earlier try had brought over already. */
  readonly alreadyThere: number
}
type Progress = (so: CopiedObjects) => void

const atOnce = 4

/**
 * Copies every object, each with its SHA-256, which the target's store checks. What is there already, byte for byte, stays:
 * the same command goes on where it was. `verify` reads everything back.
 */
export async function copyObjects(
  from: ObjectStore,
  to: ObjectStore,
  { verify, progress }: { readonly verify: boolean; readonly progress: Progress },
): Promise<CopiedObjects> {
  const so = { objects: 0, bytes: 0, alreadyThere: 0 }
  const waiting = listAll(from)
  const work = async (): Promise<void> => {
    for (let next = await waiting.next(); !next.done; next = await waiting.next()) {
      const copied = await copyObject(from, to, next.value, verify)
      so.objects += 1
      so.bytes += next.value.size
      if (!copied) so.alreadyThere += 1
      progress(so)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return so
}

/** How much there is to copy. */
export async function measureObjects(from: ObjectStore): Promise<CopiedObjects> {
  const so = { objects: 0, bytes: 0, alreadyThere: 0 }
  for await (const { size } of listAll(from)) {
    so.objects += 1
    so.bytes += size
  }
  return so
}

async function* listAll(from: ObjectStore): AsyncGenerator<ObjectInfo> {
  for (let after: string | undefined; ;) {
    const page = await from.list('', { limit: 1000, ...(after === undefined ? {} : { after }) })
    yield* page.objects
    if (page.next === undefined) return
    after = page.next
  }
}

/** Answers false when the same bytes were there already. */
async function copyObject(
  from: ObjectStore,
  to: ObjectStore,
  { key }: ObjectInfo,
  verify: boolean,
): Promise<boolean> {
  const info = await from.head(key)
  if (info === undefined) throw new LonghaulError('object-not-found', `${key} went away meanwhile`)
  const sha256 = info.sha256 ?? (await digestOf(from, key))
  const there = await to.head(key)
  if (there?.size === info.size && (there.sha256 ?? (await digestOf(to, key))) === sha256)
    return false
  const { body } = await from.get(key)
  const stored = await to.put(key, body, { mediaType: info.mediaType, sha256 })
  if (stored.size !== info.size || (verify && (await digestOf(to, key)) !== sha256))
    throw new LonghaulError(
      'checksum-mismatch',
      `${key} arrived with other bytes than it was sent with`,
    )
  return true
}

async function digestOf(store: ObjectStore, key: string): Promise<string> {
  const hash = createHash('sha256')
  const { body } = await store.get(key)
  for await (const chunk of body) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
