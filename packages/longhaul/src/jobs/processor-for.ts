import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Runner } from '../runners/runner.ts'

type Served = Pick<Services, 'runners' | 'broken'>

/**
 * The processor of that name, or the only one where none is named. Throws 'processor-required', 'processor-not-found', and
 * 'processor-broken' with what its file said.
 */
export function processorFor({ runners, broken }: Served, name: string | undefined): Runner {
  // A callable is what its name says, never what is meant where nobody says anything.
  const names = [
    ...[...runners.values()]
      .filter(({ description }) => description.callable === undefined)
      .map(({ description }) => description.name),
    ...broken.filter(({ callable }) => callable === undefined).map(({ name }) => name),
  ]
  const wanted = name ?? (names.length === 1 ? names[0] : undefined)
  if (wanted === undefined) {
    throw new LonghaulError(
      'processor-required',
      names.length === 0
        ? 'This service serves no processor.'
        : `Say which processor: add ?processor= or a field "processor" (in a form: before the files) with one of ${names.join(', ')}.`,
      { facts: { processors: names } },
    )
  }
  const runner = runners.get(wanted)
  if (runner) return runner
  const failed = broken.find((one) => one.name === wanted)
  if (failed) throw new LonghaulError('processor-broken', failed.detail)
  throw new LonghaulError(
    'processor-not-found',
    `Processor ${wanted} not found; this service has ${names.join(', ') || 'none'}.`,
  )
}
