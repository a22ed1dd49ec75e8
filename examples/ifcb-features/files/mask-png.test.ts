import { expect, it } from 'vitest'
import { decodePng } from '../../ifcb-images/verify/decode-png.ts'
import { maskPng } from './mask-png.ts'

it('draws a mask as black and white, and gives its memory back at once', () => {
  const mask = Uint8Array.of(0, 1, 1, 0, 0, 1)
  const { width, height, pixels } = decodePng(maskPng(3, 2, mask))
  expect([width, height, ...pixels]).toEqual([3, 2, 0, 255, 255, 0, 0, 255])
  expect(mask.buffer.detached).toBe(true)
})
