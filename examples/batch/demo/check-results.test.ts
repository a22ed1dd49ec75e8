import { expect, it } from 'vitest'
import { checkResults, parseRows, type ResultRow } from './check-results.ts'

const truths = new Map(
  ['a', 'b'].map((name) => [name, { name, bright: 3, maskSha256: `sha of ${name}` }]),
)
const row = (name: string, more: Partial<ResultRow> = {}): ResultRow => ({
  ...{ item: 1, name, status: 'completed', job_id: `job of ${name}`, attempt: 1 },
  ...{ result: { bright: 3 }, outputs: [{ sha256: `sha of ${name}`, url: '/' }] },
  ...more,
})

it('finds nothing where everything is right', () => {
  const rows = parseRows([row('a'), row('b')].map((one) => `${JSON.stringify(one)}\n`).join(''))
  expect(checkResults(rows, truths)).toEqual({ lost: 0, doubled: 0, wrong: 0 })
})

it('finds what is lost, doubled or wrong', () => {
  expect(checkResults([row('a')], truths)).toMatchObject({ lost: 1 })
  expect(checkResults([row('a'), row('b', { status: 'failed' })], truths)).toMatchObject({
    lost: 1,
  })
  const again = row('a', { job_id: 'another' })
  expect(checkResults([row('a'), row('b'), again], truths)).toMatchObject({ doubled: 1 })
  const wrong = row('b', { result: { bright: 4 } })
  expect(checkResults([row('a'), wrong], truths)).toMatchObject({ wrong: 1 })
})
