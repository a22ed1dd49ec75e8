import { binEntry } from '@longhaul/protocol'
import { LonghaulError } from '../errors/index.ts'
import type { Bin, Manifest } from '../jobs/job.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { fetchFile, isLinesOfJson, isWebUri, type FetchFile } from '../outbound/index.ts'
import { keyOfUri } from '../storage/object-uri.ts'

/** A manifest with whatever its URI named read: files, or bins of files. */
export type ManifestContent = Exclude<Manifest, { readonly uri: string }>

const maxBytes = 64 * 1024 * 1024

/** The texts are those that clients of the older services see (five-systems Y.2, 20). */
export async function contentOfManifest(
  manifest: Manifest,
  storage: ObjectStore,
  web: FetchFile,
): Promise<ManifestContent> {
  if (!('uri' in manifest)) return manifest
  const { uri } = manifest
  const text = await readText(uri, storage, web)
  if (isLinesOfJson(uri)) return binsOf(uri, linesOf(uri, text))
  const { files, bins } = (parseJson(uri, text) ?? {}) as { files?: unknown; bins?: unknown }
  if (bins !== undefined && files === undefined) {
    if (Array.isArray(bins)) return binsOf(uri, bins)
    throw unreadable(uri, 'must be {"files": ["s3://…", …]} or {"bins": [{…}, …]}.')
  }
  if (!Array.isArray(files) || !files.every((file): file is string => typeof file === 'string'))
    throw unreadable(uri, 'must be {"files": ["s3://…", …]}.')
  if (files.length === 0)
    throw new LonghaulError('invalid-input', `No files provided in manifest ${uri}`)
  return { files }
}

async function readText(uri: string, storage: ObjectStore, web: FetchFile): Promise<string> {
  const { body } = isWebUri(uri)
    ? await fetchFile(uri, { ...web, maxBytes: maxBytes + 1 })
    : await storage.get(keyOfUri(uri, storage.bucket))
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += (chunk as Buffer).length
    // Whoever leaves the loop closes the stream.
    if (size > maxBytes) throw unreadable(uri, 'has more than the 64 MiB that are read.')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(where: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new LonghaulError(
      'invalid-input',
      `The manifest ${where} is not JSON: ${(cause as Error).message}`,
      { cause },
    )
  }
}

/** One bin a line; an empty line is none. */
function linesOf(uri: string, text: string): readonly unknown[] {
  const bins = text
    .split('\n')
    .flatMap((line, n) => (line.trim() === '' ? [] : [parseJson(`${uri}, line ${n + 1},`, line)]))
  if (bins.length > 0) return bins
  throw new LonghaulError('invalid-input', `No bins provided in manifest ${uri}`)
}

function binsOf(uri: string, given: readonly unknown[]): { readonly bins: readonly Bin[] } {
  const seen = new Set<string>()
  const bins = given.map((one, index): Bin => {
    const { success, error, data } = binEntry.safeParse(one)
    if (!success) {
      const [issue] = error.issues
      const place = ['bins', index, ...(issue?.path ?? [])].join('.')
      throw unreadable(uri, `is wrong at ${place}: ${issue?.message ?? 'no bin'}`)
    }
    if (seen.has(data.bin_id))
      throw unreadable(uri, `has two bins ${JSON.stringify(data.bin_id)}; give each its own id.`)
    seen.add(data.bin_id)
    const { sha256, ...bin } = data
    return sha256 == null ? bin : { ...bin, sha256 }
  })
  return { bins }
}

const unreadable = (uri: string, what: string) =>
  new LonghaulError('invalid-input', `The manifest ${uri} ${what}`)
