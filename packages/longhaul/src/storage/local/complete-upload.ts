import { chmod } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LonghaulError, isLonghaulError } from '../../errors/index.ts'
import { mediaTypeOf } from '../media-type-of.ts'
import { sortParts, uploadNotFound, type NamedPart } from '../named-parts.ts'
import type { ObjectInfo, UploadRef } from '../object-store.ts'
import { assemble } from './assemble.ts'
import { giveUp } from './claim-upload.ts'
import { isMissing } from './file-errors.ts'
import type { Folder } from './folder.ts'
import type { Journals } from './journal.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { placeParts, type Assembled } from './place-parts.ts'
import { infoOf, publish, statOf } from './publish.ts'
import type { Records, Version } from './records.ts'
import { digestOf, dropUpload, findUpload, isPlaced, type UploadFolder } from './upload-folder.ts'
import { planFor, readPlan, type Plan } from './upload-plan.ts'
import { checkSha256 } from '../check-bytes.ts'

/**
 * Publishes an upload. The object's record names the upload and its parts, so that the question "is it done?" has one
 * answer, which the rename gave: whoever asks again, after a crash at any point too, gets the same object.
 */
export function completeUpload(
  folder: Folder,
  records: Records,
  journals: Journals,
  ref: UploadRef,
  named: readonly NamedPart[],
  digests: { readonly sha256: string | undefined; readonly known: string | undefined },
): Promise<ObjectInfo> {
  const { sha256 } = digests
  return oneAtATime(`upload ${ref.uploadId}`, async () => {
    const parts = sortParts(named)
    for (;;) {
      const done = await publishedBy(folder, records, ref)
      const upload = await findUpload(folder, ref)
      if (done) {
        if (done.parts !== digestOf(parts)) throw completeAlready()
        if (done.sha256 !== undefined) checkSha256(done.sha256, sha256)
        if (upload) await dropUpload(folder, upload)
        return done.info
      }
      if (!upload) throw uploadNotFound(ref)
      let isPlanned = false
      try {
        const plan = await planFor(folder, journals, upload, parts, digests)
        isPlanned = true
        const info = await carryOut(folder, records, upload, plan, sha256)
        if (info) return info
        await sleep(50) // another process is at it
      } catch (error) {
        if (!isGone(error)) throw error
        // Another process has just used up what we looked for: its answer is ours, or its plan.
        const isElsewhere = !isPlanned && (await readPlan(upload)) !== undefined
        if (!isElsewhere && !(await publishedBy(folder, records, ref))) throw error
      }
    }
  })
}

async function carryOut(
  folder: Folder,
  records: Records,
  upload: UploadFolder,
  plan: Plan,
  sha256: string | undefined,
): Promise<ObjectInfo | undefined> {
  const [first] = plan.parts
  const source: Assembled | undefined = isPlaced(upload)
    ? await placeParts(upload, plan, sha256)
    : plan.parts.length === 1 && first
      ? { file: path.join(upload.path, first.file), sha256: first.sha256 }
      : await assemble(folder, upload, plan)
  if (!source) return undefined
  try {
    if (source.sha256 !== undefined) checkSha256(source.sha256, sha256)
    await chmod(source.file, 0o444)
    const info = await publish(folder, records, upload.key, {
      ...source,
      mediaType: upload.mediaType ?? mediaTypeOf(upload.key),
      upload: { id: upload.id, parts: plan.digest },
    })
    await dropUpload(folder, upload)
    return info
  } catch (error) {
    if (plan.parts.length > 1 || isPlaced(upload)) await giveUp(upload)
    throw error
  }
}

interface Published {
  readonly info: ObjectInfo
  readonly parts: string
  readonly sha256: string | undefined
}

/** The object that this upload has become, if the key still has it. */
export async function publishedBy(
  folder: Folder,
  records: Records,
  ref: UploadRef,
): Promise<Published | undefined> {
  const file = await statOf(folder.objectPath(ref.key))
  const version: Version | undefined = file && (await records.find(ref.key, file))
  if (!file || version?.upload?.id !== ref.uploadId) return undefined
  return {
    info: infoOf(ref.key, file, version),
    parts: version.upload.parts,
    sha256: version.sha256,
  }
}

const isGone = (error: unknown): boolean =>
  isMissing(error) ||
  isLonghaulError(error, 'upload-not-found') ||
  isLonghaulError(error, 'invalid-part')

const completeAlready = () =>
  new LonghaulError(
    'upload-complete',
    'The upload is complete already, with other parts. Start a new upload to store something else.',
  )
