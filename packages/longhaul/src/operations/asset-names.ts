/** What people call the type's files. */
const endings: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/svg+xml': 'svg',
  'text/plain': 'txt',
  'application/octet-stream': 'bin',
}

/** `png` of `image/png`. */
export const endingOf = (mediaType: string): string =>
  endings[mediaType] ?? (mediaType.split('/')[1]?.replace(/\W.*$/, '') || 'bin')

const longestName = 100

/** The last word of a URL's path, of letters, digits, `.`, `_` and `-` alone; what has none is an `image`. */
export function lastSegment(url: string, otherwise = 'image'): string {
  const { pathname } = new URL(url)
  const segment = decoded(pathname.slice(pathname.lastIndexOf('/') + 1))
  return (
    segment
      .replaceAll(/[^\w.-]/g, '')
      .replace(/^\.+/, '')
      .slice(-longestName) || otherwise
  )
}

/** Of a stored answer. It lies below its job, where no other answer has a name. */
export function storedName(url: string, mediaType: string, now: number): string {
  return withEnding(`processed_${Math.floor(now / 1000)}_${lastSegment(url)}`, mediaType)
}

/** In a ZIP, of the nth asset from 1. */
export const entryName = (entry: string, n: number, url: string, mediaType: string): string =>
  `${entry}_${n}_${lastSegment(url, entry)}.${endingOf(mediaType)}`

export const baseName = (key: string): string => key.slice(key.lastIndexOf('/') + 1)

function withEnding(name: string, mediaType: string): string {
  const ending = `.${endingOf(mediaType)}`
  return name.toLowerCase().endsWith(ending) ? name : name + ending
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
