import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { buffer } from 'node:stream/consumers'

export interface CutRequest {
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** The client dies when so many bytes of the body are sent. */
  readonly cutAfter?: number
}
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

const pieceBytes = 64 * 1024
const silenceMs = 60_000

/** One request on a connection of its own. Undefined: no answer came, because either side died. */
export function send({
  method,
  url,
  headers = {},
  body,
  cutAfter,
}: CutRequest): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const outgoing = request(url, {
      method,
      agent: false,
      timeout: silenceMs,
      headers: { ...headers, ...(body && { 'content-length': String(body.length) }) },
    })
    outgoing.once('timeout', () => outgoing.destroy())
    outgoing.once('close', () => resolve(undefined))
    outgoing.on('error', () => resolve(undefined))
    outgoing.once('response', (incoming) => {
      const { statusCode: status = 0, headers: answered } = incoming
      buffer(incoming).then(
        (bytes) => resolve({ status, headers: answered, text: bytes.toString() }),
        () => resolve(undefined),
      )
    })
    void write()

    async function write(): Promise<void> {
      const end = Math.min(body?.length ?? 0, cutAfter ?? Infinity)
      for (let at = 0; at < end && !outgoing.destroyed; at += pieceBytes) {
        const piece = body?.subarray(at, Math.min(at + pieceBytes, end))
        await new Promise((written) => outgoing.write(piece, written))
      }
      if (cutAfter === undefined || cutAfter >= (body?.length ?? 0)) outgoing.end()
      else {
        await pause(5) // so that some of it is on its way
        outgoing.destroy()
      }
    }
  })
}
