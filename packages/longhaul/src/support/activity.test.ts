import { expect, it } from 'vitest'
import { Activity } from './activity.ts'

const hourMs = 3_600_000
const { signal } = new AbortController()

it('ends a rest after its time while something is going on', async () => {
  await new Activity({ calmAfterMs: hourMs, calmRestMs: hourMs }).rest(1, signal)
})

it('rests until the next note when nothing is', async () => {
  const activity = new Activity({ calmAfterMs: 0, calmRestMs: hourMs })
  let rested = 0
  const resting = [1, 2].map(() => activity.rest(1, signal).then(() => (rested += 1)))
  await new Promise((done) => setTimeout(done, 50))
  expect(rested).toBe(0)
  activity.note()
  await Promise.all(resting)
})

it('looks now and then even so, and ends with the signal', async () => {
  await new Activity({ calmAfterMs: 0, calmRestMs: 1 }).rest(1, signal)
  const stopping = new AbortController()
  const resting = new Activity({ calmAfterMs: 0, calmRestMs: hourMs }).rest(1, stopping.signal)
  stopping.abort()
  await resting
})
