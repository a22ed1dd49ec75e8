import sharp from 'sharp'
import { expect, it } from 'vitest'
import { cutOut, drawSample } from './pictures.ts'

const alphaOf = async (png: Buffer) => {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true })
  return (x: number, y: number) => data[(y * info.width + x) * info.channels + 3]
}

it('keeps what a picture shows, and makes the wall behind it transparent', async () => {
  const alpha = await alphaOf(await cutOut(await drawSample('apple')))
  expect([alpha(0, 0), alpha(47, 47), alpha(3, 24)]).toEqual([0, 0, 0])
  expect([alpha(24, 24), alpha(20, 24), alpha(28, 26)]).toEqual([255, 255, 255])
})

it('keeps a hole that has the colour of the background, when it is shut in', async () => {
  const size = 40
  const data = Buffer.alloc(size * size * 3, 240)
  for (let y = 8; y < 32; y++)
    for (let x = 8; x < 32; x++)
      if (x < 12 || x >= 28 || y < 12 || y >= 28) data.set([20, 60, 160], (y * size + x) * 3)
  const frame = sharp(data, { raw: { width: size, height: size, channels: 3 } })
  const alpha = await alphaOf(await cutOut(await frame.png().toBuffer()))
  expect([alpha(2, 2), alpha(10, 10), alpha(20, 20)]).toEqual([0, 255, 255])
})

it.each([
  ['text', Buffer.from('not an image'), 415],
  [
    'a PNG that ends early',
    await drawSample('pear').then((png) => png.subarray(0, png.length / 2)),
    415,
  ],
])('refuses %s', async (_what, bytes, status) => {
  await expect(cutOut(bytes)).rejects.toMatchObject({ status })
})

it('refuses a bomb by what it announces, and one that is too long for one side', async () => {
  const bomb = Buffer.from(await drawSample('bomb'))
  bomb.writeUInt32BE(60_000, 16)
  bomb.writeUInt32BE(60_000, 20)
  const line = await sharp({
    create: { width: 1, height: 1_000_000, channels: 3, background: '#fff' },
  })
    .png()
    .toBuffer()
  for (const bytes of [bomb, line])
    await expect(cutOut(bytes)).rejects.toMatchObject({ status: 413 })
})
