import path from 'node:path'
import { deflateSync, crc32 } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  startHttpService,
  type Answer,
  type HttpService,
  type Loose,
} from './harness/http-service.ts'

// System B's two services of images, as its clients call them; what they do to pixels is tested beside the examples.

const examples = path.join(import.meta.dirname, '../../../examples')
let service: HttpService
beforeAll(async () => {
  service = await startHttpService({}, [
    path.join(examples, 'image-convert/image-convert.ts'),
    path.join(examples, 'grayscale/grayscale.ts'),
  ])
})
afterAll(() => service.stop())

const chunk = (type: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
/** `bits` 1 is grey, 8 is RGB or, with `alpha`, RGBA. */
function png(width: number, height: number, { bits = 8, alpha = false } = {}): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([bits, bits === 1 ? 0 : alpha ? 6 : 2, 0, 0, 0], 8)
  const rowBytes = 1 + (bits === 1 ? Math.ceil(width / 8) : width * (alpha ? 4 : 3))
  const rows = Buffer.alloc(rowBytes * height)
  if (bits === 8)
    for (let i = 0; i < rows.length; i++) rows[i] = i % rowBytes === 0 ? 0 : (i * 37) & 255
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  const data = chunk('IDAT', deflateSync(rows))
  return Buffer.concat([signature, chunk('IHDR', header), data, chunk('IEND', Buffer.alloc(0))])
}

async function stored(filename: string, bytes: Uint8Array): Promise<string> {
  const { json } = await service.call('POST /uploads', {
    json: { filename, size_bytes: bytes.length },
  })
  await fetch(String(json.part_urls[0].url), { method: 'PUT', body: new Uint8Array(bytes) })
  return String((await service.call(`POST /uploads/${json.upload_id}/complete`)).json.uri)
}
const convert = (json: Loose): Promise<Answer> =>
  service.call('POST /media/image/convert', { json })
const grey = (image_b64: unknown) => service.call('POST /image/grayscale', { json: { image_b64 } })
const outcome = ({ status, json }: Answer): unknown[] => [status, json.status, typeof json.detail]

it('[B.2 POST /media/image/convert] answers the bytes of an object in another format, with its type', async () => {
  const uri = await stored('a.png', png(5, 4))
  for (const [target_format, mode, mediaType, signature] of [
    ['jpeg', null, 'image/jpeg', '\xff\xd8\xff'],
    ['PNG', 'L', 'image/png', '\x89PNG'],
    ['webp', 'RGB', 'image/webp', 'RIFF'],
    ['bmp', '', 'image/bmp', 'BM'],
    ['gif', undefined, 'image/gif', 'GIF8'],
  ] as const) {
    const answer = await fetch(`${service.url}/processors/image-convert/media/image/convert`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ source_uri: uri, target_format, mode }),
    })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, mediaType])
    const bytes = Buffer.from(await answer.arrayBuffer())
    expect(bytes.toString('latin1')).toMatch(new RegExp(`^${signature}`))
    expect(Number(answer.headers.get('content-length'))).toBe(bytes.length)
  }
  const bucket = uri.split('/')[2]
  for (const [json, status] of [
    [{ source_uri: '/tmp/x', target_format: 'png' }, 400],
    [{ source_uri: `s3://${bucket}/`, target_format: 'png' }, 400],
    [{ source_uri: 's3://other/x', target_format: 'png' }, 400],
    [{ source_uri: `s3://${bucket}/nothing`, target_format: 'png' }, 404],
    [{ source_uri: uri, target_format: '../png' }, 422],
    [{ source_uri: uri }, 422],
    [{ target_format: 'png' }, 422],
    [{ source_uri: 7, target_format: 'png' }, 422],
  ] as const)
    expect([json, (await convert(json)).status]).toEqual([json, status])
  expect(
    (await convert({ source_uri: `s3://${bucket}/nothing`, target_format: 'png' })).json.detail,
  ).toMatch(/^Failed to fetch s3:/)
  const job = await service.call('POST /media/image/convert', {
    json: { source_uri: uri, target_format: 'tif' },
    headers: { prefer: 'respond-async' },
  })
  expect(job.status).toBe(202)
  const [output] = (await service.ended(String(job.json.job_id))).outputs
  expect(output?.name).toBe('a.tiff')
})

