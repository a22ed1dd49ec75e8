import { describe, expect, it } from 'vitest'
import { Standstill, type Unended } from './standstill.ts'

const job: Unended = {
  ...{ job_id: 'j', status: 'running', attempt: 1, updated_at: '10:00', signedAt: undefined },
}
const seconds = (n: number): number => n * 1000

/** Looks once a second at what a job is by then; answers the second in which it is given up. */
function givenUpAfter(seen: (second: number) => Unended, everySeconds = 1): number | undefined {
  const still = new Standstill({ quietMs: seconds(45), looks: 40 })
  for (let at = 0; at < 1000; at += everySeconds)
    if (still.isReached([seen(at)], seconds(at))) return at
  return undefined
}

describe('a job that has not ended', () => {
  it('is lost when nothing of it has moved for long enough', () => {
    expect(givenUpAfter(() => job)).toBe(46)
    expect(givenUpAfter(() => ({ ...job, status: 'queued' }))).toBe(46)
  })

  it('is not lost while it gets on: a state, an attempt, a checkpoint', () => {
    const state = (at: number) => ({ ...job, status: at < 40 ? 'queued' : 'running' })
    expect(givenUpAfter(state)).toBe(86)
    expect(givenUpAfter((at) => ({ ...job, attempt: at < 40 ? 1 : 2 }))).toBe(86)
    expect(givenUpAfter((at) => ({ ...job, updated_at: at < 40 ? '10:00' : '10:01' }))).toBe(86)
  })

  it('is not lost while its attempt says that it lives, but not for ever', () => {
    expect(givenUpAfter((at) => ({ ...job, signedAt: Math.min(at, 100) }))).toBe(146)
    expect(givenUpAfter((at) => ({ ...job, signedAt: at }))).toBe(181)
  })

  it('is looked at often enough before it is called lost, however slow the machine', () => {
    expect(givenUpAfter(() => job, 4)).toBe(160)
  })
})
