import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { compareList, specificationFile, testFiles } from '../../../scripts/compat-list.ts'

const described = `
## A.2 HTTP endpoints

| Method + path | Success |
|---|---|
| \`GET /\`, \`GET /health\` | 200 |
| any path of an action | 200 |

| another table | |
|---|---|
| \`no request\` | |

## A.8 Defects

| # | Where |
|---|---|
| 1 | a |
| 2 | b |

## Y.1 Wrong
1. **One.** Text that
   goes on.
2. Two.
`

it('finds what no test names, and what tests name that is not there', () => {
  const tests = [
    "it('[A.8.1 A.2 GET /] starts')",
    'it("[Y.1.2] x")',
    "it('[A.8.9] odd [A.8.2] no')",
  ]
  expect(compareList(described, tests)).toMatchObject({
    wanted: [
      'A.2 GET /',
      'A.2 GET /health',
      'A.2 any path of an action',
      'A.8.1',
      'A.8.2',
      'Y.1.1',
      'Y.1.2',
    ],
    missing: ['A.2 GET /health', 'A.2 any path of an action', 'A.8.2', 'Y.1.1'],
    unknown: ['A.8.9'],
  })
})

it('names every request and every number of systems A to D, and of the uploads of system E', async ({ skip }) => {
  const file = specificationFile()
  if (file === undefined) return skip('LONGHAUL_TESTDATA has no ../spec/five-systems.md beside it')
  const found = compareList(await readFile(file, 'utf8'), await testFiles())
  expect(found.wanted.length).toBeGreaterThan(120)
  expect(found.missing).toEqual([])
  expect(found.unknown).toEqual([])
})
