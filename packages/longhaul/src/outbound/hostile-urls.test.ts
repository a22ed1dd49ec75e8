import { describe, expect, it } from 'vitest'
import { createOutbound } from './index.ts'

/** What a resolver under somebody else's control may say; the first is a public address that no test connects to. */
const names: Readonly<Record<string, readonly string[]>> = {
  'hooks.example.org': ['93.184.215.14'],
  'loopback.example.org': ['127.0.0.1'],
  'loopback6.example.org': ['::1'],
  'private.example.org': ['10.0.0.7'],
  'metadata.example.org': ['169.254.169.254'],
  'second.example.org': ['93.184.215.14', '192.168.0.1'],
  'second6.example.org': ['2606:2800:21f:cb07:6820:80da:af6b:8b2c', 'fe80::1'],
  'mapped.example.org': ['::ffff:10.0.0.1'],
  'nat64.example.org': ['64:ff9b::a9fe:a9fe'],
  'zone.example.org': ['fe80::1%eth0'],
  'nonsense.example.org': ['not an address'],
  'any.example.org': ['0.0.0.0'],
}

/** [what it tries, the URL] */
const hostile: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['words', 'not a url'],
  ['no scheme', '//hooks.example.org/'],
  ['no host', 'http://'],
  ['a file', 'file:///etc/passwd'],
  ['a file of a host', 'file://hooks.example.org/etc/passwd'],
  ['ftp', 'ftp://hooks.example.org/'],
  ['gopher', 'gopher://hooks.example.org:70/_GET'],
  ['data', 'data:text/plain,hello'],
  ['javascript', 'javascript:alert(1)'],
  ['a web socket', 'ws://hooks.example.org/'],
  ['a blob', 'blob:http://hooks.example.org/1'],
  ['a socket file', 'unix:/var/run/docker.sock'],
  ['dict', 'dict://hooks.example.org:11211/stat'],
  ['a user', 'http://root@hooks.example.org/'],
  ['a user and a password', 'https://root:secret@hooks.example.org/'],
  ['a password alone', 'http://:secret@hooks.example.org/'],
  ['a host that is a user', 'http://hooks.example.org@127.0.0.1/'],
  ['a host that is a user, with an escape', 'http://hooks.example.org%2F@127.0.0.1/'],
  ['loopback', 'http://127.0.0.1/'],
  ['another loopback', 'http://127.255.255.254/'],
  ['any address', 'http://0.0.0.0/'],
  ['any address, short', 'http://0/'],
  ['a class A network', 'http://10.0.0.1/'],
  ['a class B network', 'http://172.16.0.1/'],
  ['the last class B network', 'http://172.31.255.255/'],
  ['a class C network', 'http://192.168.1.1/'],
  ['metadata', 'http://169.254.169.254/latest/meta-data/'],
  ['metadata of another cloud', 'http://100.100.100.200/'],
  ['metadata of a third', 'http://192.0.0.192/'],
  ['an agent of a fourth', 'http://168.63.129.16/'],
  ['a carrier network', 'http://100.64.0.1/'],
  ['documentation', 'http://192.0.2.1/'],
  ['documentation, second', 'http://198.51.100.7/'],
  ['documentation, third', 'http://203.0.113.9/'],
  ['benchmarks', 'http://198.19.255.255/'],
  ['a 6to4 relay', 'http://192.88.99.1/'],
  ['multicast', 'http://224.0.0.1/'],
  ['reserved', 'http://240.0.0.1/'],
  ['broadcast', 'http://255.255.255.255/'],
  ['decimal', 'http://2130706433/'],
  ['hexadecimal', 'http://0x7f000001/'],
  ['hexadecimal groups', 'http://0x7f.0x0.0x0.0x1/'],
  ['octal', 'http://017700000001/'],
  ['octal groups', 'http://0177.0.0.1/'],
  ['two groups', 'http://127.1/'],
  ['three groups', 'http://127.0.1/'],
  ['a dot at the end', 'http://127.0.0.1./'],
  ['full-width digits', 'http://１２７.０.０.１/'],
  ['circled digits', 'http://①②⑦.⓪.⓪.①/'],
  ['ideographic dots', 'http://127。0。0。1/'],
  ['escaped digits', 'http://%31%32%37.0.0.1/'],
  ['back slashes', 'http:\\\\127.0.0.1\\'],
  ['a tab within', 'http://127.0.\t0.1/'],
  ['loopback of IPv6', 'http://[::1]/'],
  ['loopback of IPv6, in full', 'http://[0:0:0:0:0:0:0:1]/'],
  ['any address of IPv6', 'http://[::]/'],
  ['mapped loopback', 'http://[::ffff:127.0.0.1]/'],
  ['mapped loopback, in hexadecimal', 'http://[::ffff:7f00:1]/'],
  ['mapped, though public', 'http://[::ffff:93.184.215.14]/'],
  ['compatible loopback', 'http://[::127.0.0.1]/'],
  ['NAT64', 'http://[64:ff9b::7f00:1]/'],
  ['NAT64 of a network', 'http://[64:ff9b:1::a00:1]/'],
  ['6to4', 'http://[2002:7f00:1::]/'],
  ['Teredo', 'http://[2001:0:53aa:64c::1]/'],
  ['link-local', 'http://[fe80::1]/'],
  ['link-local with a zone', 'http://[fe80::1%25eth0]/'],
  ['site-local', 'http://[fec0::1]/'],
  ['unique local', 'http://[fc00::1]/'],
  ['metadata over IPv6', 'http://[fd00:ec2::254]/'],
  ['multicast of IPv6', 'http://[ff02::1]/'],
  ['documentation of IPv6', 'http://[2001:db8::1]/'],
  ['documentation of IPv6, second', 'http://[3fff::1]/'],
  ['discard-only', 'http://[100::1]/'],
  ['segment routing', 'http://[5f00::1]/'],
  ['localhost', 'http://localhost/'],
  ['LOCALHOST', 'https://LOCALHOST/'],
  ['localhost with a dot', 'http://localhost./'],
  ['below localhost', 'http://a.localhost/'],
  ['a name of loopback', 'http://loopback.example.org/'],
  ['a name of loopback, with a dot', 'http://loopback.example.org./'],
  ['a name of IPv6 loopback', 'http://loopback6.example.org/'],
  ['a name of any address', 'http://any.example.org/'],
  ['a private name', 'https://private.example.org/'],
  ['a name of metadata', 'http://metadata.example.org/'],
  ['a name whose second address is private', 'http://second.example.org/'],
  ['a name whose second address is link-local', 'http://second6.example.org/'],
  ['a mapped name', 'http://mapped.example.org/'],
  ['a NAT64 name', 'http://nat64.example.org/'],
  ['a name with a zone', 'http://zone.example.org/'],
  ['a name of no address', 'http://nonsense.example.org/'],
  ['ssh', 'http://hooks.example.org:22/'],
  ['mail', 'http://hooks.example.org:25/'],
  ['a key-value store', 'http://hooks.example.org:6379/'],
  ['another port of https', 'https://hooks.example.org:8444/'],
  ['a port of an address', 'http://93.184.215.14:9200/'],
  ['a long one', `http://hooks.example.org/${'a'.repeat(2048)}`],
]

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
