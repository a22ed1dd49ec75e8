import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { convert } from './convert.ts'
import { luma } from './modes.ts'

const [width, height] = [37, 23]
const rgba = Buffer.from(
  Array.from({ length: width * height * 4 }, (_, i) => ((i * 7919) >> (i % 3)) & 255),
)
let folder: string
const at = (name: string): string => path.join(folder, name)
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'image-convert-'))
  await sharp(rgba, { raw: { width, height, channels: 4 } })
    .png()
    .toFile(at('rgba.png'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const pixelsOf = async (bytes: Buffer) => {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  return { data, channels: info.channels, size: [info.width, info.height] }
}
const pixel = (i: number) =>
  [rgba[i * 4] ?? 0, rgba[i * 4 + 1] ?? 0, rgba[i * 4 + 2] ?? 0, rgba[i * 4 + 3] ?? 0] as const

it('keeps every pixel of a format without loss', async () => {
  for (const target_format of ['png', 'tiff']) {
    const { bytes } = await convert(at('rgba.png'), { target_format })
    expect((await pixelsOf(bytes)).data).toEqual(rgba)
  }
})

it('changes modes as Pillow does: transparency left out, grey by whole-number weights', async () => {
  const rgb = await pixelsOf(
    (await convert(at('rgba.png'), { target_format: 'png', mode: 'RGB' })).bytes,
  )
  expect([rgb.channels, rgb.size]).toEqual([3, [width, height]])
  const grey = await pixelsOf(
    (await convert(at('rgba.png'), { target_format: 'png', mode: 'L' })).bytes,
  )
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = pixel(i)
    expect([...rgb.data.subarray(i * 3, i * 3 + 3)]).toEqual([r, g, b])
    expect(grey.data[i * grey.channels]).toBe(luma(r, g, b))
  }
  const two = await pixelsOf(
    (await convert(at('rgba.png'), { target_format: 'png', mode: '1' })).bytes,
  )
  expect(new Set(two.data)).toEqual(new Set([0, 255]))
})

it('writes a bitmap row by row from below, padded to four bytes', async () => {
  const { bytes, mediaType } = await convert(at('rgba.png'), { target_format: 'BMP', mode: 'RGB' })
  expect([mediaType, bytes.readUInt32LE(2)]).toEqual(['image/bmp', bytes.length])
  const rowBytes = 112
  for (const [x, y] of [
    [0, 0],
    [36, 0],
    [5, 22],
    [36, 22],
  ] as const) {
    const [r, g, b] = pixel(y * width + x)
    const from = 54 + (height - 1 - y) * rowBytes + x * 3
    expect([...bytes.subarray(from, from + 3)]).toEqual([b, g, r])
  }
})

it('writes CMYK where a format holds it', async () => {
  const { bytes } = await convert(at('rgba.png'), { target_format: 'jpeg', mode: 'CMYK' })
  expect((await sharp(bytes).metadata()).space).toBe('cmyk')
})
