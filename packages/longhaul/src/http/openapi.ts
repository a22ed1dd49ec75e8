import type { Runner } from '../runners/runner.ts'
import { actionPaths } from './action-operations.ts'
import { processorPaths, type Operation, type SchemaObject } from './processor-operations.ts'

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, SchemaObject>> }
  readonly [field: string]: unknown
}

/** Tags of the older systems start with this. */
export const compatTag = 'system '

/** Adds each processor's own routes, and to every route how it fails. */
export function completeDocument(
  document: OpenApiDocument,
  runners: ReadonlyMap<string, Runner>,
): OpenApiDocument {
  const paths: Record<string, Record<string, Operation>> = {}
  const schemas = { ...document.components?.schemas }
  for (const { description, actions } of runners.values()) {
    if (description.callable !== undefined) continue // POST /run/{task} is described once for all
    for (const own of [
      ...(description.jobs === false ? [] : [processorPaths(description)]),
      ...(actions === undefined ? [] : [actionPaths(description)]),
    ]) {
      for (const [path, operations] of Object.entries(own.paths))
        paths[path] = { ...paths[path], ...operations }
      Object.assign(schemas, own.schemas)
    }
  }
  for (const [path, operations] of Object.entries(document.paths))
    paths[path] = Object.fromEntries(
      Object.entries(operations).map(([method, operation]) => [method, withProblem(operation)]),
    )
  return { ...document, paths, components: { ...document.components, schemas } }
}

/** The routes of one kind, with what they refer to and nothing else. */
export function partOf(document: OpenApiDocument, part: 'native' | 'compat'): OpenApiDocument {
  const belongs = (tag: string): boolean => tag.startsWith(compatTag) === (part === 'compat')
  const paths: Record<string, Record<string, Operation>> = {}
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(operations)) {
      const tags = (operation.tags ?? []).filter(belongs)
      if (tags.length > 0) (paths[path] ??= {})[method] = { ...operation, tags }
    }
  const { schemas } = document.components
  return {
    ...document,
    paths,
    components: { ...document.components, schemas: reachable(paths, schemas) },
  }
}

function reachable(
  from: unknown,
  schemas: OpenApiDocument['components']['schemas'],
): Record<string, SchemaObject> {
  const found: Record<string, SchemaObject> = {}
  const visit = (node: unknown): void => {
    for (const [, name = ''] of JSON.stringify(node).matchAll(
      /"#\/components\/schemas\/([^"/]+)"/g,
    )) {
      const schema = schemas[name]
      if (schema === undefined || name in found) continue
      found[name] = schema
      visit(schema)
    }
  }
  visit(from)
  return found
}

const withProblem = (operation: Operation): Operation => ({
  ...operation,
  responses: {
    ...operation.responses,
    default: {
      description: 'What went wrong (RFC 9457)',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  },
})
