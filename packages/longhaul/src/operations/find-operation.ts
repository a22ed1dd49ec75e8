import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import type { OperationDescription, ProcessorDescription } from '../processor/index.ts'
import type { Runner } from '../runners/runner.ts'

export interface FoundOperation {
  readonly processor: ProcessorDescription
  readonly operation: OperationDescription
  /** Whether the word that was used is the one for several assets. */
  readonly isPlural: boolean
}
type Served = Pick<Services, 'runners'>

/** The operation that a path names. Throws 'not-found'. */
export function operationAt({ runners }: Served, slug: string): FoundOperation {
  for (const { description: processor } of runners.values()) {
    const { operation } = processor
    for (const { name, plural } of operation?.slugs ?? [])
      if (operation !== undefined && (slug === name || slug === plural))
        return { processor, operation, isPlural: slug === plural }
  }
  const known = [...runners.values()].flatMap(
    ({ description }) => description.operation?.slugs.map(({ name }) => name) ?? [],
  )
  throw new LonghaulError(
    'not-found',
    `There is no operation ${slug}; this service has ${known.join(', ') || 'none'}.`,
  )
}

/** Two operations that one path would mean. Throws 'invalid-config'. */
export function checkOperationNames(runners: Iterable<Pick<Runner, 'description'>>): void {
  const taken = new Map<string, string>()
  for (const { description } of runners)
    for (const slug of description.operation?.slugs.flatMap(({ name, plural }) => [name, plural]) ??
      []) {
      const other = taken.get(slug)
      if (other !== undefined)
        throw new LonghaulError(
          'invalid-config',
          `The operations ${other} and ${description.name} would both be /api/v1/${slug}; call one of them something else.`,
        )
      taken.set(slug, description.name)
    }
}
