import { ingestStarted, type IngestStarted } from '@longhaul/protocol'

const { job_id: text, files } = ingestStarted.shape

/** `POST /ingest/start` with bins. */
export const binsStarted = ingestStarted.omit({ files: true }).extend({
  bins: ingestStarted.pick({ files: true }).extend({ bin_id: text }).array(),
})

/** `GET /ingest/{job_id}`: with fresh URLs of what is missing. */
export const ingestSeen = ingestStarted.extend({
  status: text,
  files: files.element.extend({ status: text }).array(),
})

export type StartedFile = IngestStarted['files'][number]