it('[B.8.9] names the registered type, and says 400 for what it cannot read or write', async () => {
  const uri = await stored('b.png', png(5, 4))
  const jpg = await convert({ source_uri: uri, target_format: 'JPG' })
  expect([jpg.status, jpg.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
  const clear = await stored('clear.png', png(5, 4, { alpha: true }))
  for (const [source_uri, target_format, mode, says] of [
    [uri, 'XCF', null, /Unknown format XCF/],
    [uri, 'png', 'NTSC', /Unknown mode NTSC/],
    [uri, 'gif', 'CMYK', /Cannot write mode CMYK as GIF/],
    [clear, 'jpeg', null, /Cannot write mode RGBA as JPEG/],
  ] as const) {
    const refused = await convert({ source_uri, target_format, mode })
    expect(refused.status).toBe(400)
    expect(refused.json.detail).toMatch(says)
  }
  expect((await convert({ source_uri: clear, target_format: 'jpeg', mode: 'RGB' })).status).toBe(
    200,
  )
})

it('[Y.1.5] refuses bombs by what their first bytes say, and everything else that is no image; the service lives', async () => {
  const bomb = png(20_000, 20_000, { bits: 1 })
  const good = png(64, 48)
  expect(bomb.length).toBeLessThan(60_000)
  const began = service.app.services.runners.get('image-convert')?.actions?.load()
  for (const [name, bytes, status] of [
    ['bomb.png', bomb, 413],
    ['thread.png', png(1, 1_000_000, { bits: 1 }), 413],
    ['ribbon.png', png(1_000_000, 1, { bits: 1 }), 413],
    ['truncated.png', good.subarray(0, good.length >> 1), 400],
    ['head.png', good.subarray(0, 40), 400],
    ['text.png', Buffer.from('no image at all'), 400],
    [
      'drawing.png',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      400,
    ],
    ['page.png', Buffer.from('%PDF-1.7\n'), 400],
  ] as const) {
    const answer = await convert({ source_uri: await stored(name, bytes), target_format: 'png' })
    expect([name, ...outcome(answer)]).toEqual([name, status, status, 'string'])
    const other = await grey(bytes.toString('base64'))
    expect([name, ...outcome(other)]).toEqual([name, status, status, 'string'])
  }
  const whole = await service.call('GET /health')
  expect([whole.status, whole.json.status]).toEqual([200, 'healthy'])
  expect((await grey(good.toString('base64'))).status).toBe(200)
  expect(service.app.services.runners.get('image-convert')?.actions?.load()).toEqual(began)
})

it('[Y.2.24] answers with a status of its own where it used to be 500, and reads base64 as browsers write it', async () => {
  const image = png(5, 4)
  const base64 = image.toString('base64')
  for (const text of [
    base64,
    `data:image/png;base64,${base64}`,
    base64.replaceAll(/(.{10})/g, '$1\n'),
  ]) {
    const { status, json } = await grey(text)
    expect(status).toBe(200)
    const made = Buffer.from(String(json.grayscale_b64), 'base64')
    expect(made.toString('latin1')).toMatch(/^\x89PNG/)
    expect(made[25]).toBe(0) // its colour type: grey
  }
  expect((await grey('not base64!')).status).toBe(400)
  expect((await grey('aGVsbG8=')).status).toBe(400)
  expect((await grey('')).status).toBe(422)
  expect((await grey(5)).status).toBe(422)
  const uri = await stored('c.png', image)
  for (const target_format of ['JPG', 'TIF', 'AVIF'])
    expect([target_format, (await convert({ source_uri: uri, target_format })).status]).toEqual([
      target_format,
      200,
    ])
  expect((await convert({ source_uri: uri, target_format: 'J2K' })).status).toBe(400)
})
