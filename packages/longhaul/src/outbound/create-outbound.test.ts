import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { createOutbound, isAllowEntry, type OutboundReply } from './index.ts'
import { selfSigned } from './self-signed.fixture.ts'
import { serve } from './servers.fixture.ts'

const limits = { timeoutMs: 5000, maxBytes: 1000 }
const textOf = async ({ body }: OutboundReply): Promise<string> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error: unknown) => (error as { code?: string }).code,
  )

describe('a redirect', () => {
  it.each([
    ['an address of this machine', (trap: number) => `http://127.0.0.1:${trap}/`],
    ['its decimal spelling', (trap: number) => `http://2130706433:${trap}/`],
    ['its mapped spelling', (trap: number) => `http://[::ffff:127.0.0.1]:${trap}/`],
    ['a name of this machine', (trap: number) => `http://localhost:${trap}/`],
    ['a name that leads there', (trap: number) => `http://trap.example.org:${trap}/`],
    ['the same host by another scheme', () => 'ftp://127.0.0.2/'],
    ['a file', () => 'file:///etc/passwd'],
    ['a host without a scheme', (trap: number) => `//127.0.0.1:${trap}/`],
    ['a URL with a password', (trap: number) => `http://a:b@127.0.0.1:${trap}/`],
    ['no URL at all', () => 'http://'],
  ])('to %s is not followed', async (_what, location) => {
    await using trap = await serve('127.0.0.1', (_request, response) => response.end('secret'))
    await using open = await serve('127.0.0.2', (_request, response) =>
      response.writeHead(302, { location: location(trap.port) }).end(),
    )
    const guard = createOutbound({ allow: ['127.0.0.2'], resolve: async () => ['127.0.0.1'] })
    const url = `http://127.0.0.2:${open.port}/`
    expect(await rejection(guard.send({ url, ...limits }))).toBe('outbound-refused')
    const post = { url, method: 'POST', body: 'x', ...limits } as const
    // Followed by a POST it would lose its body, so it is the answer.
    expect((await guard.send(post)).status).toBe(302)
    expect([open.seen.length, trap.seen]).toEqual([2, []])
  })

  it('that keeps the method is looked at like the first URL, for a POST too', async () => {
    await using trap = await serve('127.0.0.1', (_request, response) => response.end('secret'))
    await using open = await serve('127.0.0.2', (_request, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${trap.port}/` }).end(),
    )
    const guard = createOutbound({ allow: ['127.0.0.2'] })
    const url = `http://127.0.0.2:${open.port}/`
    const sent = guard.send({ url, method: 'POST', body: 'x', ...limits })
    expect(await rejection(sent)).toBe('outbound-refused')
    expect(trap.seen).toEqual([])
  })

  it('to an allowed host is followed, with the body, and without what was meant for the first', async () => {
    const heard: unknown[] = []
    await using second = await serve('127.0.0.3', (request, response) => {
      const { authorization, cookie, 'x-kept': kept } = request.headers
      let body = ''
      request.on('data', (chunk) => (body += String(chunk)))
      request.on('end', () => {
        heard.push({ body, authorization, cookie, kept })
        response.end('there')
      })
    })
    await using first = await serve('127.0.0.2', (_request, response) =>
      response.writeHead(308, { location: `http://127.0.0.3:${second.port}/in?b=1` }).end(),
    )
    const guard = createOutbound({ allow: ['127.0.0.2/31'] })
    const reply = await guard.send({
      ...{ url: `http://127.0.0.2:${first.port}/`, method: 'POST', body: 'hello', ...limits },
      headers: { Authorization: 'Bearer x', cookie: 'a=b', 'x-kept': 'yes' },
    })
    expect([reply.status, await textOf(reply)]).toEqual([200, 'there'])
    expect(reply.url).toBe(`http://127.0.0.3:${second.port}/in?b=1`)
    expect(heard).toEqual([{ body: 'hello', kept: 'yes' }])
  })

  it('that goes round in circles ends', async () => {
    await using open = await serve('127.0.0.2', (_request, response) =>
      response.writeHead(302, { location: '/again' }).end(),
    )
    const guard = createOutbound({ allow: ['127.0.0.2'] })
    const url = `http://127.0.0.2:${open.port}/`
    expect(await rejection(guard.send({ url, ...limits }))).toBe('outbound-failed')
    expect(open.seen.length).toBe(6)
  })
})

describe('a name whose address changes', () => {
  it('is asked once, and the connection goes to what was checked', async () => {
    await using trap = await serve('127.0.0.1', (_request, response) => response.end('secret'))
    await using open = await serve('127.0.0.2', (request, response) =>
      response.end(request.headers.host),
    )
    let asked = 0
    const resolve = async () => [asked++ === 0 ? '127.0.0.2' : '127.0.0.1']
    const guard = createOutbound({ allow: ['127.0.0.2'], resolve })
    const host = `rebound.example.org:${open.port}`
    const reply = await guard.send({ url: `http://${host}/`, ...limits })
    expect(await textOf(reply)).toBe(host)
    expect([asked, trap.seen]).toEqual([1, []])
    // The next request asks again, and hears another answer.
    const again = guard.send({ url: `http://rebound.example.org:${trap.port}/`, ...limits })
    expect(await rejection(again)).toBe('outbound-refused')
    expect(trap.seen).toEqual([])
  })

  it('is checked anew at each redirect', async () => {
    await using trap = await serve('127.0.0.1', (_request, response) => response.end('secret'))
    let asked = 0
    await using open = await serve('127.0.0.2', (_request, response) =>
      response.writeHead(302, { location: `http://rebound.example.org:${trap.port}/` }).end(),
    )
    const resolve = async () => [asked++ === 0 ? '127.0.0.2' : '127.0.0.1']
    const guard = createOutbound({ allow: ['127.0.0.2'], resolve })
    const sent = guard.send({ url: `http://rebound.example.org:${open.port}/`, ...limits })
    expect(await rejection(sent)).toBe('outbound-refused')
    expect([asked, trap.seen]).toEqual([2, []])
  })
})

describe('a server that takes its time, or gives too much', () => {
  it('is cut off after so many bytes, announced or not', async () => {
    await using open = await serve('127.0.0.2', (request, response) => {
      if (request.url === '/announced') response.setHeader('content-length', '1000000000')
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(1000)));
        response.once('drain', more)
      }
      more()
    })
    const guard = createOutbound({ allow: ['127.0.0.2'] })
    for (const path of ['', 'announced']) {
      const reply = await guard.send({ url: `http://127.0.0.2:${open.port}/${path}`, ...limits })
      expect(await rejection(textOf(reply))).toBe('outbound-too-large')
    }
  })

  it('is cut off when its headers are too large', async () => {
    await using open = await serve('127.0.0.2', (_request, response) =>
      response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end(),
    )
    const guard = createOutbound({ allow: ['127.0.0.2'] })
    const sent = guard.send({ url: `http://127.0.0.2:${open.port}/`, ...limits })
    expect(await rejection(sent)).toBe('outbound-failed')
  })

  it.each([
    ['says nothing', ''],
    ['sends its headers byte by byte', 'HTTP/1.1 200 OK\r\nx-a'],
  ])('is given up when it %s', async (_what, text) => {
    const server = createServer((socket) => {
      socket.resume() // a server that does not listen hears no goodbye
      let sent = 0
      const drip = setInterval(() => socket.write(text.charAt(sent++) || 'x'), 20)
      if (text === '') clearInterval(drip)
      socket.on('error', () => undefined).on('close', () => clearInterval(drip))
    }).listen(0, '127.0.0.2')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const guard = createOutbound({ allow: ['127.0.0.2'] })
    const sent = guard.send({ url: `http://127.0.0.2:${port}/`, ...limits, silenceMs: 200 })
    expect(await rejection(sent)).toBe('outbound-timeout')
    server.close()
    await once(server, 'close')
  })

  it.each([
    ['stops in the middle', Infinity, { silenceMs: 200 }],
    ['drips for ever', 20, { timeoutMs: 400 }],
  ])('is given up when it %s', async (_what, everyMs, patience) => {
    await using open = await serve('127.0.0.2', (_request, response) => {
      response.write('x')
      if (everyMs === Infinity) return
      const drip = setInterval(() => response.write('x'), everyMs)
      response.on('close', () => clearInterval(drip))
    })
    const guard = createOutbound({ allow: ['127.0.0.2'] })
    const reply = await guard.send({
      ...{ url: `http://127.0.0.2:${open.port}/`, ...limits, ...patience },
    })
    expect(await rejection(textOf(reply))).toBe('outbound-timeout')
  })

  it('is not blamed for the silence of whoever reads it', async () => {
    await using open = await serve('127.0.0.2', (_request, response) => {
      response.write('a')
      setTimeout(() => response.end('b'), 50)
    })
    const guard = createOutbound({ allow: ['127.0.0.2'] })
    const url = `http://127.0.0.2:${open.port}/`
    const reply = await guard.send({ url, ...limits, silenceMs: 300 })
    let text = ''
    for await (const chunk of reply.body) {
      text += Buffer.from(chunk).toString()
      await new Promise((done) => setTimeout(done, 400))
    }
    expect(text).toBe('ab')
  })

  it('is given up when the name is never found', async () => {
    const guard = createOutbound({ resolve: () => new Promise(() => undefined) })
    const sent = guard.send({ url: 'http://slow.example.org/', ...limits, timeoutMs: 100 })
    expect(await rejection(sent)).toBe('outbound-timeout')
  })

  it('leaves a caller who gives up with the reason that was its own', async () => {
    await using open = await serve('127.0.0.2', () => undefined)
    const guard = createOutbound({ allow: ['127.0.0.2'] })
    const leaving = new AbortController()
    const url = `http://127.0.0.2:${open.port}/`
    const sent = guard.send({ url, ...limits, signal: leaving.signal })
    setTimeout(() => leaving.abort(), 50)
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('what the operator allows', () => {
  const lead = async () => ['127.0.0.2']

  it.each([
    ['a host', 'hooks.lab.org', true],
    ['a host at the port', 'hooks.lab.org:PORT', true],
    ['a host in other letters', 'HOOKS.lab.org', true],
    ['what is below a host', '*.lab.org', true],
    ['what is below a host, at the port', '*.lab.org:PORT', true],
    ['what is below another', '*.ab.org', false],
    ['the host above', 'lab.org', false],
    ['another host', 'hooks.lab.org.example.org', false],
    ['another port', 'hooks.lab.org:1', false],
    ['an address', '127.0.0.2', true],
    ['an address at the port', '127.0.0.2:PORT', true],
    ['a range', '127.0.0.0/8', true],
    ['a range at the port', '127.0.0.0/8:PORT', true],
    ['a range at another port', '127.0.0.0/8:1', false],
    ['another range', '127.0.1.0/24', false],
    ['a mapped range', '::ffff:127.0.0.0/104', false],
  ])('is %s: %s reaches it: %s', async (_what, entry, reaches) => {
    await using open = await serve('127.0.0.2', (_request, response) => response.end('ok'))
    const guard = createOutbound({ allow: [entry.replace('PORT', `${open.port}`)], resolve: lead })
    const sent = guard.send({ url: `http://hooks.lab.org:${open.port}/`, ...limits })
    const answer = await rejection(sent.then((reply) => reply.close()))
    expect(answer).toBe(reaches ? 'answered' : 'outbound-refused')
  })

  it.each([
    '*',
    '*.',
    '',
    'a b',
    'http://a.org',
    'a.org/x',
    'a.org:0',
    'a.org:70000',
    '10.0.0.0/33',
  ])('is not %j', (entry) => expect(isAllowEntry(entry)).toBe(false))

  it('is reached over TLS under its own name, and only with a certificate of that name', async () => {
    const pair = selfSigned('hooks.lab.org')
    await using open = await serve('127.0.0.2', (_request, response) => response.end('ok'), pair)
    const guard = createOutbound({ allow: ['127.0.0.2'], resolve: lead })
    const to = (name: string) =>
      rejection(
        guard
          .send({ url: `https://${name}:${open.port}/`, ...limits })
          .then((reply) => reply.close()),
      )
    expect(await to('hooks.lab.org')).toBe('outbound-failed')
    const known = getCACertificates('default')
    setDefaultCACertificates([...known, pair.cert])
    try {
      expect(await to('hooks.lab.org')).toBe('answered')
      expect(await to('other.lab.org')).toBe('outbound-failed')
    } finally {
      setDefaultCACertificates(known)
    }
  })

  it('does not lead from https to http', async () => {
    const pair = selfSigned('hooks.lab.org')
    await using plain = await serve('127.0.0.2', (_request, response) => response.end('ok'))
    await using open = await serve(
      '127.0.0.2',
      (_request, response) =>
        response.writeHead(302, { location: `http://hooks.lab.org:${plain.port}/` }).end(),
      pair,
    )
    const known = getCACertificates('default')
    setDefaultCACertificates([...known, pair.cert])
    try {
      const guard = createOutbound({ allow: ['127.0.0.2'], resolve: lead })
      const sent = guard.send({ url: `https://hooks.lab.org:${open.port}/`, ...limits })
      await expect(sent).rejects.toThrow('a redirect from https to http')
      expect(plain.seen).toEqual([])
    } finally {
      setDefaultCACertificates(known)
    }
  })

  it('may be this machine, by its name and the resolver of the system', async () => {
    await using here = await serve('127.0.0.1', (_request, response) => response.end('ok'))
    const url = `http://localhost:${here.port}/`
    const reply = await createOutbound({ allow: ['localhost'] }).send({ url, ...limits })
    expect(await textOf(reply)).toBe('ok')
  })

  it('says plainly when nobody answers', async () => {
    let port: number
    {
      await using closed = await serve('127.0.0.2', () => undefined)
      port = closed.port
    }
    const guard = createOutbound({ allow: ['127.0.0.2'] })
    const sent = guard.send({ url: `http://127.0.0.2:${port}/`, ...limits })
    await expect(sent).rejects.toThrow('nobody answers at that port')
  })
})
