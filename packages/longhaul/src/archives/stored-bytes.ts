import { addAbortSignal, type Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { ObjectStore } from '../storage/index.ts'
import type { MemberSource } from './member.ts'

/** What is read at once: a directory of small entries, or many small files, cost one request each. */
const windowBytes = 256 * 1024
/** One for the directory, one for what it speaks of. */
const mostWindows = 2

/** Any part of an object, with few requests where the parts are small and lie beside each other. */
export class StoredBytes {
  readonly #storage: Pick<ObjectStore, 'get'>
  readonly #source: MemberSource
  readonly #windows: { readonly start: number; readonly bytes: Buffer }[] = []

  constructor(storage: Pick<ObjectStore, 'get'>, source: MemberSource) {
    this.#storage = storage
    this.#source = source
  }

  get sizeBytes(): number {
    return this.#source.sizeBytes
  }

  /** Fewer bytes where the object ends. */
  async read(start: number, length: number): Promise<Buffer> {
    if (length > windowBytes) return this.#fetch(start, length)
    let window = this.#windows.find(
      (one) => one.start <= start && start + length <= one.start + one.bytes.byteLength,
    )
    if (window === undefined) {
      window = { start, bytes: await this.#fetch(start, windowBytes) }
      this.#windows.unshift(window)
      this.#windows.length = Math.min(this.#windows.length, mostWindows)
    }
    return window.bytes.subarray(start - window.start, start - window.start + length)
  }

  /** From `start` to before `end`. */
  async *range(start: number, end = this.sizeBytes): AsyncGenerator<Buffer> {
    if (end <= start) return
    if (end - start <= windowBytes) yield await this.read(start, end - start)
    else yield* (await this.#open(start, end)) as AsyncIterable<Buffer>
  }

  async #fetch(start: number, length: number): Promise<Buffer> {
    const end = Math.min(start + length, this.sizeBytes)
    return start < end ? buffer(await this.#open(start, end)) : Buffer.alloc(0)
  }

  async #open(start: number, end: number): Promise<Readable> {
    const { key, signal } = this.#source
    signal.throwIfAborted()
    const { body } = await this.#storage.get(key, { start, end: end - 1 })
    return addAbortSignal(signal, body)
  }
}
