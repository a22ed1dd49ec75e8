import type { Services } from '../app/services.ts'
import type { Scope } from './engine.ts'

type Sources = Pick<Services, 'config' | 'engine' | 'uploads'>

/**
 * Whether an object may be used as an input. Objects of jobs and uploads carry the id of theirs in the key
 * (`<prefix>/<id>/…`; checkpoints and logs under `jobs/`) and belong to its owner; what else lies in the bucket was put there
 * by the operator, for all.
 */
export async function mayReadKey(
  { config, engine, uploads }: Sources,
  scope: Scope,
  key: string,
): Promise<boolean> {
  if (scope === 'everyone') return true
  const prefix = [config.datasetsPrefix, config.resultsPrefix, 'jobs'].find((one) =>
    key.startsWith(`${one}/`),
  )
  const id = prefix === undefined ? undefined : key.slice(prefix.length + 1).split('/')[0]
  if (id === undefined) return true
  const [job] = await engine.get([id], 'everyone')
  // An ingest has the id of a job that is not there yet; its files know whose they are.
  const owner = job?.owner ?? (await uploads.ownerOf(key))
  return owner === undefined || owner === scope.owner
}
