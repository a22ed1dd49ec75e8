import { createHash } from 'node:crypto'
import { request, type IncomingHttpHeaders } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { HttpService } from './http-service.ts'

export interface TusAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}
/** `undefined` leaves out what is sent otherwise. */
export type TusHeaders = Readonly<Record<string, string | undefined>>
/** Several pieces come in chunks, without a length. */
export type TusBody = string | Buffer | readonly (string | Buffer)[]

export interface TusCalls {
  readonly service: HttpService
  /** `send('PATCH /uploads/1', headers, 'bytes')`: exactly that, on a connection of its own. */
  send(what: string, headers?: TusHeaders, body?: TusBody): Promise<TusAnswer>
  /** Creates an upload; its path. */
  create(headers?: TusHeaders, body?: TusBody): Promise<string>
  patch(path: string, offset: number, body: TusBody, headers?: TusHeaders): Promise<TusAnswer>
  head(path: string): Promise<TusAnswer>
  offset(path: string): Promise<number>
  /** The bytes of the object that the upload has become. */
  contentOf(path: string): Promise<Buffer>
}

export const bytesType = 'application/offset+octet-stream'

export function tusCalls(service: HttpService): TusCalls {
  const send: TusCalls['send'] = (what, headers = {}, body) => {
    const [method, path = '/'] = what.split(' ')
    const sent = Object.entries({ 'Tus-Resumable': '1.0.0', ...headers })
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, service.url), {
        method,
        agent: false,
        headers: Object.fromEntries(sent.filter(([, value]) => value !== undefined)),
      })
      outgoing.once('error', reject)
      outgoing.once('response', (incoming) => {
        const { statusCode: status = 0, headers: answered } = incoming
        buffer(incoming).then(
          (bytes) => resolve({ status, headers: answered, text: bytes.toString() }),
          reject,
        )
      })
      if (typeof body === 'string' || Buffer.isBuffer(body)) {
        outgoing.setHeader('Content-Length', Buffer.byteLength(body))
        outgoing.end(body)
        return
      }
      if (body) outgoing.setHeader('Transfer-Encoding', 'chunked')
      for (const piece of body ?? []) outgoing.write(piece)
      outgoing.end()
    })
  }
  const head = (path: string) => send(`HEAD ${path}`)
  return {
    service,
    send,
    head,
    async create(headers, body) {
      const answer = await send('POST /uploads', { 'Upload-Length': '10', ...headers }, body)
      if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`)
      return answer.headers.location ?? ''
    },
    patch: (path, offset, body, headers) =>
      send(
        `PATCH ${path}`,
        { 'Content-Type': bytesType, 'Upload-Offset': String(offset), ...headers },
        body,
      ),
    offset: async (path) => Number((await head(path)).headers['upload-offset']),
    async contentOf(path) {
      const { json } = await service.call(`GET ${path}`)
      const key = (json.uri as string).split('/').slice(3).join('/')
      return buffer((await service.app.services.storage.get(key)).body)
    },
  }
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64')
export const checksum = (algorithm: string, bytes: string | Buffer): string =>
  `${algorithm} ${createHash(algorithm).update(bytes).digest('base64')}`
