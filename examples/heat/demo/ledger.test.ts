import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { readLedger } from './ledger.ts'

it('counts what was done before and done again, a step that was never ended included', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-ledger-'))
  const lines = [
    ...[0, 1, 2].flatMap((step) => [
      { attempt: 1, began: step },
      { attempt: 1, ended: step, ms: 10 + step },
    ]),
    { attempt: 1, began: 3 }, // killed in the middle
    ...[2, 3, 4].flatMap((step) => [
      { attempt: 2, began: step },
      { attempt: 2, ended: step, ms: 20 },
    ]),
    { attempt: 3, began: 5 },
    { attempt: 3, ended: 5, ms: 99 },
  ]
  const file = path.join(folder, 'ledger')
  await writeFile(
    file,
    `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"attempt":3,"beg`,
  )
  expect(await readLedger(file)).toEqual({
    steps: 6,
    longestStepMs: 99,
    resumed: [
      { attempt: 2, from: 2, repeatedSteps: 2, repeatedMs: 12 },
      { attempt: 3, from: 5, repeatedSteps: 0, repeatedMs: 0 },
    ],
  })
  await rm(folder, { recursive: true, force: true })
})
