import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { isLonghaulError } from '../errors/index.ts'
import type { Checkpoint } from '../jobs/engine.ts'
import type { CheckpointMessage } from '../runners/messages.ts'
import type { Storage } from '../storage/object-store.ts'
import { containedFile } from './contained-file.ts'

type Entry = Checkpoint['files'][number]
type Stored = Pick<Entry, 'key' | 'sha256' | 'size'>

/** A growing file in more pieces than this is stored anew as one. */
const mostSegments = 64
const MiB = 1024 * 1024

/** Below it lies what checkpoints of the job hold: `<sha256>.<attempt that stored it>`. */
export const checkpointPrefix = (jobId: string): string => `jobs/${jobId}/checkpoints/`

/**
 * The stored files of one job's checkpoints, as one attempt keeps them. Content that is there is not sent again; of a file
 * that only grows, only what is new. Every key carries the attempt that stored it, so that a zombie can delete nothing
 * that a later attempt has stored.
 */
export class CheckpointFiles {
  readonly #storage: Storage
  readonly #workspace: string
  readonly #keyOf: (sha256: string) => string
  /** What is in the store, by content. */
  readonly #stored = new Map<string, Stored>()
  /** Segments of each growing file. */
  #growing = new Map<string, readonly Stored[]>()

  constructor(
    storage: Storage,
    workspace: string,
    { jobId, attempt }: { readonly jobId: string; readonly attempt: number },
  ) {
    this.#storage = storage
    this.#workspace = workspace
    this.#keyOf = (sha256) => `${checkpointPrefix(jobId)}${sha256}.${attempt}`
  }

  /** What a checkpoint of an earlier attempt holds is there; its files are in the workspace when `resumed`. */
  inherit(checkpoint: Checkpoint, resumed: boolean): void {
    for (const entry of checkpoint.files) {
      this.#stored.set(entry.sha256, entry)
      if (resumed) this.#growing.set(entry.path, [...(this.#growing.get(entry.path) ?? []), entry])
    }
  }

  /** Answers the entries of the manifest. Throws 'permanent' for files that cannot be kept. */
  async store({
    files,
    growing,
  }: Pick<CheckpointMessage, 'files' | 'growing'>): Promise<readonly Entry[]> {
    const entries: Entry[] = []
    const grown = new Map<string, readonly Stored[]>()
    for (const one of growing) {
      const { real, at } = await this.#find(one.path)
      const segments = await this.#segmentsOf(real, at, one.size)
      grown.set(at, segments)
      entries.push(...segments.map((segment) => toEntry(at, segment)))
    }
    const seen = new Set(grown.keys())
    for (const file of files) {
      const { real, at, size } = await this.#find(file)
      if (seen.has(at)) continue
      seen.add(at)
      entries.push(toEntry(at, await this.#put(real, 0, size)))
    }
    this.#growing = grown
    return entries
  }

  /** Deletes what none of these checkpoints names. */
  async collect(named: readonly Checkpoint[]): Promise<void> {
    const needed = new Set(named.flatMap(({ files }) => files.map(({ key }) => key)))
    const gone = [...this.#stored.values()].filter(({ key }) => !needed.has(key))
    if (gone.length === 0) return
    await this.#storage.delete(gone.map(({ key }) => key))
    for (const { sha256 } of gone) this.#stored.delete(sha256)
  }

  async #segmentsOf(real: string, at: string, size: number): Promise<readonly Stored[]> {
    let before = this.#growing.get(at) ?? []
    let length = before.reduce((sum, segment) => sum + segment.size, 0)
    if (length > size || before.length >= mostSegments) [before, length] = [[], 0]
    if (length === size && before.length > 0) return before
    return [...before, await this.#put(real, length, size - length)]
  }

  async #put(real: string, start: number, size: number): Promise<Stored> {
    const sha256 = await hashOf(real, start, size)
    const there = this.#stored.get(sha256)
    if (there) return there
    const stored = { key: this.#keyOf(sha256), sha256, size }
    try {
      await this.#storage.put(stored.key, bytesOf(real, start, size), { sha256 })
    } catch (error) {
      if (!isLonghaulError(error, 'checksum-mismatch')) throw error
      throw new Error(`${path.basename(real)} changed while it was being stored`, { cause: error })
    }
    this.#stored.set(sha256, stored)
    return stored
  }

  /** `at`: where it belongs below the workspace, also that of another attempt. */
  async #find(file: string) {
    const { real, size } = await containedFile(this.#workspace, file, 'The checkpoint’s file')
    const named = path.normalize(file)
    const at = path.isAbsolute(named) ? path.relative(await realpath(this.#workspace), real) : named
    return { real, size, at }
  }
}

const toEntry = (at: string, { key, sha256, size }: Stored): Entry => ({
  path: at,
  key,
  sha256,
  size,
})

async function hashOf(file: string, start: number, size: number): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of bytesOf(file, start, size)) hash.update(chunk)
  return hash.digest('hex')
}

async function* bytesOf(file: string, start: number, size: number): AsyncGenerator<Uint8Array> {
  if (size === 0) return
  const options = { start, end: start + size - 1, highWaterMark: MiB }
  for await (const chunk of createReadStream(file, options)) yield chunk as Buffer
}
