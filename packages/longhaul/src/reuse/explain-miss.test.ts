import { expect, it } from 'vitest'
import { differencesOf, nearestOf, reasonOf } from './explain-miss.ts'
import type { ShortIdentity } from './identity.ts'

const here: ShortIdentity = {
  version: '1.0',
  code: 'aa',
  parameters: { width: '128', fit: '"cover"' },
  inputs: { image: 'cat.png sha256 1' },
}

it('names every component that differs, with both values', () => {
  const there = {
    version: '1.1',
    code: 'bb',
    parameters: { width: '256' },
    inputs: { image: 'cat.png sha256 2' },
  }
  expect(differencesOf(here, there)).toEqual([
    { component: 'version', name: null, here: '1.0', there: '1.1' },
    { component: 'code', name: null, here: 'aa', there: 'bb' },
    { component: 'parameter', name: 'width', here: '128', there: '256' },
    { component: 'parameter', name: 'fit', here: '"cover"', there: null },
    { component: 'input', name: 'image', here: 'cat.png sha256 1', there: 'cat.png sha256 2' },
  ])
  expect(differencesOf(here, here)).toEqual([])
})

it('takes the job with the fewest differences, of equals the first', () => {
  const far = { id: 'far', identity: { ...here, version: '2', code: 'bb' } }
  const first = {
    id: 'first',
    identity: { ...here, parameters: { ...here.parameters, width: '1' } },
  }
  const second = { id: 'second', identity: { ...here, code: 'cc' } }
  expect(nearestOf(here, [far, first, second])?.candidate.id).toBe('first')
  expect(nearestOf(here, [])).toBeUndefined()
})

it('says in a sentence what differs', () => {
  const differences = differencesOf(here, { ...here, code: 'bb', parameters: { fit: '"cover"' } })
  expect(reasonOf('missed', { jobId: 'j_1', differences })).toBe(
    'The most similar job is j_1; the code and the parameter width differ.',
  )
  expect(reasonOf('missed', { jobId: 'j_1', differences: differences.slice(0, 1) })).toBe(
    'The most similar job is j_1; the code differs.',
  )
  expect(reasonOf('missed', undefined)).toContain('No job of this processor')
})
