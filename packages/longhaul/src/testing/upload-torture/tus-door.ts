import { createHash } from 'node:crypto'
import { send } from './cut-request.ts'
import type { Door, Place } from './door.ts'

const resumable = { 'tus-resumable': '1.0.0' }
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64')

async function offsetOf({ url, id }: Place): Promise<number | undefined> {
  const answer = await send({ method: 'HEAD', url: `${url}/uploads/${id}`, headers: resumable })
  return answer?.status === 200 ? Number(answer.headers['upload-offset']) : undefined
}

function patch(
  { url, id }: Place,
  offset: number,
  body: Buffer,
  digest: string,
  cutAfter?: number,
) {
  return send({
    method: 'PATCH',
    url: `${url}/uploads/${id}`,
    headers: {
      ...resumable,
      'content-type': 'application/offset+octet-stream',
      'upload-offset': String(offset),
      ...(digest && { 'upload-checksum': `sha256 ${digest}` }),
    },
    body,
    ...(cutAfter !== undefined && { cutAfter }),
  })
}

/** tus 1.0: bytes one after the other, each request where the service says that the last one ended. */
export const tusDoor: Door = {
  name: 'tus',
  sizes: [200_000, 6_000_000],
  async start(url, filename, size) {
    const name = Buffer.from(filename).toString('base64')
    const headers = {
      ...resumable,
      'upload-length': String(size),
      'upload-metadata': `filename ${name}`,
    }
    const answer = await send({ method: 'POST', url: `${url}/uploads`, headers })
    return answer?.status === 201 ? String(answer.headers['location']).split('/').at(-1) : undefined
  },
  async strike(at, random, blows) {
    const offset = await offsetOf(at)
    if (offset === undefined) return 'away'
    if (offset === at.source.length) return 'all there'
    const body = at.source.subarray(offset, offset + random.between(1, 1_500_000))
    if (random.chance(0.2)) {
      blows['wrong hash']++
      const answer = await patch(at, offset, body, sha256(Buffer.from('another')))
      if (answer !== undefined && answer.status < 400)
        throw new Error(`A wrong hash was taken: ${answer.status}`)
      return 'struck'
    }
    const isCut = random.chance(0.5)
    const digest = random.chance(0.5) ? sha256(body) : ''
    const cutAfter = isCut ? random.between(0, body.length - 1) : undefined
    const answer = await patch(at, offset, body, digest, cutAfter)
    if (isCut) blows['client cut']++
    else if (answer === undefined) blows['no answer']++
    else if (answer.status >= 500) blows['disk full']++
    if (random.chance(0.25)) {
      blows.duplicate++
      await patch(at, offset, body, digest)
    }
    return 'struck'
  },
  async resume(at) {
    const offset = await offsetOf(at)
    if (offset === undefined) return false
    if (offset < at.source.length) await patch(at, offset, at.source.subarray(offset), '')
    return offset === at.source.length
  },
}
