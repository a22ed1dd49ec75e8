import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { urlSigner } from './url-signer.ts'

const { urls, signedUrls } = urlSigner(Buffer.alloc(32, 7))
const upload = { key: 'datasets/j/ä b?&=#.bin', uploadId: 'abc' }
const baseUrl = 'http://127.0.0.1:8000'

const partUrl = (n = 3, expiresInSeconds = 60) =>
  new URL(urls.partUrl(upload, n, { expiresInSeconds, maxBytes: 5_000_000, baseUrl }))
const objectUrl = (fileName?: string) =>
  new URL(
    urls.objectUrl(upload.key, {
      expiresInSeconds: 60,
      baseUrl,
      ...(fileName !== undefined && { fileName }),
    }),
  )

/** As the routes take an URL apart. */
function checkPart(url: URL) {
  const [, , , uploadId = '', partNumber = ''] = url.pathname.split('/')
  return signedUrls.checkPart({ uploadId, partNumber, query: Object.fromEntries(url.searchParams) })
}
function checkObject(url: URL) {
  const key = decodeURIComponent(url.pathname.replace('/storage/objects/', ''))
  return signedUrls.checkObject({ key, query: Object.fromEntries(url.searchParams) })
}

describe('signed URLs', () => {
  it('permit the part they were made for', () => {
    expect(partUrl().pathname).toBe('/storage/parts/abc/3')
    expect(checkPart(partUrl())).toEqual({ upload, partNumber: 3, maxBytes: 5_000_000 })
  })

  it('permit the object they were made for, whatever its name', () => {
    expect(checkObject(objectUrl())).toEqual({ key: upload.key, fileName: undefined })
    expect(checkObject(objectUrl('ö.bin'))).toEqual({ key: upload.key, fileName: 'ö.bin' })
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        fc.pre(!['.', '..'].includes(name) && !name.includes('/'))
        const url = new URL(urls.objectUrl(name, { expiresInSeconds: 9, baseUrl }))
        expect(checkObject(url).key).toBe(name)
      }),
    )
  })

  it.each([
    ['upload', (url: URL) => (url.pathname = '/storage/parts/abd/3')],
    ['part number', (url: URL) => (url.pathname = '/storage/parts/abc/4')],
    ['spelling of the number', (url: URL) => (url.pathname = '/storage/parts/abc/3.0')],
    ['key', (url: URL) => url.searchParams.set('key', 'datasets/other')],
    ['size limit', (url: URL) => url.searchParams.set('max_bytes', '5000001')],
    ['expiry', (url: URL) => url.searchParams.set('expires', '99999999999')],
    ['signature', (url: URL) => url.searchParams.set('signature', 'A'.repeat(43))],
    ['length of the signature', (url: URL) => url.searchParams.set('signature', 'A')],
    ['missing signature', (url: URL) => url.searchParams.delete('signature')],
    ['missing expiry', (url: URL) => url.searchParams.delete('expires')],
  ])('are refused with another %s', (_, tamper) => {
    const url = partUrl()
    tamper(url)
    expect(() => checkPart(url)).toThrow(expect.objectContaining({ code: 'signature-invalid' }))
  })

  it('are refused with a field twice', () => {
    const query = { ...Object.fromEntries(partUrl().searchParams), key: [upload.key, 'other'] }
    expect(() => signedUrls.checkPart({ uploadId: 'abc', partNumber: '3', query })).toThrow(
      expect.objectContaining({ code: 'signature-invalid' }),
    )
  })

  it('of an object do not permit a part, nor those of another name or another secret', () => {
    const object = objectUrl('a.bin')
    object.searchParams.set('file_name', 'b.exe')
    const invalid = expect.objectContaining({ code: 'signature-invalid' })
    expect(() => checkObject(object)).toThrow(invalid)
    object.searchParams.delete('file_name')
    expect(() => checkObject(object)).toThrow(invalid)
    const stranger = urlSigner(Buffer.alloc(32, 8))
    const foreign = new URL(stranger.urls.objectUrl(upload.key, { expiresInSeconds: 60, baseUrl }))
    expect(() => checkObject(foreign)).toThrow(invalid)
  })

  it('end at their time', () => {
    const url = partUrl(1, 60)
    vi.useFakeTimers({ now: Date.now() + 59_000 })
    try {
      expect(checkPart(url).partNumber).toBe(1)
      vi.setSystemTime(Date.now() + 3000)
      expect(() => checkPart(url)).toThrow(expect.objectContaining({ code: 'signature-expired' }))
    } finally {
      vi.useRealTimers()
    }
  })
})
