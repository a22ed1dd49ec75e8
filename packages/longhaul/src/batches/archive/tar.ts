import { blockBytes, paddingBytes, recordBytes, tarHeader } from '../../writers/index.ts'
import type { Member } from './archive-members.ts'

/** A tar of the members in their order (POSIX pax where ustar has no room for a name or a size), made as it is read. */
export async function* tarOf(members: AsyncIterable<Member>): AsyncGenerator<Uint8Array> {
  let written = 0
  for await (const member of members) {
    const header = headerOf(member)
    yield header
    yield* member.bytes
    const padding = paddingBytes(member.sizeBytes)
    if (padding > 0) yield Buffer.alloc(padding)
    written += header.length + member.sizeBytes + padding
  }
  // Two empty blocks end it; like every tar's, its length is a multiple of a record.
  const end = 2 * blockBytes
  yield Buffer.alloc(end + ((recordBytes - ((written + end) % recordBytes)) % recordBytes))
}

const largestUstarBytes = 0o77777777777

function headerOf({ name, sizeBytes, modified }: Member): Buffer {
  const seconds = Math.max(0, Math.floor(modified.getTime() / 1000))
  try {
    return withTime(tarHeader(name, sizeBytes), seconds)
  } catch (error) {
    // Neither fits: what the real ones are stands before it.
    if (!(error instanceof TypeError)) throw error
    const records = paxRecord('path', name) + paxRecord('size', String(sizeBytes))
    const text = Buffer.from(records)
    const announced = asPax(tarHeader('PaxHeader/member', text.length))
    const short = tarHeader('member', Math.min(sizeBytes, largestUstarBytes))
    return Buffer.concat([
      announced,
      text,
      Buffer.alloc(paddingBytes(text.length)),
      withTime(short, seconds),
    ])
  }
}

/** `<length> key=value\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest + String(rest).length
  if (String(length).length > String(rest).length) length = rest + String(length).length
  return `${length} ${key}=${value}\n`
}

function withTime(header: Buffer, seconds: number): Buffer {
  header.write(`${seconds.toString(8).padStart(11, '0')}\0`, 136, 'latin1')
  return summed(header)
}

function asPax(header: Buffer): Buffer {
  header.write('x', 156, 'latin1')
  return summed(header)
}

/** The checksum is summed over blanks in its own place. */
function summed(header: Buffer): Buffer {
  header.write('        ', 148, 'latin1')
  const sum = header.reduce((all, byte) => all + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}
