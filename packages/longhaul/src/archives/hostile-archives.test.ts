import { afterAll, beforeAll, expect, it } from 'vitest'
import { isLonghaulError } from '../errors/index.ts'
import { openExtraction, type Extraction } from './extraction.fixture.ts'
import { hostileArchives } from './hostile.fixture.ts'

let extraction: Extraction
beforeAll(async () => {
  extraction = await openExtraction()
})
afterAll(() => extraction[Symbol.asyncDispose]())

const archives = hostileArchives()
const reasons = new Map<string, number>()

it.each(archives.map((one) => [one.what, one] as const))(
  'refuses %s',
  async (_, { bytes, reason }) => {
    const failure: unknown = await extraction.extract(bytes).then(
      () => 'extracted',
      (error: unknown) => error,
    )
    const cause = failure instanceof Error ? failure.cause : undefined
    expect(isLonghaulError(cause, 'archive-refused') ? cause.facts['reason'] : failure).toBe(reason)
    expect(await extraction.files()).toEqual(['objects/uploads/archive'])
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  },
)

it('has refused every one of them, and left nothing', () => {
  const refused = [...reasons.values()].reduce((sum, count) => sum + count, 0)
  const listed = [...reasons].map(([reason, count]) => `${reason} ${count}`).join(', ')
  process.stdout.write(`refused ${refused} of ${archives.length} hostile archives: ${listed}\n`)
  expect(archives.length).toBeGreaterThanOrEqual(30)
  expect(refused).toBe(archives.length)
})
