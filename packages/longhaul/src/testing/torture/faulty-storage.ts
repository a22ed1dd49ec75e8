import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { Bytes, Storage } from '../../storage/object-store.ts'
import type { SeededRandom } from './seeded-random.ts'

export interface StorageFaults {
  readonly random: SeededRandom
  /** No faults while this is true. */
  readonly isCalm: () => boolean
  /** Called when a multipart upload has become an object. */
  readonly onPublished: (key: string, uploadId: string) => void
}

const delayed = 0.2
const failed = 0.012
const truncated = 0.02

/**
 * A store on a bad day: calls are late, fail before or after they took effect, and bytes end too early. It only ever
 * does what a network in between could do.
 */
export function faultyStorage(inner: Storage, faults: StorageFaults): Storage {
  const { random, isCalm } = faults
  const strikes = (probability: number): boolean => !isCalm() && random.chance(probability)

  async function call<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (strikes(delayed)) await pause(random.between(1, 150))
    if (strikes(failed)) throw brokenLine(`${name} was not carried out`)
    const result = await work()
    if (strikes(failed)) throw brokenLine(`${name} was carried out, but the answer was lost`)
    return result
  }

  return {
    bucket: inner.bucket,
    limits: inner.limits,
    put: (key, body, options) =>
      call('put', () => inner.put(key, strikes(truncated) ? cut(body) : body, options)),
    get: (key, range) =>
      call('get', async () => {
        const found = await inner.get(key, range)
        return strikes(truncated) ? { ...found, body: Readable.from(shorten(found.body)) } : found
      }),
    head: (key) => call('head', () => inner.head(key)),
    list: (prefix, page) => call('list', () => inner.list(prefix, page)),
    copy: (from, to) => call('copy', () => inner.copy(from, to)),
    delete: (keys) => call('delete', () => inner.delete(keys)),
    ...(inner.materialize && {
      materialize: (key, path) => call('materialize', () => inner.materialize!(key, path)),
    }),
    freeBytes: () => inner.freeBytes(),
    begin: (key, options) => call('begin', () => inner.begin(key, options)),
    putPart: (upload, partNumber, body, options) =>
      call('putPart', () =>
        inner.putPart(upload, partNumber, strikes(truncated) ? cut(body) : body, options),
      ),
    ...(inner.putFile && {
      putFile: (upload, partNumber, path) =>
        call('putFile', () => inner.putFile!(upload, partNumber, path)),
    }),
    listParts: (upload) => call('listParts', () => inner.listParts(upload)),
    complete: (upload, parts, options) =>
      call('complete', async () => {
        const info = await inner.complete(upload, parts, options)
        faults.onPublished(upload.key, upload.uploadId)
        return info
      }),
    appendedBytes: (upload) => call('appendedBytes', () => inner.appendedBytes(upload)),
    append: (upload, offset, body, options) =>
      call('append', () =>
        inner.append(upload, offset, strikes(truncated) ? cut(body) : body, options),
      ),
    partsOfAppended: (upload) => call('partsOfAppended', () => inner.partsOfAppended(upload)),
    concatenate: (from, to, options) =>
      call('concatenate', () => inner.concatenate(from, to, options)),
    abort: (upload) => call('abort', () => inner.abort(upload)),
    async *listUploads(prefix) {
      if (strikes(failed)) throw brokenLine('listUploads was not carried out')
      yield* inner.listUploads(prefix)
    },
    partUrl: (upload, partNumber, options) => inner.partUrl(upload, partNumber, options),
    objectUrl: (key, options) => inner.objectUrl(key, options),
    ...(inner.signedUrls && { signedUrls: inner.signedUrls }),
  }
}

const brokenLine = (what: string): Error =>
  Object.assign(new Error(`Torture: ${what}`), { code: 'EPIPE' })

/** A connection that breaks on the way up: the store sees an error instead of the end. */
function cut(body: Bytes): Bytes {
  return Readable.from(
    (async function* () {
      yield* shorten(body)
      throw brokenLine('the body broke off')
    })(),
  )
}

/** The first half of the first chunk, then the end, as if that were all. */
async function* shorten(body: Bytes): AsyncGenerator<Uint8Array> {
  const chunks = body instanceof Uint8Array ? [body] : (body as AsyncIterable<Uint8Array>)
  for await (const chunk of chunks) {
    yield chunk.subarray(0, Math.floor(chunk.length / 2))
    return
  }
}
