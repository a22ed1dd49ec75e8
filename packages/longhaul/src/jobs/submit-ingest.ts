import type { Services } from '../app/services.ts'
import { isLonghaulError } from '../errors/index.ts'
import type { CompleteUpload } from '../uploads/uploads.ts'
import { inputSchemaOf } from '../validation/index.ts'
import type { JobId } from './job.ts'
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
    const manifest = { files: files.map(({ uri }) => uri) }
    const [announced] = await services.database.read<{ url: string }>('callback.announced', [jobId])
    try {
      await submitJob(
        services,
        {
          id: jobId,
          kind: 'batch',
          owner,
          processor: description,
          params: { input: defaults.ok ? defaults.input : {}, manifest },
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
