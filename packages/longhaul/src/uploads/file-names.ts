import { LonghaulError } from '../errors/index.ts'

const maxBytes = 900 // leaves room for the prefix and the id in a key of 1,024
const maxSegmentBytes = 255

/**
 * Names of the files of one request. They become the tail of a key and the name a processor sees, so they are taken as
 * they are or refused with a sentence that says what to do: 'invalid-file-name', 'duplicate-file-name'.
 */
export function checkFileNames(names: readonly string[]): void {
  const files = new Set<string>()
  const folders = new Set<string>()
  for (const name of names) {
    checkFileName(name)
    // Two spellings of one name in Unicode look the same to a user, and are the same on some disks.
    const plain = name.normalize('NFC')
    if (files.has(plain))
      throw new LonghaulError(
        'duplicate-file-name',
        `Two files are called ${shown(name)}; give each its own name, or put them into folders: a/${basename(name)}, b/${basename(name)}.`,
        { facts: { filename: shorten(name) } },
      )
    files.add(plain)
    for (let at = plain.indexOf('/'); at !== -1; at = plain.indexOf('/', at + 1))
      folders.add(plain.slice(0, at))
  }
  const both = [...files].find((name) => folders.has(name))
  if (both !== undefined) throw refused(both, 'is both a file and a folder; rename one of them')
}

function checkFileName(name: string): void {
  if (name.trim() === '') throw refused(name, 'is empty; give the file a name')
  if (!name.isWellFormed()) throw refused(name, 'is not valid Unicode; rename the file')
  if (/[\p{Cc}\u2028\u2029]/u.test(name))
    throw refused(name, 'holds control characters; leave them out')
  if (/[\u202a-\u202e\u2066-\u2069]/u.test(name))
    throw refused(name, 'holds characters that change the direction of text; leave them out')
  if (/^(\/|\\|[a-z]:[\\/])/i.test(name))
    throw refused(
      name,
      `is an absolute path; send a relative name such as ${JSON.stringify(shorten(basename(name)) || 'file')}`,
    )
  if (name.includes('\\')) throw refused(name, 'holds a backslash; write folders with /')
  if (Buffer.byteLength(name) > maxBytes)
    throw refused(name, `is longer than ${maxBytes} bytes; shorten it`)
  for (const segment of name.split('/')) {
    if (segment === '..' || segment === '.')
      throw refused(name, `leads out of its place with ${JSON.stringify(segment)}; leave it out`)
    if (segment.trim() === '')
      throw refused(
        name,
        'has a folder or file without a name; write single slashes and none at the end',
      )
    if (Buffer.byteLength(segment) > maxSegmentBytes)
      throw refused(
        name,
        `has a part of more than ${maxSegmentBytes} bytes between slashes; shorten it`,
      )
    if (segment.toLowerCase().startsWith('.longhaul'))
      throw refused(name, 'uses the name .longhaul, which is reserved; rename it')
  }
}

const refused = (name: string, why: string) =>
  new LonghaulError('invalid-file-name', `The file name ${shown(name)} ${why}.`, {
    facts: { filename: shorten(name) },
  })

const basename = (name: string): string =>
  name.slice(Math.max(...['/', '\\'].map((c) => name.lastIndexOf(c))) + 1)

/** Also of 5,000 characters an answer shows only the beginning. */
const shorten = (name: string): string =>
  name.length > 80 ? `${name.slice(0, 77).toWellFormed()}…` : name.toWellFormed()

const shown = (name: string): string => JSON.stringify(shorten(name))
