import { expect, it } from 'vitest'
import { bytesOf, coldest, cool, hotPlate, hottest, pictureOf, plateOf } from './plate.ts'

it('cools in the same way whether it is put away in between or not', () => {
  const whole = hotPlate(40, 24)
  for (let step = 0; step < 6; step++) cool(whole, 5)
  let parts = hotPlate(40, 24)
  for (let step = 0; step < 6; step++) {
    parts = plateOf(bytesOf(parts), 40, 24)
    cool(parts, 5)
  }
  expect(Buffer.from(bytesOf(parts)).equals(bytesOf(whole))).toBe(true)
})

it('gets neither hotter nor colder than it was', () => {
  const plate = hotPlate(40, 24)
  const mean = () => plate.field.reduce((sum, kelvin) => sum + kelvin, 0) / plate.field.length
  const before = mean()
  cool(plate, 200)
  expect(mean()).toBeLessThan(before)
  expect(Math.min(...plate.field)).toBeGreaterThanOrEqual(coldest)
  expect(Math.max(...plate.field)).toBeLessThan(hottest)
})

it('is drawn small: bright where it is hot', () => {
  const picture = pictureOf(hotPlate(80, 48), 20, 12)
  expect(picture).toHaveLength(240)
  expect(Math.max(...picture)).toBe(255)
  expect(picture[0]).toBe(0)
})

it('refuses bytes that are no plate of that size', () => {
  expect(() => plateOf(new Uint8Array(80), 40, 24)).toThrow('80 bytes are no plate of 40 × 24')
})
