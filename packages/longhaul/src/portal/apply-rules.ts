import type { Services } from '../app/services.ts'
import type { Write } from '../database/database.ts'
import { isLonghaulError } from '../errors/index.ts'
import { newJobId, prepareJson, processorFor, submitJob } from '../jobs/index.ts'
import type { DatasetFileRow } from './portal-statements.ts'
import { onlyFileField, ruleFor, type RuledFile } from './rules.ts'

interface Candidate extends RuledFile {
  readonly owner: string
  readonly reference: { readonly upload_id: string } | { readonly uri: string }
  /** Commits with the job: what says that the rules have been asked about this file. */
  readonly done: (jobId: string | null) => Write
}

/**
 * Asks the rules about files that have become complete: those of datasets, and uploads that are of none. Job and answer
 * commit together, so each file makes one job at most, however many processes ask. Whether there
 * was anything to do, and whether there may be more.
 */
export async function applyRules(
  services: Services,
): Promise<{ readonly moved: boolean; readonly left: boolean }> {
  if (services.config.rules.length === 0) return { moved: false, left: false }
  const files = await candidates(services)
  let moved = false
  for (const file of files) {
    try {
      await apply(services, file)
      moved = true
    } catch (error) {
      // Somebody else was faster, or the file waits: for room in the queue, for a processor that can be loaded.
      if (isLonghaulError(error) && waiting.has(error.code)) continue
      throw error
    }
  }
  return { moved, left: files.length > 0 }
}

const waiting = new Set(['write-conflict', 'queue-full', 'processor-broken'])

async function candidates({ database }: Services): Promise<readonly Candidate[]> {
  const [files, uploads] = await Promise.all([
    database.read<DatasetFileRow & { owner: string }>('rules.files', []),
    database.read<{ id: string; owner: string; filename: string; media_type: string | null }>(
      'rules.uploads',
      [],
    ),
  ])
  return [
    ...files.map((file) => ({
      name: file.name,
      mediaType: file.media_type,
      owner: file.owner,
      reference: file.upload_id === null ? { uri: file.uri } : { upload_id: file.upload_id },
      done: (jobId: string | null) => ({
        statement: 'rules.file-done',
        params: [file.dataset_uuid, file.name, file.job_id, jobId],
        expectRows: 1,
      }),
    })),
    ...uploads.map((upload) => ({
      name: upload.filename,
      mediaType: upload.media_type,
      owner: upload.owner,
      reference: { upload_id: upload.id },
      done: (jobId: string | null) => ({
        statement: 'rules.upload-done',
        params: [upload.id, jobId],
        expectRows: 1,
      }),
    })),
  ]
}

async function apply(services: Services, file: Candidate): Promise<void> {
  const { config, database, log } = services
  const rule = ruleFor(config.rules, file)
  if (rule === undefined) return database.write([file.done(null)])
  try {
    const { description } = processorFor(services, rule.processor)
    const field = onlyFileField(description)
    const by = { owner: file.owner, scope: { owner: file.owner } }
    const input = { [field.name]: field.many ? [file.reference] : file.reference }
    const options = { tags: ['automatic'] }
    const submission = await prepareJson(
      services,
      description,
      { family: 'input', input, options },
      by,
    )
    const id = newJobId(submission.kind)
    await submitJob(services, { ...submission, id }, [file.done(id)])
  } catch (error) {
    const isFinal =
      isLonghaulError(error) && !waiting.has(error.code) && error.code !== 'unavailable'
    if (!isFinal) throw error
    // What the processor refuses it will refuse again: the upload itself is none the worse.
    log.warn({ err: error, rule: rule.match, file: file.name }, 'a rule made no job')
    await database.write([file.done(null)])
  }
}
