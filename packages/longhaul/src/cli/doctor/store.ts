import { randomBytes } from 'node:crypto'
import type { Instance } from '../../app/index.ts'
import type { Storage } from '../../storage/object-store.ts'
import { bad, examine, ok, type Finding } from './finding.ts'

/** The store does what longhaul asks of it: put, get, list, parts, abort, delete, and the address that clients are given. */
export async function examineStore({ config, storage }: Instance): Promise<readonly Finding[]> {
  const key = `doctor/${randomBytes(8).toString('hex')}`
  const body = randomBytes(1024)
  const place =
    config.s3 === undefined ? 'local store' : `${config.s3.endpoint}, bucket ${config.bucket}`
  try {
    await storage.put(key, body)
    const read = await bytesOf(storage, key)
    if (!read.equals(body)) return [bad('store', `${place}: what was read is not what was written`)]
    const { objects } = await storage.list('doctor/', { limit: 1000 })
    if (!objects.some((object) => object.key === key))
      return [bad('store', `${place}: the list does not have what was just written`)]
    await parts(storage, `${key}.parts`)
    return [
      ok('store', `${place}: put, get, list, multipart and abort work`),
      ...(config.s3 === undefined ? [] : await publicEndpoint(config.s3, storage, key, body)),
    ]
  } finally {
    await storage.delete([key])
  }
}

async function bytesOf(storage: Storage, key: string): Promise<Buffer> {
  const { body } = await storage.get(key)
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function parts(storage: Storage, key: string): Promise<void> {
  const uploadId = await storage.begin(key)
  try {
    await storage.putPart({ key, uploadId }, 1, randomBytes(1024))
    const listed = await storage.listParts({ key, uploadId })
    if (listed.length !== 1) throw new Error(`one part was sent, ${listed.length} are listed`)
  } finally {
    await storage.abort({ key, uploadId })
  }
}

/** Clients reach the store under this address with URLs that we sign. */
const publicEndpoint = (
  s3: NonNullable<Instance['config']['s3']>,
  storage: Storage,
  key: string,
  body: Buffer,
): Promise<readonly Finding[]> =>
  examine('public endpoint', async () => {
    const address = s3.publicEndpoint ?? s3.endpoint
    const url = await storage.objectUrl(key, { expiresInSeconds: 60, baseUrl: address })
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(
      (error: unknown) => {
        const cause = (error as { cause?: { code?: string } }).cause?.code ?? 'no answer'
        throw new Error(
          `${address} cannot be reached from here (${cause}); S3_PUBLIC_ENDPOINT_URL names it`,
        )
      },
    )
    const same = answer.ok && Buffer.from(await answer.arrayBuffer()).equals(body)
    return [
      same
        ? ok('public endpoint', `${address}: a signed URL gives the bytes`)
        : bad('public endpoint', `${address} answered ${answer.status} to a URL that we signed`),
    ]
  })
