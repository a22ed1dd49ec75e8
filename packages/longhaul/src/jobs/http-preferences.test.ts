import { expect, it } from 'vitest'
import { preferredWaitSeconds } from './http-preferences.ts'

it.each([
  ['wait=10', 10],
  ['wait=600', 60],
  ['respond-async', 0],
  ['respond-async, wait=10', 0],
  ['handling=lenient; x=1, wait="5"', 5],
  [['handling=strict', 'wait=7'], 7],
])('%j waits %d seconds', (header, seconds) => {
  expect(preferredWaitSeconds(header)?.seconds).toBe(seconds)
})

it.each([undefined, 'handling=strict', 'wait=soon', 'awaiting=5'])('%j says nothing', (header) => {
  expect(preferredWaitSeconds(header)).toBeUndefined()
})
