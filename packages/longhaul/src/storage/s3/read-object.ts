import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { LonghaulError } from '../../errors/index.ts'
import type { ByteRange, ObjectInfo } from '../object-store.ts'
import { surelyMissing, type Connection } from './connection.ts'
import { headObject } from './head-object.ts'
import { objectInfo } from './object-info.ts'
import { isMissing, isReplaced, nameOf, statusOf } from './store-errors.ts'

interface Opened {
  readonly info: ObjectInfo
  /** Positions in the object, `to` exclusive. */
  readonly from: number
  readonly to: number
  readonly body: Readable
}

/** The body goes on by itself when the connection breaks: from where it was, of the same version, or not at all. */
export async function readObject(
  connection: Connection,
  key: string,
  range?: ByteRange,
): Promise<{ info: ObjectInfo; body: Readable }> {
  if (range && !isSensible(range)) throw await noSuchRange(connection, key)
  const opened = await surelyMissing(connection, () => openObject(connection, key, range))
  if (!opened) throw objectNotFound(key)
  return { info: opened.info, body: resuming(connection, key, opened) }
}

/** Not a generator: at hundreds of MB a second, what each chunk costs counts. */
function resuming(connection: Connection, key: string, first: Opened): Readable {
  const { from, to, info } = first
  const isWhole = from === 0 && to === info.size
  const hash = isWhole && info.sha256 !== undefined ? createHash('sha256') : undefined
  let at = from
  let tried = 1
  let source = first.body

  const whole = new Readable({
    highWaterMark: 256 * 1024,
    read: () => void source.resume(),
    destroy(error, done) {
      source.destroy()
      done(error)
    },
  })
  whole.on('error', () => {}) // who reads it is told; until then nobody may listen
  const readFrom = (body: Readable): void => {
    source = body
    source.on('data', (chunk: Buffer) => {
      at += chunk.byteLength
      tried = 1 // whoever delivers may break off as often as it likes
      hash?.update(chunk)
      if (!whole.push(chunk)) body.pause()
    })
    let isOver = false
    const over = (error: Error): void => {
      if (!isOver) ended(error)
      isOver = true
    }
    source.on('end', () => over(tooShort()))
    source.on('error', over)
  }
  const ended = (error: Error): void => {
    if (whole.destroyed) return
    if (at < to) resume(error).catch((failed: unknown) => whole.destroy(failed as Error))
    else if (hash && hash.digest('hex') !== info.sha256) whole.destroy(changed(connection, key))
    else whole.push(null)
  }
  const resume = async (error: Error): Promise<void> => {
    source.destroy()
    if (!(await connection.again(error, tried++))) throw connection.named(error, `read ${key}`)
    const rest = await openObject(connection, key, { start: at, end: to - 1 }, info.etag)
    if (!rest) throw replaced(key)
    if (whole.destroyed) rest.body.destroy()
    else readFrom(rest.body)
  }
  readFrom(source)
  source.pause() // until somebody reads
  return whole
}

function openObject(
  connection: Connection,
  key: string,
  range: ByteRange | undefined,
  etag?: string,
): Promise<Opened | undefined> {
  const { client, bucket: Bucket } = connection
  return connection.send(`read ${key}`, async (options) => {
    const got = await client
      .send(
        new GetObjectCommand({
          Bucket,
          Key: key,
          ...(range && { Range: `bytes=${range.start}-${range.end ?? ''}` }),
          ...(etag !== undefined && { IfMatch: etag }),
        }),
        options,
      )
      .catch(async (error: unknown) => {
        if (isMissing(error)) return undefined
        if (isReplaced(error)) throw replaced(key)
        if (nameOf(error) === 'InvalidRange' || statusOf(error) === 416)
          throw await noSuchRange(connection, key)
        throw error
      })
    if (!got) return undefined
    const body = got.Body as Readable
    const part = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(got.ContentRange ?? '')?.map(Number)
    const size = part?.[3] ?? got.ContentLength ?? 0
    const from = part?.[1] ?? 0
    const to = part?.[2] === undefined ? size : part[2] + 1
    if (from !== (range?.start ?? 0)) {
      body.destroy()
      throw new LonghaulError(
        'unavailable',
        `The S3 store at ${connection.endpoint} does not answer with the range that was asked for.`,
      )
    }
    return { info: objectInfo(key, size, got), from, to, body }
  })
}

const tooShort = () => Object.assign(new Error('The answer was too short'), { code: 'EPIPE' })

const changed = ({ endpoint }: Connection, key: string) =>
  new LonghaulError(
    'unavailable',
    `The bytes of ${JSON.stringify(key)} are not those that were stored: they changed in the S3 store at ${endpoint} or on the way. Read it again; if it stays, restore it.`,
    { facts: { store: endpoint } },
  )

/** HTTP would have ranges that make no sense ignored, and the whole object sent. */
const isSensible = ({ start, end = start }: ByteRange): boolean =>
  Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start

async function noSuchRange(connection: Connection, key: string): Promise<LonghaulError> {
  const info = await headObject(connection, key)
  if (!info) return objectNotFound(key)
  return new LonghaulError(
    'range-not-satisfiable',
    `The object ${JSON.stringify(key)} has ${info.size} bytes; the range asked for lies outside.`,
    { facts: { size_bytes: info.size } },
  )
}

export const objectNotFound = (key: string) =>
  new LonghaulError('object-not-found', `There is no object ${JSON.stringify(key)}.`)

const replaced = (key: string) =>
  new LonghaulError(
    'unavailable',
    `The object ${JSON.stringify(key)} was replaced or deleted while it was being read. Read it again.`,
  )
