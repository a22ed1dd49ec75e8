import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** More than that is not kept in memory: eight streams at once have one each. */
const memoryBytes = 8 * 1024 * 1024
const firstBytes = 256 * 1024

/** Bytes on their way into a part: in memory, or in a file of the temporary folder when they become many. */
export interface Spool {
  readonly size: number
  add(chunk: Uint8Array): Promise<void>
  /** From the start, as often as need be, until more is added. */
  read(): AsyncIterable<Uint8Array>
  clear(): Promise<void>
}

export function openSpool(): Spool {
  let held = Buffer.alloc(0)
  let size = 0
  let name = ''
  let file: FileHandle | undefined

  return {
    get size() {
      return size
    },
    async add(chunk) {
      if (!file && size + chunk.byteLength > memoryBytes) {
        name = path.join(tmpdir(), `longhaul-part-${randomBytes(8).toString('hex')}`)
        file = await open(name, 'wx', 0o600)
        await file.writeFile(held.subarray(0, size))
        held = Buffer.alloc(0)
      }
      if (file) await file.appendFile(chunk)
      else {
        if (size + chunk.byteLength > held.byteLength) {
          const larger = Math.max(firstBytes, (size + chunk.byteLength) * 2)
          const grown = Buffer.allocUnsafeSlow(Math.min(memoryBytes, larger))
          grown.set(held.subarray(0, size))
          held = grown
        }
        held.set(chunk, size)
      }
      size += chunk.byteLength
    },
    async *read() {
      if (file) yield* createReadStream(name) as AsyncIterable<Uint8Array>
      else yield held.subarray(0, size)
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
