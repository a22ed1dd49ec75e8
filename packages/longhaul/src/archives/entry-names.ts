import { refusal } from './archive-refusal.ts'
import type { ArchiveLimits } from './archives.ts'

const maxSegmentBytes = 255

/**
 * The names of one archive, as they come. Each is taken as it is or refused: a name that would have to be mended is one
 * whose archive was not made for this. Two names that one disk or another would take for the same are refused as well.
 */
export class EntryNames {
  readonly #maxBytes: number
  readonly #maxDepth: number
  readonly #files = new Set<string>()
  readonly #folders = new Set<string>()

  constructor({
    maxNameBytes,
    maxDepth,
  }: Pick<ArchiveLimits, 'maxDepth'> & { readonly maxNameBytes: number }) {
    this.#maxBytes = maxNameBytes
    this.#maxDepth = maxDepth
  }

  /** The name in NFC, without a leading `./` and without the slash that says a folder. */
  take(raw: string, kind: 'file' | 'folder'): string {
    const name = this.#checked(raw, kind)
    const folded = name.toLowerCase().toUpperCase().toLowerCase()
    if (kind === 'file') this.#takeFile(folded, raw)
    else if (name !== '') this.#takeFolder(folded, raw)
    for (let at = folded.indexOf('/'); at !== -1; at = folded.indexOf('/', at + 1))
      this.#takeFolder(folded.slice(0, at), raw)
    return name
  }

  #takeFile(folded: string, raw: string): void {
    if (this.#files.has(folded))
      throw refusal('duplicate-name', 'is there twice, as far as some disks can tell', raw)
    if (this.#folders.has(folded))
      throw refusal('duplicate-name', 'is both a file and a folder', raw)
    this.#files.add(folded)
  }

  #takeFolder(folded: string, raw: string): void {
    if (this.#files.has(folded)) throw refusal('duplicate-name', 'is both a file and a folder', raw)
    this.#folders.add(folded)
  }

  #checked(raw: string, kind: 'file' | 'folder'): string {
    if (raw.includes('\0')) throw refusal('bad-name', 'has a NUL character in its name', raw)
    if (!raw.isWellFormed() || raw.includes('\ufffd'))
      throw refusal('bad-name', 'has a name that is not valid Unicode', raw)
    if (/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(raw))
      throw refusal('bad-name', 'has control characters in its name', raw)
    if (/^(\/|[a-z]:)/i.test(raw) || /^[\\/]{2}/.test(raw))
      throw refusal('absolute-path', 'has an absolute path', raw)
    if (raw.includes('\\')) throw refusal('backslash', 'has a backslash in its name', raw)
    let name = raw.normalize('NFC')
    while (name.startsWith('./')) name = name.slice(2)
    if (kind === 'folder') name = name.replace(/\/$/, '')
    if (kind === 'folder' && (name === '' || name === '.')) return ''
    if (Buffer.byteLength(name) > this.#maxBytes)
      throw refusal('name-too-long', `has a name of more than ${this.#maxBytes} bytes`, raw)
    const segments = name.split('/')
    for (const segment of segments) checkSegment(segment, raw)
    if (segments.length > this.#maxDepth)
      throw refusal('too-deep', `lies more than ${this.#maxDepth} folders deep`, raw)
    return name
  }
}

function checkSegment(segment: string, raw: string): void {
  if (segment === '..') throw refusal('leads-outside', 'leads out of its place with ".."', raw)
  if (segment === '.' || segment.trim() === '')
    throw refusal('bad-name', 'has a part without a name in its path', raw)
  if (segment.toLowerCase().startsWith('.longhaul'))
    throw refusal('bad-name', 'uses the name .longhaul, which is reserved', raw)
  if (Buffer.byteLength(segment) > maxSegmentBytes)
    throw refusal('name-too-long', `has a part of more than ${maxSegmentBytes} bytes`, raw)
}
