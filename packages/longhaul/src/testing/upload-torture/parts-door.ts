import { send } from './cut-request.ts'
import type { Door, Place } from './door.ts'

const MiB = 1024 * 1024

interface View {
  readonly status: 'open' | 'completed'
  readonly part_size_bytes: number
  readonly missing_parts: readonly number[]
  readonly part_urls: readonly { readonly part_number: number; readonly url: string }[]
}

async function viewOf({ url, id }: Place): Promise<View | undefined> {
  const answer = await send({ method: 'GET', url: `${url}/uploads/${id}` })
  return answer?.status === 200 ? (JSON.parse(answer.text) as View) : undefined
}

const partOf = ({ source }: Place, { part_size_bytes: size }: View, number: number): Buffer =>
  source.subarray((number - 1) * size, number * size)

async function complete({ url, id }: Place): Promise<boolean> {
  const answer = await send({ method: 'POST', url: `${url}/uploads/${id}/complete` })
  return answer?.status === 200
}

/** Signed URLs of parts: any order, and to the store itself where that is another server. */
export const partsDoor: Door = {
  name: 'signed parts',
  // Two or three parts of 16 MiB.
  sizes: [17 * MiB, 34 * MiB],
  async start(url, filename, size) {
    const body = Buffer.from(JSON.stringify({ filename, size_bytes: size }))
    const headers = { 'content-type': 'application/json' }
    const answer = await send({ method: 'POST', url: `${url}/uploads`, headers, body })
    if (answer?.status !== 201) return undefined
    return (JSON.parse(answer.text) as { upload_id: string }).upload_id
  },
  async strike(at, random, blows) {
    const view = await viewOf(at)
    if (!view) return 'away'
    if (view.part_urls.length === 0) return 'all there'
    const { part_number: number, url } = random.pick(view.part_urls)
    if (number !== view.missing_parts[0]) blows.reordered++
    const body = partOf(at, view, number)
    const isCut = random.chance(0.4)
    const cutAfter = isCut ? random.between(0, body.length - 1) : undefined
    const put = { method: 'PUT', url, body }
    const answer = await send({ ...put, ...(cutAfter !== undefined && { cutAfter }) })
    if (isCut) blows['client cut']++
    else if (answer === undefined) blows['no answer']++
    else if (answer.status >= 500) blows['disk full']++
    if (random.chance(0.25)) {
      blows.duplicate++
      await send(put)
    }
    return 'struck'
  },
  async resume(at) {
    const view = await viewOf(at)
    if (view?.status === 'completed') return true
    const [next] = view?.part_urls ?? []
    if (!view || next === undefined) return complete(at)
    await send({ method: 'PUT', url: next.url, body: partOf(at, view, next.part_number) })
    return false
  },
}
