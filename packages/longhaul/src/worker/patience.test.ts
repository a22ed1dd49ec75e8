import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LonghaulError } from '../errors/index.ts'
import { failureOf } from './attempt-failure.ts'
import { mayPass, patiently } from './patience.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function tried(...ends: (Error | 'well')[]) {
  const abort = new AbortController()
  const troubles: unknown[] = []
  const work = async (): Promise<string> => {
    const end = ends.length > 1 ? ends.shift() : ends[0]
    if (end instanceof Error) throw end
    return 'done'
  }
  const onTrouble = (error: unknown): void => void troubles.push(error)
  const outcome = patiently(work, { signal: abort.signal, onTrouble }).catch((e: unknown) => e)
  return { abort, troubles, outcome }
}

it('tries again until the store is back', async () => {
  const { outcome, troubles } = tried(new Error('reset'), new Error('503'), 'well')
  await vi.advanceTimersByTimeAsync(1000)
  expect(await outcome).toBe('done')
  expect(troubles).toHaveLength(2)
})

it('does not try again what a second try does not mend', async () => {
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
  for (const error of [new LonghaulError('permanent', 'no'), full, new TypeError('a bug')]) {
    const { outcome, troubles } = tried(error)
    expect(await outcome).toBe(error)
    expect(troubles).toEqual([])
  }
})

it('gives up after two minutes, and nobody’s failures are counted for it', async () => {
  const { outcome } = tried(new Error('away'))
  await vi.advanceTimersByTimeAsync(130_000)
  const error = await outcome
  expect(error).toMatchObject({ code: 'unavailable' })
  expect(failureOf(error)).toMatchObject({ retry: 'lost', problem: { code: 'unavailable' } })
})

it('gives up at once when the attempt is to stop', async () => {
  const { outcome, abort } = tried(new Error('away'))
  await vi.advanceTimersByTimeAsync(1000)
  abort.abort()
  expect(await outcome).toMatchObject({ message: 'away' })
})

it('fails the attempt with the reason when the disk is full', () => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' })
  expect(mayPass(full)).toBe(false)
  expect(failureOf(full)).toMatchObject({
    retry: 'policy',
    problem: { code: 'insufficient-storage', detail: 'The disk is full.' },
  })
})
