import type { IncomingMessage } from 'node:http'
import { LonghaulError } from '../errors/index.ts'
import type { OutboundReply, OutboundRequest } from './outbound.ts'
import { translated } from './outbound-error.ts'
import type { Patience } from './patience.ts'

/** The last hop's answer; its body ends when it is too long or takes too long. */
export function toReply(
  reply: IncomingMessage,
  url: URL,
  { maxBytes }: OutboundRequest,
  patience: Patience,
): OutboundReply {
  const close = (): void => {
    patience.end()
    reply.destroy()
  }
  // Without somebody who reads, an error of the connection would have nobody to hear it.
  reply.on('error', () => undefined)
  reply.once('close', () => patience.end())
  async function* read(): AsyncGenerator<Uint8Array> {
    let bytes = 0
    patience.expect()
    try {
      for await (const chunk of reply as AsyncIterable<Buffer>) {
        patience.heard()
        bytes += chunk.length
        if (bytes > maxBytes)
          throw new LonghaulError(
            'outbound-too-large',
            `${url.host} sends more than the ${maxBytes} bytes that are taken from it.`,
          )
        yield chunk
        patience.expect()
      }
    } catch (error) {
      throw translated(error, url, patience)
    } finally {
      close()
    }
  }
  patience.heard()
  const { statusCode: status = 0, headers } = reply
  return { status, headers, url: url.href, body: read(), close }
}
