import { open } from 'node:fs/promises'

export interface Member {
  readonly name: string
  readonly bytes: Buffer
}

/**
 * Walks a ustar archive of plain files (POSIX.1-2017, pax "ustar Interchange Format") and believes nothing: checksums, padding and the
 * two empty blocks at the end are looked at, so that no byte of the archive goes unread. Throws a sentence.
 */
export async function* readTar(path: string): AsyncGenerator<Member> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  const take = async (length: number, at: number): Promise<Buffer> => {
    if (at + length > size)
      throw new Error(`ends at byte ${size}, expected ${length} more at ${at}`)
    const block = Buffer.alloc(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await file.read(block, filled, length - filled, at + filled)
      if (bytesRead === 0) throw new Error(`cannot read byte ${at + filled}`)
      filled += bytesRead
    }
    return block
  }

  let at = 0
  for (;;) {
    const header = await take(512, at)
    if (header.every((byte) => byte === 0)) break
    const { name, length } = parseHeader(header, at)
    const padded = Math.ceil(length / 512) * 512
    const content = await take(padded, at + 512)
    if (!isZero(content.subarray(length))) throw new Error(`padding of ${name} is not zero`)
    yield { name, bytes: content.subarray(0, length) }
    at += 512 + padded
  }
  if (size - at < 1024) throw new Error('the two empty blocks at the end are not there')
  for (let rest = at; rest < size; rest += 1 << 20)
    if (!isZero(await take(Math.min(1 << 20, size - rest), rest)))
      throw new Error(`something follows the end of the archive at byte ${rest}`)
}

function parseHeader(header: Buffer, at: number): { name: string; length: number } {
  const text = (from: number, length: number) => {
    const field = header.subarray(from, from + length)
    const end = field.indexOf(0)
    if (end >= 0 && !isZero(field.subarray(end))) throw new Error(`header at ${at}: text after NUL`)
    return field.toString('latin1', 0, end < 0 ? length : end)
  }
  const octal = (from: number, length: number) => {
    const digits = /^([0-7]+)[ \0]+$/.exec(header.toString('latin1', from, from + length))?.[1]
    if (digits === undefined) throw new Error(`header at ${at}: no octal number at ${from}`)
    return parseInt(digits, 8)
  }
  let sum = 8 * 32 // the checksum's own eight bytes count as blanks
  for (const [index, byte] of header.entries()) if (index < 148 || index >= 156) sum += byte
  if (sum !== octal(148, 8)) throw new Error(`header at ${at}: wrong checksum`)
  if (header.toString('latin1', 257, 265) !== 'ustar\x0000')
    throw new Error(`header at ${at}: not ustar`)
  if (header[156] !== 0x30) throw new Error(`header at ${at}: not a plain file`)
  const prefix = text(345, 155)
  return { name: (prefix && `${prefix}/`) + text(0, 100), length: octal(124, 12) }
}

const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0)
