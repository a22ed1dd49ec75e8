import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** More than that is not kept in memory: eight streams at once have one each. */
const memoryBytes = 4 * 1024 * 1024
const blockBytes = 512 * 1024

/** Bytes on their way into a part: in memory, or in a file of the temporary folder when they become many. */
export interface Spool {
  readonly size: number
  add(chunk: Uint8Array): Promise<void>
  /** From the start, as often as need be, until more is added. */
  read(): AsyncIterable<Uint8Array>
  clear(): Promise<void>
}

export function openSpool(): Spool {
  /** Kept when the spool is emptied: the next part has the same memory. */
  const blocks: Buffer[] = []
  let size = 0
  let name = ''
  let file: FileHandle | undefined

  function hold(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.byteLength;) {
      const at = (size + from) % blockBytes
      const block = (blocks[Math.floor((size + from) / blockBytes)] ??= newBlock())
      const piece = chunk.subarray(from, from + blockBytes - at)
      block.set(piece, at)
      from += piece.byteLength
    }
  }
  const newBlock = () => Buffer.allocUnsafeSlow(blockBytes)
  function* held(): Generator<Uint8Array> {
    for (let at = 0, n = 0; at < size; at += blockBytes, n++)
      yield blocks[n]?.subarray(0, size - at) ?? Buffer.alloc(0)
  }

  return {
    get size() {
      return size
    },
    async add(chunk) {
      if (!file && size + chunk.byteLength > memoryBytes) {
        name = path.join(tmpdir(), `longhaul-part-${randomBytes(8).toString('hex')}`)
        file = await open(name, 'wx', 0o600)
        for (const block of held()) await file.appendFile(block)
        blocks.length = 0
      }
      if (file) await file.appendFile(chunk)
      else hold(chunk)
      size += chunk.byteLength
    },
    async *read() {
      if (file) yield* createReadStream(name) as AsyncIterable<Uint8Array>
      else yield* held()
    },
    async clear() {
      size = 0
      if (!file) return
      await file.close()
      file = undefined
      await unlink(name)
    },
  }
}
