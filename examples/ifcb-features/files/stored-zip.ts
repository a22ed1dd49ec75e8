import { crc32 } from 'node:zlib'

/**
 * Zip archives whose members are stored as they are (PKWARE APPNOTE 6.3). An archive grows by `localEntry`s, in order; what it has
 * so far is all that is needed to go on, or to end it with `centralDirectory`. Same members, same bytes: none has a date of its own.
 */
export interface ZipMember {
  readonly name: string
  readonly bytes: Uint8Array
}

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 } as const
const [localBytes, centralBytes, endBytes] = [30, 46, 22]
const version = 20
const firstOfJanuary1980 = 0x0021
/** Readable and writable by its owner, as Python's `zipfile` has it. */
const unixMode = 0o600 << 16
/** More needs Zip64, which not every reader of archives of masks knows. */
export const maxMembers = 0xffff

export function localEntry(name: string, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(localBytes)
  header.writeUInt32LE(signatures.local, 0)
  sharedFields(name, bytes).copy(header, 4)
  return Buffer.concat([header, Buffer.from(name, 'ascii'), bytes])
}

/** What is in an archive, ended or not, in its order. Throws where it is neither. */
export function* membersOf(archive: Buffer): Generator<ZipMember & { readonly offset: number }> {
  for (let at = 0; at < archive.length;) {
    const signature = archive.readUInt32LE(at)
    if (signature === signatures.central || signature === signatures.end) return
    if (signature !== signatures.local) throw new Error(`No zip member begins at byte ${at}.`)
    const begin = at + localBytes + archive.readUInt16LE(at + 26)
    const end = begin + archive.readUInt32LE(at + 18)
    if (end > archive.length) throw new Error(`The zip ends within the member at byte ${at}.`)
    const name = archive.toString('ascii', at + localBytes, begin)
    yield { name, bytes: archive.subarray(begin, end), offset: at }
    at = end
  }
}

/** What ends an archive of these local entries. */
export function centralDirectory(entries: Buffer): Buffer {
  const headers: Buffer[] = []
  for (const { name, bytes, offset } of membersOf(entries)) {
    const header = Buffer.alloc(centralBytes)
    header.writeUInt32LE(signatures.central, 0)
    header.writeUInt16LE((3 << 8) | version, 4) // made on Unix
    sharedFields(name, bytes).copy(header, 6)
    header.writeUInt32LE(unixMode, 38)
    header.writeUInt32LE(offset, 42)
    headers.push(header, Buffer.from(name, 'ascii'))
  }
  const members = headers.length / 2
  if (members > maxMembers) throw new RangeError(`${members} members are too many for one zip.`)
  const directory = Buffer.concat(headers)
  const end = Buffer.alloc(endBytes)
  end.writeUInt32LE(signatures.end, 0)
  end.writeUInt16LE(members, 8)
  end.writeUInt16LE(members, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(entries.length, 16)
  return Buffer.concat([directory, end])
}

/** The 26 bytes that a local and a central header have in common. */
function sharedFields(name: string, bytes: Uint8Array): Buffer {
  const fields = Buffer.alloc(26)
  fields.writeUInt16LE(version, 0) // flags, method "stored" and time of day stay 0
  fields.writeUInt16LE(firstOfJanuary1980, 8)
  fields.writeUInt32LE(crc32(bytes), 10)
  fields.writeUInt32LE(bytes.length, 14)
  fields.writeUInt32LE(bytes.length, 18)
  fields.writeUInt16LE(name.length, 22)
  return fields
}
