import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { proxyFor, startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

/** Answers every byte with the same byte. */
let echo: Server
let proxy: TcpProxy
beforeEach(async () => {
  echo = createServer((socket) => void socket.on('error', () => undefined).pipe(socket))
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  proxy = await startTcpProxy({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port })
})
afterEach(async () => {
  await proxy.stop()
  echo.close()
})

/** Resolves with what comes back, or with the name of the error. */
function client(): { socket: Socket; said: () => string; ended: Promise<string> } {
  const socket = connect(proxy.port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString()))
  const ended = new Promise<string>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
    socket.once('end', () => resolve('end'))
  })
  return { socket, said: () => text, ended }
}
async function hears(one: ReturnType<typeof client>, text: string): Promise<void> {
  while (one.said() !== text) await pause(2)
}

describe('a TCP proxy', () => {
  it('passes on what both sides say', async () => {
    const one = client()
    one.socket.write('hello')
    await hears(one, 'hello')
    one.socket.end()
    expect(await one.ended).toBe('end')
  })

  it('cuts open connections and lets new ones through', async () => {
    const one = client()
    one.socket.write('a')
    await hears(one, 'a')
    proxy.cut()
    expect(await one.ended).toBe('ECONNRESET')
    const two = client()
    two.socket.write('b')
    await hears(two, 'b')
    two.socket.destroy()
  })

  it('stalls without a word, and gives everything later', async () => {
    const one = client()
    one.socket.write('a')
    await hears(one, 'a')
    proxy.block('stall')
    one.socket.write('b')
    const late = client()
    late.socket.write('c')
    await pause(50)
    expect([one.said(), late.said()]).toEqual(['a', ''])
    proxy.heal()
    await hears(one, 'ab')
    await hears(late, 'c')
    expect(proxy.connections).toBe(2)
    one.socket.destroy()
    late.socket.destroy()
  })

  it('refuses until it is healed', async () => {
    const one = client()
    one.socket.write('a')
    await hears(one, 'a')
    proxy.block('refuse')
    expect(await one.ended).toBe('ECONNRESET')
    expect(await client().ended).toBe('ECONNRESET')
    proxy.heal()
    const two = client()
    two.socket.write('b')
    await hears(two, 'b')
    two.socket.destroy()
  })

  it('stands in for the server that a URL names', async () => {
    const { port } = echo.address() as AddressInfo
    const { proxy: other, url } = await proxyFor(`postgres://ann:secret@localhost:${port}/jobs`)
    expect(url).toBe(`postgres://ann:secret@127.0.0.1:${other.port}/jobs`)
    await other.stop()
  })
})
