import { expect, it } from 'vitest'
import { didYouMean, nearest } from './nearest.ts'

const known = ['serve', 'submit', 'watch', 'jobs', 'logs', 'cancel', 'retry', 'download', 'keys']

it.each([
  ['serv', 'serve'],
  ['sumbit', 'submit'],
  ['job', 'jobs'],
  ['canel', 'cancel'],
  ['dwnload', 'download'],
  ['down', 'download'],
])('takes %s for %s', (word, meant) => {
  expect(nearest(word, known)).toBe(meant)
})

it('suggests nothing for a word that is near nothing', () => {
  expect(nearest('frobnicate', known)).toBeUndefined()
  expect(didYouMean('frobnicate', known)).toBe('')
})
