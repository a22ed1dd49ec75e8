import { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

export interface SlowBodyLimits {
  /** @default 30 s */
  readonly everyMs?: number
  /** What must have come since the last look. @default 4 KiB: a modem from 1985 is faster */
  readonly minBytes?: number
}

/**
 * Ends requests whose body hardly comes: each would hold a connection, and what it has sent so far, for as long as it likes. A
 * limit on the whole time would end honest uploads, which take hours.
 */
export function cutSlowBodies(app: FastifyInstance, limits: SlowBodyLimits = {}): void {
  const { everyMs = 30_000, minBytes = 4096 } = limits
  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = request
    const { socket, headers } = raw
    // A request of this process itself comes over no line.
    if (!(socket instanceof Socket)) return done()
    const announced = Number(headers['content-length'] ?? 0)
    if (announced === 0 && headers['transfer-encoding'] === undefined) return done()
    let before = socket.bytesRead
    const look = setInterval(() => {
      // A body that waits for us, because the store is slow, is not the client's fault.
      const waitsForUs = raw.readableLength > 0
      const came = socket.bytesRead - before
      before = socket.bytesRead
      if (waitsForUs || came >= minBytes) return
      clearInterval(look)
      request.log.warn({ bytes: came, ms: everyMs }, 'the body hardly comes: connection ended')
      if (reply.raw.headersSent) socket.destroy()
      else
        socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    }, everyMs).unref()
    const stop = (): void => clearInterval(look)
    raw.once('end', stop).once('close', stop)
    done()
  })
}
