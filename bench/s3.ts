import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  S3Client,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import type { S3Config } from '../packages/longhaul/src/app/config.ts'
import type { Storage } from '../packages/longhaul/src/storage/object-store.ts'
import { s3Storage } from '../packages/longhaul/src/storage/s3/index.ts'
import { startTestSwift } from '../packages/longhaul/src/testing/servers/swift.ts'
import { percentile, type Figure } from './figure.ts'
import { largeFiles } from './large-files.ts'

const MiB = 1024 * 1024
const bytes = 256 * MiB
const rounds = 5
/** Swift shares the machine and moves some 100 MB/s: ten times as much would take the time of all other figures. */
const jobInputBytes = 5e8

/** Streaming to and from a bucket, held against what the SDK alone does with the same server in the same minute. */
export async function s3(): Promise<readonly Figure[]> {
  const swift = await startTestSwift()
  if (!swift) return []
  try {
    const bucket = await swift.newBucket()
    const storage = await s3Storage({ ...swift.s3, bucket })
    const figures = await throughput(storage, bareClient(swift.s3), bucket)
    const { endpoint, accessKey, secretKey, region } = swift.s3
    const env = {
      S3_ENDPOINT_URL: endpoint,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      S3_REGION: region,
      S3_BUCKET: await swift.newBucket(),
    }
    return [...figures, ...(await largeFiles(jobInputBytes, env, ' on S3'))]
  } finally {
    await swift.stop()
  }
}

async function throughput(
  storage: Storage,
  client: S3Client,
  Bucket: string,
): Promise<readonly Figure[]> {
  const piece = randomBytes(MiB)
  const body = () => Readable.from(repeated(piece), { objectMode: false })
  const seconds: Record<string, number[]> = {}
  const timed = async (name: string, work: () => Promise<unknown>) => {
    const began = performance.now()
    await work()
    ;(seconds[name] ??= []).push((performance.now() - began) / 1000)
  }
  for (let round = 0; round <= rounds; round++) {
    if (round === 1) for (const times of Object.values(seconds)) times.length = 0 // the first one warms up
    const ours = `ours-${round}`
    const bare = `bare-${round}`
    const turns = [
      async () => {
        await timed('put', () => storage.put(ours, body()))
        await timed('get', async () => drained((await storage.get(ours)).body))
        await storage.delete([ours])
      },
      async () => {
        await timed('bare put', () => putInParts(client, { Bucket, Key: bare }, body()))
        await timed('bare get', async () => {
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: bare }))
          await drained(Body as Readable)
        })
        await storage.delete([bare])
      },
    ]
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn()
  }
  const median = (name: string) => percentile(seconds[name] ?? [], 0.5)
  const rate = (name: string) => bytes / 1e6 / median(name)
  return (['put', 'get'] as const).map((name) => ({
    name: `S3: streaming ${name} against a bare SDK loop`,
    value: rate(name) / rate(`bare ${name}`),
    unit: '×',
    target: { atLeast: 0.8 },
    beside: `${rate(name).toFixed(0)} and ${rate(`bare ${name}`).toFixed(0)} MB/s, medians of ${rounds}`,
  }))
}

/** How a stream whose length nobody knows is stored with the SDK alone: one part after the other, from memory. */
async function putInParts(
  client: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
  body: Readable,
): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object))
  const Parts: CompletedPart[] = []
  const part = Buffer.allocUnsafe(8 * MiB)
  let used = 0
  const send = async () => {
    const PartNumber = Parts.length + 1
    const Body = part.subarray(0, used)
    const { ETag } = await client.send(
      new UploadPartCommand({ ...object, UploadId, PartNumber, Body }),
    )
    Parts.push({ PartNumber, ETag })
    used = 0
  }
  for await (const chunk of body as AsyncIterable<Buffer>)
    for (let from = 0; from < chunk.length;) {
      const copied = chunk.copy(part, used, from)
      used += copied
      from += copied
      if (used === part.length) await send()
    }
  if (used > 0) await send()
  await client.send(
    new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }),
  )
}

const bareClient = ({ endpoint, region, accessKey, secretKey }: S3Config) =>
  new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })

function* repeated(piece: Buffer): Generator<Buffer> {
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece
}

async function drained(body: Readable): Promise<void> {
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) size += chunk.length
  if (size !== bytes) throw new Error(`Stored ${bytes} bytes, got ${size} back`)
}
