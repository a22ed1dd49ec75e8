const longestBytes = 200

/**
 * A name that somebody else chose, as one that every store takes: no folder, no control or direction characters, no leading
 * dot, at most 200 bytes with its ending kept.
 */
export function safeName(said: string | undefined, otherwise = 'downloaded_file'): string {
  const plain = (said ?? '')
    .toWellFormed()
    .normalize('NFC')
    .replaceAll('\\', '/')
    .split('/')
    .at(-1)
    ?.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufffd]/gu, '')
    .replaceAll(/[<>:"|?*]/g, '_')
    .replace(/^[\s.]+/, '')
    .replace(/[\s.]+$/, '')
  return plain === undefined || plain === '' ? otherwise : shortened(plain)
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= longestBytes) return name
  const dot = name.lastIndexOf('.')
  const ending = dot > 0 && name.length - dot <= 12 ? name.slice(dot) : ''
  const room = longestBytes - Buffer.byteLength(ending)
  let kept = ''
  for (const letter of name.slice(0, name.length - ending.length)) {
    if (Buffer.byteLength(kept + letter) > room) break
    kept += letter
  }
  return kept + ending
}

/** What the header calls the file; RFC 6266, with the words of RFC 8187 before the plain ones. */
export function nameOfDisposition(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const [, charset, encoded] = /;\s*filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)/i.exec(header) ?? []
  if (encoded !== undefined && /^utf-8$/i.test(charset ?? ''))
    try {
      return decodeURIComponent(encoded)
    } catch {
      // The plain one may still do.
    }
  const [, quoted, bare] =
    /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(header) ?? []
  return quoted?.replaceAll(/\\(.)/g, '$1') ?? bare
}

/** Of a URL's path. */
export function nameOfPath(pathname: string): string | undefined {
  const segment = pathname.split('/').at(-1)
  try {
    return segment === undefined ? undefined : decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** A second file of one name in one folder gets a number. */
export function distinctNames(): (name: string) => string {
  const seen = new Set<string>()
  return (name) => {
    const slash = name.lastIndexOf('/')
    const dot = name.lastIndexOf('.')
    const at = dot > slash + 1 ? dot : name.length
    let distinct = name
    for (let n = 2; seen.has(distinct.toLowerCase()); n++)
      distinct = `${name.slice(0, at)} (${n})${name.slice(at)}`
    seen.add(distinct.toLowerCase())
    return distinct
  }
}
