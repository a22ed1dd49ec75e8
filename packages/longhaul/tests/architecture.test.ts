import path from 'node:path'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { beforeAll, expect, it } from 'vitest'
import { forbidden } from './architecture-rules.ts'

const root = path.join(import.meta.dirname, '../../..')
let result: ICruiseResult

beforeAll(async () => {
  const { output } = await cruise(['packages', 'examples'], {
    baseDir: root,
    validate: true,
    ruleSet: { forbidden },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(packages|examples)/[^/]+/(dist|node_modules)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['longhaul-source', 'import', 'node', 'default', 'types'],
    },
  })
  result = output as ICruiseResult
}, 60_000)

it('sees the source, the packages it imports and the links between workspaces', () => {
  const links = new Map(
    result.modules.map((module) => [
      module.source,
      module.dependencies.map((dependency) => dependency.resolved),
    ]),
  )
  const ours = [...links.keys()].filter((file) => file.startsWith('packages'))
  expect(ours.length).toBeGreaterThan(100)
  const errors = links.get('packages/longhaul/src/errors/longhaul-error.ts')
  expect(errors).toEqual(['packages/protocol/src/index.ts'])
  expect([...links.keys()].some((file) => file.startsWith('node_modules/fastify/'))).toBe(true)
})

it('has no rule that matches nothing, so that a renamed folder cannot switch one off', () => {
  const sources = result.modules.map((module) => module.source)
  const idle = forbidden.filter(({ from }) => {
    const wanted = 'path' in from && typeof from.path === 'string' ? new RegExp(from.path) : /^/
    return !sources.some((source) => wanted.test(source))
  })
  expect(idle.map((rule) => rule.name)).toEqual([])
})

it('lets nobody know whom they should not', () => {
  const broken = result.summary.violations.map(
    (violation) => `${violation.rule.name}: ${violation.from} → ${violation.to}`,
  )
  expect(broken).toEqual([])
})
