import { expect, it } from 'vitest'
import { judgePublications } from './judge-leftovers.ts'

it('accepts that one upload is completed again by whoever rolls a publication forward', () => {
  const again = { key: 'results/a/x', uploadId: 'u1' }
  expect(
    judgePublications([
      { ...again, pid: 1 },
      { ...again, pid: 2 },
    ]),
  ).toEqual([])
})

it('reports a key that two uploads became', () => {
  const lines = [
    { key: 'results/a/x', uploadId: 'u1', pid: 1 },
    { key: 'results/a/x', uploadId: 'u2', pid: 2 },
  ]
  expect(judgePublications(lines)).toMatchObject([{ kind: 'doubled' }])
})
