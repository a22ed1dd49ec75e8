import { expect, it } from 'vitest'
import { triggerTimes } from './trigger-times.ts'

it('finds the time of a trigger where each style has it, and leaves out lines that do not say it', () => {
  const old = ['1,9,0,0,0,0,0,.25,9', '', '2,9', '3,9,0,0,0,0,0,x', '3,9,0,0,0,0,0,1.5,9'].join(
    '\n',
  )
  expect([...triggerTimes(old, 'I')]).toEqual([
    [1, 0.25],
    [5, 1.5],
  ])
  expect([...triggerTimes('1,0.5,1\r\n2,-1,1\r\n3,2.25,1\r\n', 'D')]).toEqual([
    [1, 0.5],
    [3, 2.25],
  ])
})
