import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A line between two processes that a test can break in the ways in which networks break. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** Connections that are open now. */
  readonly connections: number
  /** Resets every open connection; new ones are let through. */
  cut(): void
  /** `stall`: nothing arrives any more, and nobody is told. `refuse`: open connections are reset, and new ones too. */
  block(how: 'stall' | 'refuse'): void
  /** What was stalled goes on as if nothing had happened. */
  heal(): void
  stop(): Promise<void>
}

/** Listens on a free port of the loopback and passes every connection on to `target`. */
export async function startTcpProxy(target: {
  readonly host: string
  readonly port: number
}): Promise<TcpProxy> {
  const lines = new Set<Line>()
  let blocked: 'stall' | 'refuse' | undefined
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    if (blocked === 'refuse') {
      socket.on('error', () => undefined).resetAndDestroy()
      return
    }
    const line = new Line(socket, target)
    lines.add(line)
    socket.once('close', () => lines.delete(line))
    if (blocked === undefined) line.flow()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => lines.forEach((line) => line.reset())
  const stop = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    cut()
    await once(server, 'close')
  }
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return lines.size
    },
    cut,
    block(how) {
      blocked = how
      if (how === 'refuse') cut()
      else lines.forEach((line) => line.halt())
    },
    heal() {
      blocked = undefined
      lines.forEach((line) => line.flow())
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** A proxy in front of the server that a URL names, and the URL through it. */
export async function proxyFor(url: string): Promise<{ proxy: TcpProxy; url: string }> {
  const { hostname, port, protocol } = new URL(url)
  const usual = { 'http:': 80, 'https:': 443, 'postgres:': 5432, 'postgresql:': 5432 }[protocol]
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) || (usual ?? 0) })
  const through = new URL(url)
  through.hostname = '127.0.0.1'
  through.port = String(proxy.port)
  return { proxy, url: through.href }
}

/** One connection; connected onwards when it first flows. */
class Line {
  readonly #near: Socket
  readonly #target: { readonly host: string; readonly port: number }
  #far: Socket | undefined

  constructor(near: Socket, target: { readonly host: string; readonly port: number }) {
    this.#near = near
    this.#target = target
    near.on('error', () => this.reset())
    near.once('close', () => this.#far?.destroy())
  }

  flow(): void {
    if (this.#near.destroyed) return
    if (this.#far === undefined) {
      this.#far = connect(this.#target)
      this.#far.on('error', () => this.reset())
      this.#far.once('close', () => this.#near.destroy())
    }
    this.#near.pipe(this.#far)
    this.#far.pipe(this.#near)
  }

  halt(): void {
    this.#near.unpipe().pause()
    this.#far?.unpipe().pause()
  }

  reset(): void {
    this.#near.resetAndDestroy()
    this.#far?.resetAndDestroy()
  }
}
