import {
  CreateBucketCommand,
  HeadBucketCommand,
  PutBucketCorsCommand,
  type BucketLocationConstraint,
} from '@aws-sdk/client-s3'
import type { Connection } from './connection.ts'
import { nameOf, statusOf } from './store-errors.ts'

/** Makes the bucket when the store says that there is none, and only then. */
export async function ensureBucket(connection: Connection, region: string): Promise<void> {
  const { client, bucket: Bucket, send } = connection
  const isThere = await send(`look at the bucket ${Bucket}`, async (options) => {
    try {
      await client.send(new HeadBucketCommand({ Bucket }), options)
      return true
    } catch (error) {
      if (statusOf(error) === 404) return false
      throw error
    }
  })
  if (isThere) return
  await send(`make the bucket ${Bucket}`, async (options) => {
    try {
      // Amazon's first region must not be named.
      const place = { LocationConstraint: region as BucketLocationConstraint }
      await client.send(
        new CreateBucketCommand({
          Bucket,
          ...(region !== 'us-east-1' && { CreateBucketConfiguration: place }),
        }),
        options,
      )
    } catch (error) {
      // Another process was as fast.
      if (!['BucketAlreadyOwnedByYou', 'BucketAlreadyExists'].includes(nameOf(error))) throw error
      await client.send(new HeadBucketCommand({ Bucket }), options)
    }
  })
  await allowBrowsers(connection)
}

/**
 * Pages put parts and get objects with signed URLs, which are permission enough. Stores that know no such rules either
 * allow it anyway or are told by their operator.
 */
async function allowBrowsers({ client, bucket: Bucket, send }: Connection): Promise<void> {
  const rule = {
    AllowedOrigins: ['*'],
    AllowedMethods: ['GET', 'HEAD', 'PUT'],
    AllowedHeaders: ['*'],
    ExposeHeaders: ['ETag', 'Content-Range', 'Content-Disposition'],
  }
  await send(
    'allow browsers',
    (options) =>
      client.send(
        new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }),
        options,
      ),
    { once: true },
  ).catch(() => {})
}
