import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { cutOut, drawSample, Refused } from './pictures.ts'

export interface Called {
  readonly path: string
  readonly idempotencyKey: string | undefined
  readonly fileName: string
}
export interface StandIn {
  readonly url: string
  /** Every call that brought an image and the right key. */
  readonly calls: Called[]
  /** What would be on the bill: calls with an idempotency key once, however often they came. */
  readonly charged: () => number
  /** In place of an answer: a status that the API could give. */
  misbehave: (
    call: Called,
  ) => { status: number; headers?: Record<string, string>; body?: string } | undefined
  stop(): Promise<void>
}

const maxBodyBytes = 64e6
const rememberedAnswers = 1000

/**
 * An API that removes backgrounds: `POST /segment`, multipart field `image_file`, header `x-api-key`. It bills, knows
 * idempotency keys, and has pictures of its own at `/samples/<name>.png`.
 */
export async function startStandIn({
  key,
  port = 0,
}: {
  key: string
  port?: number
}): Promise<StandIn> {
  const calls: Called[] = []
  const keys = new Set<string>()
  const answers = new Map<string, Promise<Buffer>>()
  let charged = 0

  const segment = async (request: IncomingMessage): Promise<Buffer> => {
    if (request.headers['x-api-key'] !== key) throw new Refused(401, 'The key is not known.')
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes)
      throw new Refused(413, 'Too large.')
    const image = await imageIn(request)
    const idempotencyKey = [request.headers['idempotency-key']].flat()[0]
    const call = { path: request.url ?? '', idempotencyKey, fileName: image.name }
    calls.push(call)
    const odd = standIn.misbehave(call)
    if (odd !== undefined) throw new Refused(odd.status, odd.body ?? 'not now', odd.headers)
    const known = idempotencyKey === undefined ? undefined : answers.get(idempotencyKey)
    if (known !== undefined) return known
    const answer = cutOut(Buffer.from(await image.arrayBuffer()))
    if (idempotencyKey !== undefined) remember(answers, idempotencyKey, answer)
    const made = await answer
    if (idempotencyKey === undefined || !keys.has(idempotencyKey)) charged += 1
    if (idempotencyKey !== undefined) keys.add(idempotencyKey)
    return made
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, sample] = /^\/samples\/([\w-]+)\.png/.exec(request.url ?? '') ?? []
    try {
      if (request.method === 'POST' && request.url === '/segment')
        response.writeHead(200, { 'content-type': 'image/png' }).end(await segment(request))
      else if (sample !== undefined)
        response.writeHead(200, { 'content-type': 'image/png' }).end(await drawSample(sample))
      else if (request.url === '/usage')
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ calls: calls.length, charged }))
      else throw new Refused(404, 'There is no such path.')
    } catch (error) {
      const { status, message, headers } =
        error instanceof Refused ? error : new Refused(500, 'Something went wrong.')
      request.resume()
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify({ error: message }))
    }
  }

  const server = createServer((request, response) => void answer(request, response))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const standIn: StandIn = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    charged: () => charged,
    misbehave: () => undefined,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return standIn
}

async function imageIn(request: IncomingMessage): Promise<File> {
  const headers = { 'content-type': request.headers['content-type'] ?? '' }
  let form: FormData
  try {
    form = await new Response(await buffer(request), { headers }).formData()
  } catch {
    throw new Refused(400, 'The body is no form.')
  }
  const image = form.get('image_file')
  if (image instanceof File) return image
  throw new Refused(400, 'The form has no file image_file.')
}

/** A refusal is not remembered: the same key may bring another image. */
function remember(
  answers: Map<string, Promise<Buffer>>,
  key: string,
  answer: Promise<Buffer>,
): void {
  answers.set(key, answer)
  answer.catch(() => answers.delete(key))
  const [oldest] = answers.keys()
  if (answers.size > rememberedAnswers && oldest !== undefined) answers.delete(oldest)
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: 'string' }, key: { type: 'string' } } })
  const { url } = await startStandIn({
    key: values.key ?? 'demo',
    port: Number(values.port ?? 8090),
  })
  console.log(
    `${url}/segment  x-api-key: ${values.key ?? 'demo'}  samples: ${url}/samples/apple.png`,
  )
}
