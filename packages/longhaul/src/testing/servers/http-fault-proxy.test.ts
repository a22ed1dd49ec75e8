import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startHttpFaultProxy, type HttpFault, type HttpFaultProxy } from './http-fault-proxy.ts'

let server: Server
let proxy: HttpFaultProxy
let next: HttpFault | undefined
/** What the server carried out. */
let seen: string[]
beforeEach(async () => {
  seen = []
  next = undefined
  server = createServer((request, response) => {
    void text(request).then((body) => {
      seen.push(`${request.method} ${request.url} ${request.headers['x-amz-date']} ${body}`)
      response.writeHead(201, { etag: '"e"' }).end(`host ${request.headers.host}`)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  proxy = await startHttpFaultProxy(`http://127.0.0.1:${port}`, () => next)
})
afterEach(async () => {
  await proxy.stop()
  server.close()
})
const put = () =>
  fetch(`${proxy.url}/b/k?partNumber=1`, {
    method: 'PUT',
    headers: { 'x-amz-date': 'today' },
    body: 'bytes',
    signal: AbortSignal.timeout(5000),
  })

describe('an HTTP proxy with faults', () => {
  it('passes requests on as they came, the host too, so that signatures hold', async () => {
    const answer = await put()
    expect([answer.status, answer.headers.get('etag')]).toEqual([201, '"e"'])
    expect(await answer.text()).toBe(`host ${new URL(proxy.url).host}`)
    expect(seen).toEqual(['PUT /b/k?partNumber=1 today bytes'])
  })

  it.each([
    ['internal-error', 500, 'InternalError'],
    ['slow-down', 503, 'SlowDown'],
  ] as const)('answers %s without asking the server', async (fault, status, code) => {
    next = fault
    const answer = await put()
    expect(answer.status).toBe(status)
    expect(await answer.text()).toContain(`<Code>${code}</Code>`)
    expect(seen).toEqual([])
    expect(proxy.struck[fault]).toBe(1)
  })

  it('breaks the line before or after the request was carried out', async () => {
    next = 'reset'
    await expect(put()).rejects.toThrow()
    expect(seen).toEqual([])
    next = 'lost-answer'
    await expect(put()).rejects.toThrow()
    expect(seen).toHaveLength(1)
  })

  it('leaves a client that stalls without an answer', async () => {
    next = 'stall'
    const waiting = fetch(proxy.url, { signal: AbortSignal.timeout(100) })
    await expect(waiting).rejects.toThrow(/timeout/)
    expect(seen).toEqual([])
  })
})
