import { createServer } from 'node:net'

/** Below the range from which Linux and others take the ports of outgoing connections: those come and go at any moment. */
const lowest = 10_000
const beyond = 32_000

/**
 * The first of `count` TCP ports in a row on 127.0.0.1 that are free now, for a server that cannot be told to choose its
 * own. Another process may be faster: whoever starts a server tries again with others.
 */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = lowest + Math.floor(Math.random() * (beyond - lowest - count))
    const ports = Array.from({ length: count }, (_, n) => first + n)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first
  }
}

export const freePort = (): Promise<number> => freePorts(1)

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
