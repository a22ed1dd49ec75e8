export const blockBytes = 512
/** GNU tar's record: archives end on a multiple of it. */
export const recordBytes = 20 * blockBytes
const largestSize = 0o77777777777

/**
 * A ustar header of a plain file that says nothing about when, where or by whom it was written: mtime 0, uid and gid 0, no
 * names of users, mode 0644. Throws when the name or the size does not fit the format.
 */
export function tarHeader(name: string, sizeBytes: number): Buffer {
  if (sizeBytes > largestSize)
    throw new TypeError(`${name}: a tar member holds at most ${largestSize} bytes`)
  const { prefix, rest } = splitName(name)
  const header = Buffer.alloc(blockBytes)
  rest.copy(header, 0)
  header.write('0000644\0', 100, 'latin1') // mode
  header.write('0000000\0', 108, 'latin1') // uid
  header.write('0000000\0', 116, 'latin1') // gid
  header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
  header.write('00000000000\0', 136, 'latin1') // mtime
  header.write('        ', 148, 'latin1') // the checksum is summed over blanks
  header.write('0', 156, 'latin1') // a plain file
  header.write('ustar\x0000', 257, 'latin1')
  header.write('0000000\0', 329, 'latin1') // devmajor
  header.write('0000000\0', 337, 'latin1') // devminor
  prefix.copy(header, 345)
  const checksum = header.reduce((sum, byte) => sum + byte, 0)
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

/** The member that a header of ours begins. */
export function parseTarHeader(header: Buffer): { readonly name: string; readonly size: number } {
  const text = (from: number, length: number): string => {
    const field = header.subarray(from, from + length)
    const end = field.indexOf(0)
    return field.subarray(0, end === -1 ? length : end).toString('utf8')
  }
  const prefix = text(345, 155)
  const size = Number.parseInt(text(124, 12), 8)
  if (Number.isNaN(size) || text(257, 5) !== 'ustar')
    throw new Error('The shard to go on with is damaged: a header of a member was expected.')
  return { name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`, size }
}

/** Bytes that fill up the last block of a member. */
export const paddingBytes = (sizeBytes: number): number =>
  (blockBytes - (sizeBytes % blockBytes)) % blockBytes

/** ustar holds 100 bytes of name and 155 of folders before it. */
function splitName(name: string): { prefix: Buffer; rest: Buffer } {
  const whole = Buffer.from(name)
  if (whole.length <= 100) return { prefix: Buffer.alloc(0), rest: whole }
  for (let at = whole.indexOf('/'); at !== -1; at = whole.indexOf('/', at + 1)) {
    if (at > 0 && at <= 155 && whole.length - at - 1 <= 100 && whole.length - at - 1 > 0)
      return { prefix: whole.subarray(0, at), rest: whole.subarray(at + 1) }
  }
  throw new TypeError(
    `${name}: a tar member's name holds at most 100 bytes, and 155 bytes of folders before it`,
  )
}
