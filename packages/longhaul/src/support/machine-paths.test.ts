import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { hideMachinePaths } from './machine-paths.ts'

it('keeps only the last name of a path of this machine', () => {
  const file = path.join(tmpdir(), 'work', 'j_1.1', 'cat.png')
  expect(hideMachinePaths(`No such file: '${file}'`)).toBe("No such file: 'cat.png'")
  expect(hideMachinePaths(`${file}:12: SyntaxError`)).toBe('cat.png:12: SyntaxError')
  expect(hideMachinePaths(`at file://${file}:12:3`)).toBe('at cat.png:12:3')
})

it('leaves URLs, object URIs, routes and pointers as they are', () => {
  const text =
    'see http://host/tmp/x, s3://tmp/results/a, GET /jobs/j_1/logs and /input/width, 3/4 tmp/x'
  expect(hideMachinePaths(text)).toBe(text)
})
