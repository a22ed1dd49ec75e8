import { badHeader } from './headers.ts'

export interface UploadMetadata {
  readonly filename: string
  readonly mediaType?: string
}

/** What a file is called whose client says nothing. */
const nameless = 'file'

/**
 * `Upload-Metadata`: "one or more comma-separated key-value pairs. The key and value MUST be separated by a space. The key
 * MUST NOT contain spaces and commas and MUST NOT be empty. The key SHOULD be ASCII encoded and the value MUST be Base64
 * encoded. All keys MUST be unique."
 */
export function parseMetadata(header: string | undefined): UploadMetadata {
  const values = new Map<string, Buffer>()
  // An empty header says nothing; clients send it for a map without entries.
  for (const pair of header?.trim() ? header.split(',') : []) {
    const [key = '', encoded = '', ...rest] = pair.trim().split(' ')
    if (!/^[\x21-\x7e]+$/.test(key) || rest.length > 0) throw bad(pair)
    if (values.has(key)) throw badHeader('Upload-Metadata', key, 'name each key once')
    values.set(key, decode(pair, encoded))
  }
  // Uppy's own words beside those that most clients send.
  const filename = textOf(values, 'filename') ?? textOf(values, 'name')
  const mediaType = textOf(values, 'filetype') ?? textOf(values, 'type')
  return { filename: filename ?? nameless, ...(mediaType !== undefined && { mediaType }) }
}

function decode(pair: string, encoded: string): Buffer {
  const bytes = Buffer.from(encoded, 'base64')
  // Buffer skips what is no Base64; encoded again it shows. Some clients leave the padding out.
  const padless = (text: string): string => text.replace(/=+$/, '')
  if (padless(bytes.toString('base64')) !== padless(encoded)) throw bad(pair)
  return bytes
}

/** Of the other keys nobody here reads the value, and it need be no text. */
function textOf(values: ReadonlyMap<string, Buffer>, key: string): string | undefined {
  const bytes = values.get(key) ?? Buffer.of()
  const text = bytes.toString('utf8')
  if (!Buffer.from(text).equals(bytes))
    throw badHeader('Upload-Metadata', key, 'its value is not UTF-8')
  return text.trim() === '' ? undefined : text
}

const bad = (pair: string) =>
  badHeader(
    'Upload-Metadata',
    pair,
    'send pairs of a key and, after one space, its value in Base64, with commas between them',
  )
