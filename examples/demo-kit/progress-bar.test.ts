import { expect, it } from 'vitest'
import { barLine } from './progress-bar.ts'

const nothing = {
  stage: null,
  percent: null,
  done: null,
  total: null,
  rate_per_second: null,
  eta_seconds: null,
}

it('draws what is known of a job', () => {
  const known = { stage: 'images', percent: 71, done: 710, total: 1000 }
  expect(barLine({ ...nothing, ...known, rate_per_second: 38.2, eta_seconds: 7.6 })).toBe(
    '  ██████████████░░░░░░  71 %  710/1000 images  38/s  ETA 8 s',
  )
  expect(barLine({ ...nothing, percent: 3.9, rate_per_second: 0.25 })).toBe(
    '  ░░░░░░░░░░░░░░░░░░░░   3 %  0.3/s',
  )
  expect(barLine({ ...nothing, percent: 130 })).toBe('  ████████████████████ 100 %')
})
