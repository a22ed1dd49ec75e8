import { describe, expect, it } from 'vitest'
import { hostile, names } from './hostile-urls.fixture.ts'
import { createOutbound } from './index.ts'

describe('a URL that somebody else chose', () => {
  const asked: string[] = []
  const guard = createOutbound({
    resolve: async (name) => {
      asked.push(name)
      return names[name.replace(/\.$/, '')] ?? []
    },
  })
  const send = (url: string) => guard.send({ url, timeoutMs: 2000, maxBytes: 1 })

  it('is one of more than sixty', () => {
    expect(new Set(hostile.map(([, url]) => url)).size).toBeGreaterThanOrEqual(60)
  })

  it.each(hostile)('is refused when it tries %s', async (_what, url) => {
    await expect(send(url)).rejects.toMatchObject({ code: 'outbound-refused' })
  })

  it('is refused before anybody is asked, where the URL itself tells', () => {
    const early = hostile.filter(([, url]) => {
      try {
        guard.check(url)
        return false
      } catch {
        return true
      }
    })
    // Left over are names and the ports of names.
    expect(hostile.length - early.length).toBe(16)
  })

  it('passes the check when nothing speaks against it', () => {
    for (const url of [
      'https://hooks.example.org/a?b=c#d',
      'http://hooks.example.org:8080/',
      'https://hooks.example.org:8443/',
      'http://93.184.215.14/',
      'http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/',
    ])
      expect(guard.check(url).href).toBe(url)
  })

  it('is refused without telling where a name of ours leads', async () => {
    const error: unknown = await send('https://private.example.org/').catch(
      (reason: unknown) => reason,
    )
    expect(String(error)).toContain('LONGHAUL_OUTBOUND_ALLOW=private.example.org')
    expect(String(error)).not.toContain('10.0.0.7')
  })
})
