import { expect, it } from 'vitest'
import type { Config } from '../app/config.ts'
import { callableSources } from './callable-sources.ts'
import { parseTasks } from './parse-tasks.ts'

const config = (callables: Partial<Config['callables']>) => ({
  callables: {
    enabled: true,
    listed: {},
    entrypoint: undefined,
    folder: '/code',
    runsDir: '/runs',
    concurrency: undefined,
    ...callables,
  },
})
const file = { kind: 'file', path: 'a.ts' } as const
const listed = (name: string, entrypoint: string, folder = '/code') =>
  ({ kind: 'callable', name, entrypoint, folder }) as const

it('lists what the settings name beside what is served, and the default one by being set', () => {
  const named = config({ listed: { a: 'm:a' }, entrypoint: 'quant.run:main' })
  expect(callableSources([file], named)).toEqual([
    file,
    listed('a', 'm:a'),
    listed('quant.run.main', 'quant.run:main'),
  ])
  // By either of its names.
  for (const entrypoint of ['a', 'm:a'])
    expect(callableSources([], config({ listed: { a: 'm:a' }, entrypoint }))).toEqual([
      listed('a', 'm:a'),
    ])
})

it('serves none where callables are off', () => {
  const off = config({ enabled: false, listed: { a: 'm:a' }, entrypoint: 'm:b' })
  expect(callableSources([file, listed('c', 'm:c')], off)).toEqual([file])
})

it('refuses a name that cannot be part of a URL', () => {
  for (const name of ['', '../a', 'a b', '-a', 'x'.repeat(65)])
    expect(() => callableSources([], config({ listed: { [name]: 'm:a' } }))).toThrow(
      /part of its URL/,
    )
})

it('reads a list of tasks, alone or below a word, and nothing else', async () => {
  const tasks = [listed('a', 'm:a'), listed('b', './x.ts:b')]
  for (const text of [
    'a: m:a\nb: ./x.ts:b',
    'tasks:\n  a: m:a\n  b: ./x.ts:b',
    '{"a":"m:a","b":"./x.ts:b"}',
  ])
    expect(await parseTasks(text, '/code/tasks.yml')).toEqual(tasks)
  for (const text of ['', '[]', 'a: [b]', 'a: 1', 'tasks: {}', 'a: m:a\na: m:b', '{'])
    await expect(parseTasks(text, 'tasks.yml'), text).rejects.toThrow(/^(tasks\.yml|A task)/)
})
