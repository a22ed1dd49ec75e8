import { unlinkSync } from 'node:fs'
import { open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { fateOf, ownMark } from '../support/process-mark.ts'

const chunk = Buffer.alloc(2 ** 20)

/**
 * A file of zeros beside the database, to be given up when the disk is full: on a full disk even deleting rows fails,
 * and what runs could be neither settled nor cancelled. Filled again when there is room for it twice over.
 */
export class DiskReserve {
  readonly #file: string
  readonly #bytes: number
  #isSpent = false
  #filling: Promise<void> | undefined

  constructor(folder: string, bytes: number) {
    this.#file = path.join(folder, 'reserve')
    this.#bytes = bytes
  }

  /** The disk was full and the reserve has not been filled again: new work should be refused. */
  get isSpent(): boolean {
    return this.#isSpent
  }

  /** Makes the file where it is not there; no room for it is no error. */
  fill(): Promise<void> {
    return (this.#filling ??= this.#fill()
      .catch(() => undefined)
      .finally(() => (this.#filling = undefined)))
  }

  /** The disk is full. Answers whether there is room again. */
  free(): boolean {
    this.#isSpent = true
    try {
      unlinkSync(this.#file)
      return true
    } catch {
      return false
    }
  }

  /** The file stays: it is there for the next process. */
  async close(): Promise<void> {
    await this.#filling
  }

  async #fill(): Promise<void> {
    await this.#removeUnfinished()
    const size = await stat(this.#file).then(
      (found) => found.size,
      () => undefined,
    )
    if (size === this.#bytes) {
      this.#isSpent = false
      return
    }
    const { bavail, bsize } = await statfs(path.dirname(this.#file))
    if (bavail * bsize < 2 * this.#bytes) return
    await this.#write(`${this.#file}.${ownMark}`)
    this.#isSpent = false
  }

  /** What processes left that were killed while they wrote it. */
  async #removeUnfinished(): Promise<void> {
    const folder = path.dirname(this.#file)
    for (const name of await readdir(folder)) {
      const [, mark] = /^reserve\.([\w-]+)$/.exec(name) ?? []
      if (mark !== undefined && fateOf(mark) === 'dead')
        await rm(path.join(folder, name), { force: true })
    }
  }

  /** Written, not merely made that long: a sparse file holds no room. */
  async #write(unfinished: string): Promise<void> {
    try {
      const file = await open(unfinished, 'w')
      try {
        for (let at = 0; at < this.#bytes; at += chunk.length)
          await file.write(chunk, 0, Math.min(chunk.length, this.#bytes - at))
      } finally {
        await file.close()
      }
      await rename(unfinished, this.#file)
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
  }
}
