import { expect, it } from 'vitest'
import { actionUrls, checkActionPaths } from './index.ts'

const served = (path: string, methods: ('GET' | 'POST')[] = ['POST'], name = 'one') =>
  actionUrls({ name: 'p' }, { name, path, methods })

it('is found by its name, at its path, and there once more below the processor', () => {
  expect(served('/a/{b}/c').map(({ url }) => url)).toEqual([
    '/processors/p/actions/one',
    '/a/:b/c',
    '/processors/p/a/:b/c',
  ])
})

it('takes no path that somebody else answers, for all or for some of what it stands for', () => {
  const core = [
    { url: '/jobs/:id', methods: ['GET', 'HEAD'] },
    { url: '/docs/*', methods: ['GET'] },
    { url: '/health/live', methods: ['GET'] },
  ]
  const check = (path: string, method: 'GET' | 'POST' = 'GET') =>
    checkActionPaths(served(path, [method]), core)
  for (const path of ['/jobs/{x}', '/jobs/next', '/docs/more/pages', '/health/{what}', '/{a}/live'])
    expect(() => check(path), path).toThrow(/is a route of the service/)
  for (const path of ['/jobs', '/jobs/{x}/more', '/Jobs/x', '/health/alive'])
    expect(() => check(path), path).not.toThrow()
  expect(() => check('/jobs/{x}', 'POST')).not.toThrow()
  const both = [...served('/a/{x}'), ...served('/a/b', ['GET', 'POST'], 'two')]
  expect(() => checkActionPaths(both, [])).toThrow(
    'p.two cannot be served at /a/b: p.one is served at /a/:x',
  )
})
