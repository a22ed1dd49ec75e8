import { setTimeout as sleep } from 'node:timers/promises'
import { actionUrls } from '../actions/index.ts'
import type { ProcessorSource, Runner } from '../runners/runner.ts'
import type { Worker } from '../worker/index.ts'
import type { Config } from './config.ts'
import { openProcessors, type OpenedProcessors } from './open-processors.ts'

/** What became of a file that was loaded again. `refused`: nothing changed, what served before goes on. */
export type Reloaded =
  | { readonly kind: 'reloaded'; readonly runners: readonly Runner[] }
  | { readonly kind: 'refused'; readonly detail: string }

/**
 * Loads a source again beside its running self, and takes it into service when it is warm: jobs that run end with the code they
 * began with, the next ones begin with the new. Code that cannot be loaded, or whose setup fails, changes nothing.
 */
export async function reloadSource(
  parts: {
    readonly config: Config
    readonly opened: OpenedProcessors
    readonly worker: Worker | undefined
    /** Aborts when the service stops: a setup that has begun is not waited for. */
    readonly signal: AbortSignal
  },
  source: ProcessorSource,
): Promise<Reloaded> {
  const { config, opened, worker, signal } = parts
  const next = await openProcessors([source], config)
  const runners = [...next.runners.values()]
  const objection =
    next.broken[0]?.detail ??
    inlineIn(runners) ??
    takenIn(opened, source, runners) ??
    movedIn(opened, source, runners) ??
    (await warm(runners, signal))
  if (objection !== undefined) {
    await Promise.all(runners.map((runner) => runner.stop()))
    return { kind: 'refused', detail: objection }
  }
  const before = (opened.namesOf.get(source) ?? []).flatMap(
    (name) => opened.runners.get(name) ?? [],
  )
  for (const { description } of before) opened.runners.delete(description.name)
  for (const [name, runner] of next.runners) opened.runners.set(name, runner)
  opened.namesOf.set(source, [...next.runners.keys()])
  opened.forgive(source)
  // Nobody can begin with them any more; what did has their processes to itself until its end.
  for (const runner of before)
    opened.leaving.add(
      (async () => {
        await worker?.freeOf(runner)
        await runner.stop()
      })(),
    )
  return { kind: 'reloaded', runners }
}

/** Its module is in this process for good. */
function inlineIn(runners: readonly Runner[]): string | undefined {
  const inline = runners.find(({ description }) => description.runner === 'inline')
  return (
    inline &&
    `${inline.description.name} runs inside the service (runner: 'inline'): start the service again to load it.`
  )
}

/** Where actions are answered is fixed when the service starts. */
function movedIn(
  { runners, namesOf }: OpenedProcessors,
  source: ProcessorSource,
  next: readonly Runner[],
): string | undefined {
  const before = (namesOf.get(source) ?? []).flatMap((name) => runners.get(name) ?? [])
  if (before.length === 0) return undefined // it could not be loaded before: its jobs at least are served now
  const urls = (of: readonly Runner[]): string =>
    of
      .flatMap(({ description }) =>
        (description.actions ?? []).flatMap((action) => actionUrls(description, action)),
      )
      .map(({ url, methods }) => `${methods.join()} ${url}`)
      .sort()
      .join()
  return urls(before) === urls(next)
    ? undefined
    : 'The paths of its actions changed: start the service again to load it.'
}

function takenIn(
  { runners, namesOf }: OpenedProcessors,
  source: ProcessorSource,
  next: readonly Runner[],
): string | undefined {
  const own = new Set(namesOf.get(source))
  const taken = next.find(({ description: { name } }) => runners.has(name) && !own.has(name))
  return taken && `Another file has a processor called ${taken.description.name} already.`
}

async function warm(runners: readonly Runner[], signal: AbortSignal): Promise<string | undefined> {
  for (const runner of runners) {
    while (runner.state().kind === 'starting' && !signal.aborted) await sleep(20)
    if (signal.aborted) return 'The service stops.'
    const state = runner.state()
    if (state.kind === 'broken') return state.problem.detail
  }
  return undefined
}
