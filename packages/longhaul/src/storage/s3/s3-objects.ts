import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
} from '@aws-sdk/client-s3'
import { LonghaulError } from '../../errors/index.ts'
import { segmentsOf } from '../keys.ts'
import { mediaTypeOf } from '../media-type-of.ts'
import type { ObjectInfo, ObjectStore } from '../object-store.ts'
import type { Capabilities } from './capabilities.ts'
import type { Connection } from './connection.ts'
import { copyObject } from './copy-object.ts'
import { headObject } from './head-object.ts'
import { objectInfo } from './object-info.ts'
import { putObject } from './put-object.ts'
import { readObject } from './read-object.ts'

/** Objects of one bucket. Media types are those that were stored; a listing, which has none, guesses them by the name. */
export function s3Objects(connection: Connection, capabilities: Capabilities): ObjectStore {
  const { client, bucket: Bucket } = connection
  return {
    bucket: Bucket,
    put: (key, body, options = {}) =>
      putObject(connection, capabilities, checked(key), body, options),
    get: async (key, range) => readObject(connection, checked(key), range),
    head: async (key) => headObject(connection, checked(key)),
    async list(prefix, { after, limit }) {
      const objects: ObjectInfo[] = []
      if (!canBegin(prefix)) return { objects }
      let continued: Partial<ListObjectsV2CommandInput> = after ? { StartAfter: after } : {}
      for (;;) {
        const page = await connection.send(`list ${prefix}`, (options) =>
          client.send(
            new ListObjectsV2Command({
              Bucket,
              Prefix: prefix,
              MaxKeys: Math.min(capabilities.maxPage, limit - objects.length),
              ...continued,
            }),
            options,
          ),
        )
        for (const { Key: key = '', Size = 0, ...described } of page.Contents ?? [])
          objects.push(objectInfo(key, Size, { ...described, ContentType: mediaTypeOf(key) }))
        if (!page.IsTruncated || page.NextContinuationToken === undefined) return { objects }
        const next = objects.at(-1)?.key
        if (objects.length >= limit && next !== undefined) return { objects, next }
        continued = { ContinuationToken: page.NextContinuationToken }
      }
    },
    copy: async (from, to) => copyObject(connection, capabilities, checked(from), checked(to)),
    async delete(keys) {
      const { maxPage } = capabilities
      const all = keys.map(checked)
      for (let at = 0; at < all.length; at += maxPage)
        await deleteBatch(connection, all.slice(at, at + maxPage))
    },
    freeBytes: async () => undefined,
  }
}

async function deleteBatch(connection: Connection, keys: readonly string[]): Promise<void> {
  const { client, bucket: Bucket } = connection
  const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true }
  const { Errors = [] } = await connection.send(`delete ${keys.length} objects`, (options) =>
    client.send(new DeleteObjectsCommand({ Bucket, Delete }), options),
  )
  const [failed] = Errors.filter(({ Code }) => Code !== 'NoSuchKey')
  if (failed)
    throw new LonghaulError(
      'unavailable',
      `Could not delete ${JSON.stringify(failed.Key)} in the S3 store at ${connection.endpoint} (${failed.Code}). Try again later.`,
      { facts: { store: connection.endpoint, store_error: failed.Code } },
    )
}

/** The same keys as the local store has, so that what one holds can move to the other. */
function checked(key: string): string {
  segmentsOf(key)
  return key
}

/** A prefix with such characters would be refused by the store, or mean something else to it; nothing begins with it. */
const canBegin = (prefix: string): boolean =>
  prefix.isWellFormed() && !/\p{Cc}/u.test(prefix) && !prefix.startsWith('/')
