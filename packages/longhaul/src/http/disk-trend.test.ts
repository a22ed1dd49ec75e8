import { expect, it } from 'vitest'
import { DiskTrend } from './disk-trend.ts'

const minute = 60_000
const trendOf = (...free: number[]): DiskTrend => {
  const trend = new DiskTrend()
  free.forEach((bytes, n) => trend.add(n * 5 * minute, bytes))
  return trend
}

it('tells when the floor is reached at the rate so far', () => {
  // 100 bytes in 10 minutes, 300 left above the floor.
  expect(trendOf(500, 450, 400).fullInMs(100)).toBe(30 * minute)
})

it('says nothing from too short a time, or while room is won', () => {
  expect(trendOf(500, 400).fullInMs(0)).toBeUndefined()
  expect(trendOf(400, 450, 500).fullInMs(0)).toBeUndefined()
})

it('forgets what is older than its window', () => {
  const trend = new DiskTrend()
  trend.add(0, 1000)
  for (let hour = 7; hour < 10; hour++) trend.add(hour * 60 * minute, 500)
  expect(trend.fullInMs(0)).toBeUndefined()
})
