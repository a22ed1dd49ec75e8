import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { parseEntrypoint } from '../runners/index.ts'
import type { Runner } from '../runners/runner.ts'
import { isCalled } from './callable-sources.ts'

type Served = Pick<Services, 'runners' | 'broken'>

/** One that the operator lists; without a runner where it cannot be loaded. */
export interface Listed {
  readonly name: string
  readonly entrypoint: string
  readonly runner?: Runner
  readonly detail?: string
}

/** Everything that a request may name, in the order of the list. */
export function listedCallables({ runners, broken }: Served): readonly Listed[] {
  const loaded = [...runners.values()].flatMap((runner) => {
    const { name, callable } = runner.description
    return callable === undefined ? [] : [{ name, entrypoint: callable, runner }]
  })
  const failed = broken.flatMap(({ name, callable, detail }) =>
    callable === undefined ? [] : [{ name, entrypoint: callable, detail }],
  )
  return [...loaded, ...failed]
}

/**
 * What a request names by entrypoint or name; nothing is loaded for it. Throws 'entrypoint-invalid', 'entrypoint-not-listed'
 * and 'entrypoint-broken'.
 */
export function entrypointFor(services: Served, said: string): Runner {
  const found = listedCallables(services).find((one) => isCalled(one, said))
  if (found !== undefined) return runnerOf(found)
  const shown = JSON.stringify(said.slice(0, 200))
  if (said.startsWith(':'))
    throw new LonghaulError('entrypoint-invalid', `Empty module name in ${shown}.`)
  if (parseEntrypoint(said) === undefined)
    throw new LonghaulError(
      'entrypoint-invalid',
      `An entrypoint is module:callable, or a name that GET /callables lists; got ${shown}.`,
    )
  throw new LonghaulError(
    'entrypoint-not-listed',
    `The operator of this service does not list ${shown}; GET /callables has what may be called.`,
  )
}

/** Throws 'task-not-found', 'entrypoint-broken'. */
export function taskFor(services: Served, name: string): Runner {
  const listed = listedCallables(services)
  const found = listed.find((one) => one.name === name)
  if (found !== undefined) return runnerOf(found)
  const names = listed.map((one) => one.name).join(', ') || 'none'
  throw new LonghaulError(
    'task-not-found',
    `Task ${name.slice(0, 100)} not found; this service has ${names}.`,
  )
}

function runnerOf({ entrypoint, runner, detail }: Listed): Runner {
  if (runner !== undefined) return runner
  throw new LonghaulError('entrypoint-broken', detail ?? `${entrypoint} cannot be loaded.`)
}
