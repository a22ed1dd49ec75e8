import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { fastify, type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cutSlowBodies } from './slow-bodies.ts'

let app: FastifyInstance
let port: number
let read: number
beforeEach(async () => {
  app = fastify()
  read = 0
  cutSlowBodies(app, { everyMs: 200, minBytes: 100 })
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.post('/', async (request) => {
    for await (const chunk of request.body as AsyncIterable<Buffer>) read += chunk.length
    return { read }
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  port = (app.server.address() as AddressInfo).port
})
afterEach(() => app.close())

async function open(length: number): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const answer = once(socket, 'close').then(() => text)
  await once(socket, 'connect')
  socket.write(
    `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`,
  )
  return { socket, answer }
}

describe('a body that hardly comes', () => {
  it('ends with 408 when nothing comes', async () => {
    const { answer } = await open(1000)
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('ends with 408 when single bytes come', async () => {
    const { socket, answer } = await open(1000)
    const drip = setInterval(() => socket.write('x'), 20)
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /)
    clearInterval(drip)
  })

  it('may take as long as it likes while enough comes', async () => {
    const { socket, answer } = await open(3000)
    // Several looks pass; each sees enough.
    for (let sent = 0; sent < 3000; sent += 250) {
      socket.write('x'.repeat(250))
      const before = read
      while (read === before) await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(await answer).toMatch(/^HTTP\/1\.1 200 [^]*"read":3000/)
  })
})
