import { HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import type { ObjectInfo } from '../object-store.ts'
import { surelyMissing, type Connection } from './connection.ts'
import { objectInfo } from './object-info.ts'
import { isMissing } from './store-errors.ts'

export async function headObject(
  connection: Connection,
  key: string,
): Promise<ObjectInfo | undefined> {
  const head = await describeObject(connection, key)
  return head && objectInfo(key, head.ContentLength ?? 0, head)
}

/** As the store says it. */
export function describeObject(
  connection: Connection,
  key: string,
): Promise<HeadObjectCommandOutput | undefined> {
  const { client, bucket: Bucket, send } = connection
  return surelyMissing(connection, () =>
    send(`look at ${key}`, (options) =>
      client.send(new HeadObjectCommand({ Bucket, Key: key }), options).catch((error: unknown) => {
        if (isMissing(error)) return undefined
        throw error
      }),
    ),
  )
}

/** What is said of an object that was just stored; somebody else's may already lie there. */
export async function infoOfStored(
  connection: Connection,
  stored: Pick<ObjectInfo, 'key' | 'size' | 'etag' | 'mediaType' | 'sha256'>,
): Promise<ObjectInfo> {
  const head = await headObject(connection, stored.key)
  if (head?.etag === stored.etag) return head
  return { ...stored, lastModified: new Date() }
}
