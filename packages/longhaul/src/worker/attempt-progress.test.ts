import { expect, it } from 'vitest'
import { AttemptProgress } from './attempt-progress.ts'

it('gives the newest once', () => {
  const progress = new AttemptProgress(false)
  progress.note({ stage: 'inputs' })
  progress.note({ stage: 'running' })
  expect([progress.take(), progress.take()]).toEqual([{ stage: 'running' }, undefined])
})

it('keeps to itself, at the end, stages that nobody saw', () => {
  const progress = new AttemptProgress(false)
  progress.note({ stage: 'running' })
  expect(progress.takeLast()).toBeUndefined()
})

it('gives the last stage where an earlier one was stored, the processor has spoken, or users read every stage', () => {
  const stored = new AttemptProgress(false)
  stored.note({ stage: 'inputs' })
  stored.take()
  const spoken = new AttemptProgress(false)
  spoken.told({ stage: 'cutting', percent: 50 })
  for (const progress of [stored, spoken, new AttemptProgress(true)]) {
    progress.note({ stage: 'running' })
    expect(progress.takeLast()).toEqual({ stage: 'running' })
  }
})
