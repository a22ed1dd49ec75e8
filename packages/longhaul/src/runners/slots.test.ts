import { expect, it } from 'vitest'
import { slotsOf } from './slots.ts'

const never = new AbortController().signal

it('gives places in the order of asking, and a place given back twice once', async () => {
  const slots = slotsOf(1)
  const first = await slots.take(never)
  const order: number[] = []
  const second = slots.take(never).then((place) => (order.push(2), place))
  const third = slots.take(never).then((place) => (order.push(3), place))
  first?.()
  first?.()
  ;(await second)?.()
  await third
  expect(order).toEqual([2, 3])
})

it('forgets one that no longer wants, and all when it closes', async () => {
  const slots = slotsOf(1)
  await slots.take(never)
  const impatient = new AbortController()
  const waiting = slots.take(impatient.signal)
  const last = slots.take(never)
  impatient.abort()
  expect(await waiting).toBeUndefined()
  slots.close()
  expect(await last).toBeUndefined()
  expect(await slots.take(never)).toBeUndefined()
})
