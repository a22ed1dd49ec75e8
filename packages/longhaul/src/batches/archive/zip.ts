import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import type { Member } from './archive-members.ts'
import {
  centralRecord,
  dataDescriptor,
  endRecords,
  localHeader,
  type ZipEntry,
} from './zip-records.ts'

/**
 * A ZIP of the members in their order, made as it is read, not compressed: what processors write mostly is already. The
 * directory at its end waits in a temporary file, so that a hundred thousand members take no memory.
 */
export async function* zipOf(members: AsyncIterable<Member>): AsyncGenerator<Uint8Array> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-zip-'))
  const directory = await open(path.join(folder, 'directory'), 'w+')
  try {
    let offset = 0
    let count = 0
    let waiting: Buffer[] = []
    const spill = async (): Promise<void> => {
      await directory.appendFile(Buffer.concat(waiting))
      waiting = []
    }
    for await (const member of members) {
      const header = localHeader(member)
      yield header
      let crc = 0
      for await (const chunk of member.bytes) {
        crc = crc32(chunk, crc)
        yield chunk
      }
      const entry: ZipEntry = { ...member, crc, offset }
      const descriptor = dataDescriptor(entry)
      yield descriptor
      offset += header.length + member.sizeBytes + descriptor.length
      count += 1
      if (waiting.push(centralRecord(entry)) >= 500) await spill()
    }
    await spill()
    const { size } = await directory.stat()
    yield* directory.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>
    yield endRecords({ count, offset, sizeBytes: size })
  } finally {
    await directory.close()
    await rm(folder, { recursive: true, force: true })
  }
}
