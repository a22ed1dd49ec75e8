import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { Verdict } from '../jobs/engine.ts'
import type { Job } from '../jobs/job.ts'
import { CancelWatch } from './cancel-watch.ts'

function watchOf(ids: string[]) {
  const heard: string[] = []
  const asked: string[][] = []
  const cancelled = new Set<string>()
  const running = new Set(
    ids.map((id) => ({ job: { id }, heed: (verdict: Verdict) => heard.push(`${id} ${verdict}`) })),
  )
  const engine = {
    get: async (some: readonly string[]) => {
      asked.push([...some])
      return some.map((id) => ({ id, ...(cancelled.has(id) && { cancelRequestedAt: 1 }) }) as Job)
    },
  }
  const watch = new CancelWatch(engine, running, pino({ level: 'silent' }))
  return { watch, heard, asked, cancelled }
}

it('tells an attempt of its cancel at once', async () => {
  const { watch, heard, cancelled } = watchOf(['a', 'b'])
  cancelled.add('a')
  watch.changed('a')
  await new Promise(setImmediate)
  expect(heard).toEqual(['a cancel'])
  watch.stop()
})

it('looks at many changes together, and misses none', async () => {
  const ids = Array.from({ length: 200 }, (_, n) => `j${n}`)
  const { watch, heard, asked, cancelled } = watchOf(ids)
  for (let round = 0; round < 10; round++) ids.forEach((id) => watch.changed(id))
  cancelled.add('j7')
  await expect.poll(() => heard, { timeout: 5000 }).toEqual(['j7 cancel'])
  expect(asked.map(({ length }) => length)).toEqual([1, 200])
  watch.stop()
})

it('asks nothing about jobs that run elsewhere', async () => {
  const { watch, asked } = watchOf(['a'])
  watch.changed('elsewhere')
  await new Promise(setImmediate)
  expect(asked).toEqual([])
})
