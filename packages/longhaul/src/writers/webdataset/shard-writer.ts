import { createReadStream } from 'node:fs'
import { open, rm, stat, writeFile, type FileHandle } from 'node:fs/promises'
import { asciiDocument } from '../../support/ascii-json.ts'
import { inTurn } from '../in-turn.ts'
import {
  type Resumable,
  type ShardData,
  type ShardWriter,
  type WriterFiles,
  type WriterState,
} from '../record-writer.ts'
import { shardLayouts, type ShardLayoutName } from './shard-layout.ts'
import { blockBytes, paddingBytes, parseTarHeader, recordBytes, tarHeader } from './tar-header.ts'

export const shardFileName = (
  name: string,
  index: number,
  layout: ShardLayoutName = 'artifacts',
): string => `${shardLayouts[layout].fileName(name, index)}.tar`

interface Shard {
  readonly number: number
  readonly name: string
  readonly path: string
  readonly handle: FileHandle
  readonly items: Map<string, number>
  payloadBytes: number
  archiveBytes: number
}

/**
 * Uncompressed ustar archives, byte for byte the same for the same members. The layout says how shards are called, when the
 * next begins (before the members' bytes would pass `maxBytes`, unless it says otherwise), and what the index beside each
 * holds. `restored` goes on where that state was: what its unfinished shard holds beyond is cut off.
 */
export function shardWriter(
  files: WriterFiles,
  name: string,
  {
    maxBytes,
    restored,
    layout = 'artifacts',
  }: {
    readonly maxBytes: number
    readonly restored?: WriterState | undefined
    readonly layout?: ShardLayoutName | undefined
  },
): ShardWriter & Resumable {
  const { isFull, refusal, fileName, indexOf } = shardLayouts[layout]
  const turn = inTurn()
  let count = restored?.count ?? 0
  let shards = restored?.files ?? 0
  let current: Shard | undefined

  async function openShard(): Promise<Shard> {
    const number = shards++
    const shardName = shardFileName(name, number, layout)
    const path = await files.pathFor(shardName)
    const handle = await open(path, 'w')
    const empty = { items: new Map<string, number>(), payloadBytes: 0, archiveBytes: 0 }
    return { number, name: shardName, path, handle, ...empty }
  }

  async function reopenShard(bytes: number): Promise<void> {
    const number = shards - 1
    const shardName = shardFileName(name, number, layout)
    const path = await files.pathFor(shardName)
    const handle = await open(path, 'r+')
    const empty = { items: new Map<string, number>(), payloadBytes: 0, archiveBytes: 0 }
    const shard: Shard = { number, name: shardName, path, handle, ...empty }
    current = shard
    await handle.truncate(bytes)
    const header = Buffer.alloc(blockBytes)
    while (shard.archiveBytes < bytes) {
      await handle.read(header, 0, blockBytes, shard.archiveBytes)
      const member = parseTarHeader(header)
      entered(shard, member.name, member.size)
    }
  }

  async function closeShard(): Promise<void> {
    if (!current) return
    const shard = current
    current = undefined
    const end = shard.archiveBytes + 2 * blockBytes
    await shard.handle.truncate(Math.ceil(end / recordBytes) * recordBytes) // zeroes
    await shard.handle.close()
    await files.give(shard.name, shard.path, 'application/x-tar', shard.items.size)
    const indexName = `${fileName(name, shard.number)}.json`
    const indexPath = await files.pathFor(indexName)
    await writeFile(indexPath, asciiDocument(indexOf(shard.items)))
    await files.give(indexName, indexPath, 'application/json')
  }

  /** The shard that takes the member; it is written there at once or not at all. */
  async function shardFor(member: string, sizeBytes: number): Promise<Shard> {
    if (current?.items.has(member))
      throw new TypeError(`${current.name} has a member ${member} already`)
    const header = tarHeader(member, sizeBytes)
    if (current && isFull(current.payloadBytes, sizeBytes, maxBytes)) await closeShard()
    current ??= await openShard()
    await current.handle.write(header, 0, blockBytes, current.archiveBytes)
    return current
  }

  function entered(shard: Shard, member: string, sizeBytes: number): void {
    shard.items.set(member, sizeBytes)
    shard.payloadBytes += sizeBytes
    shard.archiveBytes += blockBytes + sizeBytes + paddingBytes(sizeBytes)
  }

  async function addBytes(member: string, bytes: Uint8Array): Promise<void> {
    const shard = await shardFor(member, bytes.length)
    await writeAll(shard.handle, bytes, shard.archiveBytes + blockBytes)
    entered(shard, member, bytes.length)
    count++
  }

  /** A stream's size is known only at its end, and the header needs it: it takes the way over a file. */
  async function addStream(member: string, data: AsyncIterable<Uint8Array | string>) {
    const spool = await files.pathFor(`${fileName(name, shards)}.member.tmp`)
    try {
      await writeFile(spool, data)
      const { size } = await stat(spool)
      const shard = await shardFor(member, size)
      let position = shard.archiveBytes + blockBytes
      for await (const chunk of createReadStream(spool, { highWaterMark: 1024 * 1024 })) {
        await writeAll(shard.handle, chunk as Buffer, position)
        position += (chunk as Buffer).length
      }
      entered(shard, member, size)
      count++
    } finally {
      await rm(spool, { force: true })
    }
  }

  const { bytes: reopened } = restored ?? {}
  if (reopened !== undefined) void turn(() => reopenShard(reopened)).catch(() => undefined)

  return {
    get count() {
      return count
    },
    async add(member, data: ShardData) {
      checkMember(member)
      const why = refusal(member)
      if (why !== undefined) throw new TypeError(`${JSON.stringify(member)} ${why}`)
      if (typeof data === 'string') return turn(() => addBytes(member, Buffer.from(data)))
      if (data instanceof Uint8Array) return turn(() => addBytes(member, data))
      if (typeof data === 'object' && Symbol.asyncIterator in data)
        return turn(() => addStream(member, data))
      throw new TypeError(`${member}: a member is a string, bytes or a stream, got ${typeof data}`)
    },
    finish: () => turn(closeShard),
    async flush() {
      let state: WriterState = { count: 0, files: 0 }
      await turn(async () => {
        if (current) await current.handle.truncate(current.archiveBytes) // the last padding too
        state = { count, files: shards, ...(current ? { bytes: current.archiveBytes } : {}) }
      })
      return state
    },
    abandon: async () => {
      await current?.handle.close()
      current = undefined
    },
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(
      bytes,
      written,
      bytes.length - written,
      position + written,
    )
    written += bytesWritten
  }
}

/** A name that `tar -x` would put outside the folder it is called in is refused when the archive is made. */
function checkMember(member: unknown): void {
  const usable =
    typeof member === 'string' &&
    member !== '' &&
    !member.includes('\0') &&
    member.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  if (!usable)
    throw new TypeError(`${JSON.stringify(member)} cannot be the name of a member of a shard`)
}
