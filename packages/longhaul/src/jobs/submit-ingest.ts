import type { Services } from '../app/services.ts'
import { isLonghaulError } from '../errors/index.ts'
import type { CompleteUpload } from '../uploads/uploads.ts'
import { inputSchemaOf } from '../validation/index.ts'
import type { FileRef, JobId, Manifest } from './job.ts'
import { batchTimeout, familyOf } from './prepare-submission.ts'
import { processorFor } from './processor-for.ts'
import { submitJob } from './submit-job.ts'

/** What the last completed file of an ingest does: its files, in the order they were announced, become the job. */
export function submitIngest(
  services: Services,
  { jobId, owner }: { readonly jobId: JobId; readonly owner: string },
): NonNullable<CompleteUpload['submit']> {
  return async (files, name, also) => {
    const { description } = processorFor(services, name)
    const defaults = inputSchemaOf(description).check({}, { place: ['body'], withoutFiles: true })
    const manifest = manifestOf(files)
    const input = defaults.ok ? defaults.input : {}
    const [announced] = await services.database.read<{ url: string }>('callback.announced', [jobId])
    try {
      await submitJob(
        services,
        {
          id: jobId,
          kind: 'batch',
          owner,
          processor: description,
          ...batchTimeout(services, description),
          params: { input, manifest, ...familyOf(description, manifest) },
          ...(announced === undefined ? {} : { callbackUrl: announced.url }),
        },
        announced === undefined
          ? also
          : [...also, { statement: 'callback.taken-over', params: [jobId] }],
      )
    } catch (error) {
      // The job and `also` commit together, so a job under this id means that all of it has happened.
      if (!isLonghaulError(error, 'job-exists')) throw error
    }
  }
}

/** Bins in the order in which the first file of each was announced. */
function manifestOf(files: readonly FileRef[]): Manifest {
  if (files.every(({ bin }) => bin === undefined)) return { files: files.map(({ uri }) => uri) }
  const bins = Map.groupBy(files, ({ bin }) => bin ?? '')
  return {
    bins: [...bins].map(([bin_id, own]) => ({
      bin_id,
      files: own.map(({ uri }) => uri),
      bytes: own.reduce((sum, { size = 0 }) => sum + size, 0),
    })),
  }
}
