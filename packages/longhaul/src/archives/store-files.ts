import { buffer } from 'node:stream/consumers'
import type { ObjectInfo, ObjectStore } from '../storage/index.ts'
import type { ArchiveFile } from './archive-files.ts'

/** Files up to this size are held, several at once: what a small object costs is waiting for the store. */
const smallBytes = 256 * 1024
const mostAtOnce = 8

/**
 * Puts the files of an archive into the store as they come. Large ones go through as a stream, small ones side by side.
 * Memory is bounded by the latter.
 */
export class FilesInto {
  readonly #storage: Pick<ObjectStore, 'put'>
  readonly #prefix: string
  readonly #signal: AbortSignal
  readonly #stored: (file: ArchiveFile, info: ObjectInfo) => void
  readonly #underWay = new Map<number, Promise<void>>()
  #failed: { readonly error: unknown } | undefined
  #next = 0

  constructor(options: {
    readonly storage: Pick<ObjectStore, 'put'>
    readonly prefix: string
    readonly signal: AbortSignal
    readonly stored: (file: ArchiveFile, info: ObjectInfo) => void
  }) {
    this.#storage = options.storage
    this.#prefix = options.prefix
    this.#signal = options.signal
    this.#stored = options.stored
  }

  /** Every file before this one is in the store. */
  get done(): number {
    return Math.min(this.#next, ...this.#underWay.keys())
  }

  async put(file: ArchiveFile): Promise<void> {
    if (file.sizeBytes > smallBytes) await this.#send(file, () => file.body)
    else {
      const held = await buffer(file.body)
      while (this.#underWay.size >= mostAtOnce) await Promise.race(this.#underWay.values())
      this.#throwFailure()
      const sending = this.#send(file, () => held)
        .catch((error: unknown) => void (this.#failed ??= { error }))
        .finally(() => this.#underWay.delete(file.index))
      this.#underWay.set(file.index, sending)
    }
    this.#next = file.index + 1
  }

  /** Until nothing is under way any more; throws what the first one threw that failed. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay.values())
    this.#throwFailure()
  }

  async #send(
    file: ArchiveFile,
    body: () => AsyncIterable<Uint8Array> | Uint8Array,
  ): Promise<void> {
    const key = `${this.#prefix}/${file.name}`
    this.#stored(file, await this.#storage.put(key, body(), { signal: this.#signal }))
  }

  #throwFailure(): void {
    if (this.#failed) throw this.#failed.error
  }
}
