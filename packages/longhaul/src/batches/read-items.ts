import path from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Scope } from '../jobs/engine.ts'
import type { FileRef } from '../jobs/job.ts'
import { mayReadKey } from '../jobs/index.ts'
import { fetchFile, pathOfUrl } from '../outbound/index.ts'
import { keyOfUri, uriOfKey } from '../storage/index.ts'
import { matchesName } from './match-name.ts'

/** An item before anything about it is checked; `found` was seen in the store. */
export interface RawItem {
  readonly loc: readonly (string | number)[]
  readonly given: unknown
  readonly found?: { readonly name: string; readonly file: FileRef }
}
/** Where the items of a request are. */
export type ItemSource =
  | { readonly kind: 'list'; readonly items: readonly unknown[] }
  | { readonly kind: 'manifest'; readonly uri: string }
  | { readonly kind: 'prefix'; readonly uri: string; readonly match: string | undefined }

/** A few hundred at a time, so that nobody else waits for a hundred thousand. */
const chunkItems = 500
const maxManifestBytes = 64 * 1024 * 1024
const maxLineBytes = 1024 * 1024

type Reader = Pick<Services, 'config' | 'engine' | 'outbound' | 'storage' | 'uploads'>

/** The items of a source, in chunks. Throws 'object-not-found', 'invalid-uri', 'invalid-manifest'. */
export async function* readItems(
  services: Reader,
  scope: Scope,
  source: ItemSource,
): AsyncGenerator<readonly RawItem[]> {
  const items =
    source.kind === 'list'
      ? listed(source.items, ['body', 'items'])
      : source.kind === 'prefix'
        ? objectsBelow(services, scope, source)
        : manifestItems(services, scope, source.uri)
  let chunk: RawItem[] = []
  for await (const item of items) {
    chunk.push(item)
    if (chunk.length < chunkItems) continue
    yield chunk
    chunk = []
    await new Promise(setImmediate)
  }
  if (chunk.length > 0) yield chunk
}

function* listed(items: readonly unknown[], loc: readonly string[]): Generator<RawItem> {
  for (const [index, given] of items.entries()) yield { loc: [...loc, index], given }
}

async function* objectsBelow(
  { config, engine, storage, uploads }: Reader,
  scope: Scope,
  { uri, match }: Extract<ItemSource, { kind: 'prefix' }>,
): AsyncGenerator<RawItem> {
  // `s3://bucket/` is all of it, which is no key.
  const whole = `s3://${storage.bucket}`
  const prefix = uri === whole || uri === `${whole}/` ? '' : keyOfUri(uri, storage.bucket)
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  let after: string | undefined
  do {
    const page = await storage.list(prefix, {
      limit: 1000,
      ...(after === undefined ? {} : { after }),
    })
    for (const { key, size, sha256, mediaType } of page.objects) {
      const name = key.slice(folder.length)
      if (match !== undefined && !matchesName(match, key.slice(prefix.length).replace(/^\//, '')))
        continue
      if (!(await mayReadKey({ config, engine, uploads }, scope, key))) continue
      const file = {
        uri: uriOfKey(storage.bucket, key),
        name: path.posix.basename(key),
        size,
        mediaType,
        ...(sha256 === undefined ? {} : { sha256 }),
      }
      yield { loc: ['body', 'prefix'], given: undefined, found: { name, file } }
    }
    after = page.next
  } while (after !== undefined)
}

async function* manifestItems(
  services: Reader,
  scope: Scope,
  uri: string,
): AsyncGenerator<RawItem> {
  const { name, body } = await openManifest(services, scope, uri)
  if (/\.(jsonl|ndjson)$/i.test(name)) {
    yield* lines(uri, body)
    return
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += (chunk as Buffer).length
    if (size > maxManifestBytes)
      throw unusable(uri, 'has more than 64 MiB; write .jsonl, an item a line')
    chunks.push(chunk as Buffer)
  }
  const parsed = parse(uri, 'is no JSON', Buffer.concat(chunks).toString('utf8'))
  const { items, files } = (parsed ?? {}) as { items?: unknown; files?: unknown }
  const found = Array.isArray(parsed) ? parsed : (items ?? files)
  if (!Array.isArray(found)) throw unusable(uri, 'must be {"items": […]} or {"files": […]}')
  yield* listed(found, ['body', 'manifest_uri'])
}

/** An object of the store that its submitter may read, or a file of another server. */
async function openManifest(
  services: Reader,
  scope: Scope,
  uri: string,
): Promise<{ readonly name: string; readonly body: Readable }> {
  const { config, outbound, storage } = services
  const name = pathOfUrl(uri)
  if (name !== undefined) {
    const { body } = await fetchFile(uri, { outbound, maxBytes: config.maxFetchBytes })
    return { name, body: Readable.from(body, { objectMode: false }) }
  }
  const key = keyOfUri(uri, storage.bucket)
  if (!(await mayReadKey(services, scope, key)))
    throw new LonghaulError('object-not-found', `There is no object ${uri}.`)
  return { name: key, body: (await storage.get(key)).body }
}

async function* lines(uri: string, body: Readable): AsyncGenerator<RawItem> {
  let no = 0
  // `readline` keeps a line of any length; what comes is cut before it gets there.
  const input = body.compose(boundedLines(uri))
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    no += 1
    if (line.trim() === '') continue
    const given = parse(uri, `has no JSON in line ${no}`, line)
    yield { loc: ['body', 'manifest_uri', no], given }
  }
}

const boundedLines = (uri: string) =>
  async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let length = 0
    for await (const chunk of source) {
      const first = chunk.indexOf(10)
      const longest = first === -1 ? length + chunk.length : length + first
      if (longest > maxLineBytes) throw unusable(uri, 'has a line of more than 1 MiB')
      length = first === -1 ? longest : chunk.length - chunk.lastIndexOf(10) - 1
      yield chunk
    }
  }

function parse(uri: string, what: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new LonghaulError(
      'invalid-manifest',
      `The manifest ${uri} ${what}: ${(cause as Error).message}.`,
      { cause },
    )
  }
}

const unusable = (uri: string, why: string) =>
  new LonghaulError('invalid-manifest', `The manifest ${uri} ${why}.`)
