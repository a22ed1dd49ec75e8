import type { Runner } from '../runners/runner.ts'
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
  for (const { description } of runners.values()) {
    const own = processorPaths(description)
    Object.assign(paths, own.paths)
    Object.assign(schemas, own.schemas)
  }
  for (const [path, operations] of Object.entries(document.paths))
    paths[path] = Object.fromEntries(
      Object.entries(operations).map(([method, operation]) => [method, withProblem(operation)]),
    )
  return { ...document, paths, components: { ...document.components, schemas } }
}

/** The routes of one kind, with everything they refer to. */
export function partOf(document: OpenApiDocument, part: 'native' | 'compat'): OpenApiDocument {
  const wanted = ({ tags = [] }: Operation): boolean =>
    tags.some((tag) => tag.startsWith(compatTag)) === (part === 'compat')
  const paths = Object.entries(document.paths)
    .map(([path, operations]) => {
      const kept = Object.entries(operations).filter(([, operation]) => wanted(operation))
      return [path, Object.fromEntries(kept)] as const
    })
    .filter(([, operations]) => Object.keys(operations).length > 0)
  return { ...document, paths: Object.fromEntries(paths) }
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
