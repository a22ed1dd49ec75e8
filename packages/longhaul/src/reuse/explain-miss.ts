import type { CacheDifference, CacheOutcome } from '@longhaul/protocol'
import type { ShortIdentity } from './identity.ts'

/** Everything in which two results differ, in the order in which people look for it. */
export function differencesOf(here: ShortIdentity, there: ShortIdentity): CacheDifference[] {
  return [
    ...differs('version', { '': here.version }, { '': there.version }),
    ...differs('code', { '': here.code }, { '': there.code }),
    ...differs('parameter', here.parameters, there.parameters),
    ...differs('input', here.inputs, there.inputs),
  ]
}

function differs(
  component: CacheDifference['component'],
  here: Readonly<Record<string, string | null>>,
  there: Readonly<Record<string, string | null>>,
): CacheDifference[] {
  const names = [...new Set([...Object.keys(here), ...Object.keys(there)])]
  return names.flatMap((name) => {
    const [mine, its] = [here[name] ?? null, there[name] ?? null]
    if (mine === its) return []
    return [{ component, name: name === '' ? null : name, here: mine, there: its }]
  })
}

export interface Nearest {
  readonly jobId: string
  readonly differences: readonly CacheDifference[]
}

/** The fewest differences; of equals the first, which is the newest. */
export function nearestOf<Candidate extends { readonly identity: ShortIdentity }>(
  here: ShortIdentity,
  candidates: readonly Candidate[],
): { readonly candidate: Candidate; readonly differences: CacheDifference[] } | undefined {
  let best: { candidate: Candidate; differences: CacheDifference[] } | undefined
  for (const candidate of candidates) {
    const differences = differencesOf(here, candidate.identity)
    if (best === undefined || differences.length < best.differences.length)
      best = { candidate, differences }
  }
  return best
}

/** Why the job was run, in one sentence. */
export function reasonOf(outcome: CacheOutcome, nearest: Nearest | undefined): string {
  switch (outcome) {
    case 'not-asked':
      return 'Neither the request (reuse) nor the processor asked for a result that is there already.'
    case 'forced':
      return 'The request wanted it made anew.'
    case 'unknown':
      return 'The digest of an input was not known when the job was submitted, so nothing could be compared.'
    case 'outputs-gone':
      return `The result was there${nearest === undefined ? '' : `, in ${nearest.jobId}`}, but some of its outputs are not in the store any more.`
    case 'missed':
      return nearest === undefined
        ? 'No job of this processor had completed before.'
        : missed(nearest)
  }
}

function missed({ jobId, differences }: Nearest): string {
  const [first] = differences
  if (first === undefined)
    return `${jobId} follows from the same, but had not completed when this one was submitted.`
  const words = differences.map(({ component, name }) =>
    name === null ? `the ${component}` : `the ${component} ${name}`,
  )
  const [last, ...others] = words.reverse()
  const listed = others.length === 0 ? last : `${others.reverse().join(', ')} and ${last}`
  return `The most similar job is ${jobId}; ${listed} ${words.length === 1 ? 'differs' : 'differ'}.`
}
