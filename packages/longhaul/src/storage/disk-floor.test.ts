import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { diskFloorOf, isBelowFloor, roomOf } from './disk-floor.ts'

const GiB = 1024 ** 3

it('keeps 2 % of a small volume free, 1 GiB of a large one, or what was configured', () => {
  expect(diskFloorOf({ free: 0, total: 10 * GiB })).toBe(0.2 * GiB)
  expect(diskFloorOf({ free: 0, total: 1000 * GiB })).toBe(GiB)
  expect(diskFloorOf({ free: 0, total: 1000 * GiB }, 5)).toBe(5)
})

it('is below the floor only with less than that', () => {
  expect(isBelowFloor({ free: GiB, total: 1000 * GiB })).toBe(false)
  expect(isBelowFloor({ free: GiB - 1, total: 1000 * GiB })).toBe(true)
  expect(isBelowFloor({ free: 0, total: 1000 * GiB }, 0)).toBe(false)
})

it('measures the volume of a folder', async () => {
  const { free, total } = await roomOf(tmpdir())
  expect(total).toBeGreaterThan(0)
  expect(free).toBeLessThanOrEqual(total)
})
