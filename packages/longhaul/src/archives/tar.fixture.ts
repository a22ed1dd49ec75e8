/** One header and what follows it, with whatever is to be wrong about it. */
export interface TarEntryFixture {
  readonly name: string
  readonly data?: string | Buffer
  /** `0` a file, `1` a hard link, `2` a symbolic one, `3` `4` devices, `5` a folder, `6` a pipe, `x` words about the next. */
  readonly type?: string
  readonly linkname?: string
  readonly sizeBytes?: number
  readonly breakSum?: boolean
}

const emptyBlocks = Buffer.alloc(1024)

/** A tar, byte by byte. */
export const tar = (
  entries: readonly TarEntryFixture[],
  { end = emptyBlocks }: { readonly end?: Buffer } = {},
): Buffer => Buffer.concat([...entries.map(entryOf), end])

/** A name that no header holds, as POSIX has it. */
export function tarWithPath(path: string, data = 'x'): Buffer {
  const line = ` path=${path}\n`
  let length = Buffer.byteLength(line)
  length += String(length + String(length).length).length
  return tar([
    { name: 'pax', type: 'x', data: `${length}${line}` },
    { name: 'short', data },
  ])
}

function entryOf({ name, data = '', type = '0', ...rest }: TarEntryFixture): Buffer {
  const body = Buffer.from(data)
  const header = Buffer.alloc(512)
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  for (const at of [108, 116]) header.write('0000000\0', at)
  header.write(`${(rest.sizeBytes ?? body.length).toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write(type, 156)
  header.write(rest.linkname ?? '', 157, 100)
  header.write('ustar\0' + '00', 257)
  const sum = header.reduce((total, byte) => total + byte, rest.breakSum ? 1 : 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)])
}
