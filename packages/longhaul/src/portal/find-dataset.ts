import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Scope } from '../jobs/engine.ts'
import type { DatasetRow } from './portal-statements.ts'

export const ownerIn = (scope: Scope): string | null => (scope === 'everyone' ? null : scope.owner)

/**
 * By UUID, slug, number, or a name that only one has. Another owner's is as unknown as none. An identifier is looked up and
 * nothing else: no path is made of it.
 */
export async function findDataset(
  { database }: Pick<Services, 'database'>,
  identifier: string,
  scope: Scope,
): Promise<DatasetRow> {
  const number = /^\d{5,9}$/.test(identifier) ? Number(identifier) : -1
  // PostgreSQL takes no NUL in a text.
  const asked = identifier.includes('\0') ? '' : identifier
  const params = [asked, number, ownerIn(scope)]
  const [found, other] = await database.read<DatasetRow>('dataset.find', params)
  const shown = JSON.stringify(identifier.slice(0, 80))
  if (found === undefined)
    throw new LonghaulError('dataset-not-found', `There is no dataset ${shown}.`)
  const isByName = ![found.uuid, found.slug].includes(asked) && found.number !== number
  if (isByName && other?.name === asked)
    throw new LonghaulError(
      'dataset-not-found',
      `Several datasets are called ${shown}; name one by its UUID, slug or number.`,
    )
  return found
}
