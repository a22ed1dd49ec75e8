import type { Services } from '../app/services.ts'
import { isLonghaulError } from '../errors/index.ts'
import type { Scope } from './engine.ts'

type Sources = Pick<Services, 'config' | 'engine' | 'uploads'>

/**
 * Whether an object may be used as an input. Objects of jobs and uploads carry the id of theirs in the key
 * (`<prefix>/<id>/…`) and belong to its owner; what else lies in the bucket was put there by the operator, for all.
 */
export async function mayReadKey(
  { config, engine, uploads }: Sources,
  scope: Scope,
  key: string,
): Promise<boolean> {
  if (scope === 'everyone') return true
  const prefix = [config.datasetsPrefix, config.resultsPrefix].find((one) =>
    key.startsWith(`${one}/`),
  )
  const id = prefix === undefined ? undefined : key.slice(prefix.length + 1).split('/')[0]
  if (id === undefined) return true
  const [job] = await engine.get([id], 'everyone')
  if (job) return job.owner === scope.owner
  const uploadOf = (owner: string) =>
    uploads.get(id, owner).catch((error: unknown) => {
      if (isLonghaulError(error, 'upload-not-found')) return undefined
      throw error
    })
  return (await uploadOf(scope.owner)) !== undefined || (await uploadOf('everyone')) === undefined
}
