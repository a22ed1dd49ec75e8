import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { randomOf } from './random.ts'

export interface LineOptions {
  readonly seed: number
  /** What is to be sent: when it breaks goes by that. */
  readonly totalBytes: number
  /** Of the line at its best; it has spells of an eighth of that. */
  readonly bytesPerSecond: number
  /** How many connections break in the middle of what they carry. */
  readonly breaks: number
}

/** A loopback line to a service, from one address however often the service comes back on another. */
export class BadLine {
  readonly #options: LineOptions
  readonly #random: () => number
  readonly #server = createServer((client) => void this.#carry(client).catch(() => {}))
  readonly #sockets = new Set<Socket>()
  #port = 0
  #freeAt = 0
  #rate: number
  #spellEnds = 0
  #corrupt = false
  readonly #breaks: number[]
  /** From the client to the service. */
  sentBytes = 0
  /** How many bytes had been sent when a connection was broken. */
  readonly brokenAt: number[] = []
  corruptedAt: number | undefined
  /** Refusals of bytes whose digest was another than announced. */
  refusedDigests = 0
  /** Called as bytes go by. */
  onBytes: (sentBytes: number) => void = () => {}

  constructor(options: LineOptions) {
    this.#options = options
    this.#random = randomOf(options.seed)
    this.#rate = options.bytesPerSecond
    const between = options.totalBytes / options.breaks
    this.#breaks = Array.from({ length: options.breaks }, (_, n) => between * (n + this.#random()))
  }

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  leadTo(url: string): void {
    this.#port = Number(new URL(url).port)
  }

  /** One bit of the next part that goes by will be another. */
  corruptOnce(): void {
    this.#corrupt = true
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  async #carry(client: Socket): Promise<void> {
    const service = connect(this.#port, '127.0.0.1')
    for (const socket of [client, service]) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        for (const each of [client, service]) each.destroy()
        this.#sockets.delete(socket)
      })
    }
    service.on('data', (chunk) => {
      if (chunk.includes('"checksum-mismatch"')) this.refusedDigests += 1
      client.write(chunk)
    })
    for await (const chunk of client as AsyncIterable<Buffer>) {
      await this.#wait(chunk.length)
      this.sentBytes += chunk.length
      if (this.sentBytes > (this.#breaks[0] ?? Infinity)) {
        this.#breaks.shift()
        this.brokenAt.push(this.sentBytes)
        client.resetAndDestroy()
      } else if (!service.write(this.#spoilt(chunk))) await once(service, 'drain')
      this.onBytes(this.sentBytes)
    }
  }

  #spoilt(chunk: Buffer): Buffer {
    // Only what is surely of a part: a head, or the end of one, goes by in smaller pieces or has these words in it.
    if (!this.#corrupt || chunk.length < 8192 || chunk.includes('HTTP/1.1')) return chunk
    this.#corrupt = false
    this.corruptedAt = this.sentBytes
    const spoilt = Buffer.from(chunk)
    spoilt[4096]! ^= 1
    return spoilt
  }

  async #wait(bytes: number): Promise<void> {
    const { totalBytes, bytesPerSecond } = this.#options
    if (this.sentBytes >= this.#spellEnds) {
      this.#spellEnds = this.sentBytes + (totalBytes / 20) * this.#random()
      this.#rate = this.#random() < 0.15 ? bytesPerSecond / 8 : bytesPerSecond
    }
    this.#freeAt = Math.max(this.#freeAt, performance.now()) + (1000 * bytes) / this.#rate
    const ms = this.#freeAt - performance.now()
    if (ms > 5) await after(ms)
  }
}
