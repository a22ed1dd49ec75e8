import type { DatasetFields, UploadSource } from '@longhaul/protocol'
import { randomUUID } from 'node:crypto'
import type { Services } from '../app/services.ts'
import type { Write } from '../database/database.ts'
import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import type { NewJob, Scope } from '../jobs/engine.ts'
import { moveDataset } from './dataset-status.ts'
import { findDataset } from './find-dataset.ts'
import { insertDataset } from './new-dataset.ts'
import { uploadJob, type UploadInput } from './upload-job.ts'

export interface SubmitUpload {
  /** Of the job; its row of `portal_upload` may be there already. */
  readonly id: string
  readonly owner: string
  readonly scope: Scope
  readonly fields: DatasetFields
  readonly sourceType: UploadSource
  readonly sourcePath: string | null
  readonly totalBytes: number | null
  /** Whether the row is there: an upload whose bytes came before its fields. */
  readonly isBegun: boolean
}
/** Submits the job with what must commit with it; throws as the engine does. */
export type SubmitJob = (also: readonly Write[]) => Promise<unknown>

const maxTries = 40

/**
 * Upload, dataset and job come about together or not at all. Throws 'dataset-not-found' for one to add to that is not there.
 * Answers the dataset's UUID.
 */
export async function submitUpload(
  services: Services,
  request: SubmitUpload,
  submit: SubmitJob,
): Promise<string> {
  const { id, owner, scope, fields, sourceType, sourcePath, totalBytes } = request
  const existing = fields.add_to_existing
    ? await findDataset(services, identifierOf(fields), scope)
    : undefined
  const uuid = existing?.uuid ?? randomUUID()
  const own: Write = request.isBegun
    ? {
        statement: 'portal.submitted',
        params: [id, fields.user_email, uuid, totalBytes],
        expectRows: 1,
      }
    : {
        statement: 'portal.insert',
        params: [id, owner, fields.user_email, sourceType, uuid, null, null, totalBytes],
      }
  const queued = { uuid, from: 'submitted', to: 'upload queued', reason: `upload ${id}` } as const
  for (let attempt = 0; ; attempt++) {
    const dataset =
      existing === undefined
        ? [
            ...(await insertDataset(
              services,
              { uuid, owner, fields, sourceType, sourcePath, jobId: id },
              attempt,
            )),
            ...moveDataset(queued),
          ]
        : [{ statement: 'dataset.touch', params: [uuid], expectRows: 1 }]
    try {
      await submit([...dataset, own])
      return uuid
    } catch (error) {
      // Its number or its slug went to another one meanwhile.
      if (!isLonghaulError(error, 'write-conflict') || attempt >= maxTries) throw error
    }
  }
}

/** The job of an upload whose bytes the service has, or can reach. */
export const submitUploadJob =
  (
    { engine }: Pick<Services, 'engine'>,
    id: string,
    owner: string,
    input: UploadInput,
  ): SubmitJob =>
  async (also) => {
    const job: NewJob = { ...uploadJob, id, owner, params: { input: { ...input } } }
    const [outcome] = await engine.submit([job], also)
    if (outcome?.kind === 'conflict')
      throw new LonghaulError('job-exists', `Upload ${id} has been completed already.`)
  }

function identifierOf({ dataset_identifier }: DatasetFields): string {
  if (dataset_identifier) return dataset_identifier
  throw new LonghaulError(
    'bad-request',
    'add_to_existing needs dataset_identifier: the UUID, slug, number or name of the dataset.',
  )
}
