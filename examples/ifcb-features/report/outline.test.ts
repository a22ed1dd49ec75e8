import { expect, it } from 'vitest'
import { outlineOf } from './outline.ts'

it('goes around blobs and holes, edges in a line as one stroke', () => {
  const mask = Uint8Array.from('0000' + '0110' + '0110', Number)
  expect(outlineOf(mask, 4, 3)).toBe('M1 1h2M1 3h2M1 1v2M3 1v2')
  expect(outlineOf(new Uint8Array(12), 4, 3)).toBe('')
  const ring = Uint8Array.from('111' + '101' + '111', Number)
  expect(outlineOf(ring, 3, 3)).toBe('M0 0h3M1 1h1M1 2h1M0 3h3M0 0v3M1 1v1M2 1v1M3 0v3')
})
