import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { catalogue } from '@longhaul/protocol'

const page = await readFile(new URL('../../../docs/reference/problems.md', import.meta.url), 'utf8')
/** `| \`code\` | status | what happened | what to do |` */
const lines = [...page.matchAll(/^\| `([^`]+)` \| (\d+) \| ([^|]+) \| ([^|]+) \|$/gm)]

it('has one line in the reference for every problem longhaul can name, and no other', () => {
  const documented = lines.map((line) => line[1])
  expect([...documented].sort()).toEqual(Object.keys(catalogue).sort())
})

it('gives each problem the status that it is answered with', () => {
  const documented = Object.fromEntries(lines.map((line) => [line[1], Number(line[2])]))
  const answered = Object.fromEntries(
    Object.entries(catalogue).map(([code, problem]) => [code, problem.status]),
  )
  expect(documented).toEqual(answered)
})

it('says of each problem what happened and what to do, in sentences', () => {
  for (const [, code, , happened, todo] of lines)
    for (const sentence of [happened, todo]) expect(sentence, code).toMatch(/\.$/)
})
