/**
 * Names of a batch's items: relative paths, each its own, and none the folder of another, so that outputs can lie below
 * them in one archive. What cannot be one is made one.
 */
export function itemNames(): (wanted: string) => string {
  const names = new Set<string>()
  const folders = new Set<string>()
  const tried = new Map<string, number>()
  return (wanted) => {
    const plain = plainPath(wanted)
    const isBelowItem = foldersOf(plain).some((folder) => names.has(folder))
    const base = isBelowItem ? plain.replaceAll('/', '_') : plain
    let name = base
    for (let n = tried.get(base) ?? 2; names.has(name) || folders.has(name); n++) {
      name = `${base}~${n}`
      tried.set(base, n + 1)
    }
    names.add(name)
    for (const folder of foldersOf(name)) folders.add(folder)
    return name
  }
}

function foldersOf(name: string): string[] {
  const found: string[] = []
  for (let at = name.indexOf('/'); at !== -1; at = name.indexOf('/', at + 1))
    found.push(name.slice(0, at))
  return found
}

const maxSegmentBytes = 200
const maxSegments = 20

function plainPath(text: string): string {
  const segments = text
    .toWellFormed()
    .replaceAll('\\', '/')
    .replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069:]/gu, '_')
    .split('/')
    .filter((segment) => !['', '.', '..'].includes(segment.trim()))
  return segments.slice(-maxSegments).map(shorten).join('/') || 'item'
}

function shorten(segment: string): string {
  const bytes = Buffer.from(segment)
  if (bytes.length <= maxSegmentBytes) return segment
  // Half a character at the cut becomes U+FFFD.
  return bytes.subarray(0, maxSegmentBytes).toString().replaceAll('\ufffd', '')
}
