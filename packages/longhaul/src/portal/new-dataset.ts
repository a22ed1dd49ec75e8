import type { DatasetFields } from '@longhaul/protocol'
import { randomInt } from 'node:crypto'
import type { Services } from '../app/services.ts'
import type { Write } from '../database/database.ts'

export interface NewDataset {
  readonly uuid: string
  readonly owner: string
  readonly fields: DatasetFields
  readonly sourceType: string
  readonly sourcePath: string | null
  /** The upload that makes it. */
  readonly jobId: string
}

/**
 * What writes a dataset that is not there yet; it begins as `submitted`. Number and slug are its own: where another takes one
 * of them first, the write conflicts, and the next `attempt` has others.
 */
export async function insertDataset(
  { database }: Pick<Services, 'database'>,
  { uuid, owner, fields, sourceType, sourcePath, jobId }: NewDataset,
  attempt: number,
): Promise<readonly Write[]> {
  const base = slugOf(fields, new Date())
  const like = `${base}-`
  const [row] = await database.read<{ n: number }>('dataset.slugs', [base, like.length, like])
  const others = (row?.n ?? 0) + attempt
  const params = [
    uuid,
    numberFor(attempt),
    others === 0 ? base : `${base}-${others + 1}`,
    owner,
    fields.dataset_name,
    fields.user_email,
    fields.sensor,
    Number(fields.convert),
    Number(fields.is_public),
    Number(fields.is_public && fields.is_public_downloadable),
    fields.folder ?? null,
    fields.team_uuid ?? null,
    JSON.stringify(fields.tags),
    sourceType,
    sourcePath,
    jobId,
  ]
  return [
    { statement: 'dataset.insert', params, expectRows: 1 },
    { statement: 'dataset.log-new', params: [uuid, `upload ${jobId}`] },
  ]
}

/** Five digits; more once those are hard to find. */
function numberFor(attempt: number): number {
  const digits = Math.min(9, 5 + Math.floor(attempt / 10))
  return randomInt(10 ** (digits - 1), 10 ** digits)
}

/** `<user>-<name>-<year>` */
export function slugOf(
  { user_email, dataset_name }: Pick<DatasetFields, 'user_email' | 'dataset_name'>,
  at: Date,
): string {
  const words = [user_email.split('@')[0] ?? '', dataset_name].map(
    (text) =>
      text
        .normalize('NFKD')
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, '-')
        .slice(0, 80)
        .replaceAll(/^-+|-+$/g, '') || 'x',
  )
  return `${words.join('-')}-${at.getUTCFullYear()}`
}
