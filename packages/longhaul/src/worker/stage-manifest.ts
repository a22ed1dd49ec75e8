import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { LonghaulError } from '../errors/index.ts'
import type { FileRef } from '../jobs/job.ts'
import { pathOfUrl } from '../outbound/index.ts'
import type { StagedFile } from '../runners/messages.ts'
import type { ManifestContent } from './manifest-files.ts'

/** Every file of a manifest in its order, those of a bin marked with its id; `stage` puts one into the workspace. */
export async function stageManifest(
  content: ManifestContent,
  stage: (ref: FileRef) => Promise<StagedFile>,
  signal: AbortSignal,
): Promise<readonly StagedFile[]> {
  const staged: StagedFile[] = []
  if ('files' in content) {
    for (const uri of content.files) staged.push(await stage(refOf(uri)))
    return staged
  }
  for (const { bin_id: bin, files, sha256 } of content.bins) {
    const first = staged.length
    for (const uri of files) staged.push(await stage({ ...refOf(uri), bin }))
    if (sha256 != null) await checkBin(bin, staged.slice(first), sha256.toLowerCase(), signal)
  }
  return staged
}

const refOf = (uri: string): FileRef => ({
  uri,
  name: path.posix.basename(pathOfUrl(uri) ?? uri),
})

async function checkBin(
  bin: string,
  files: readonly StagedFile[],
  expected: string,
  signal: AbortSignal,
): Promise<void> {
  const hash = createHash('sha256')
  for (const file of files)
    for await (const chunk of createReadStream(file.path, { highWaterMark: 1024 * 1024, signal }))
      hash.update(chunk as Buffer)
  const found = hash.digest('hex')
  if (found === expected) return
  throw new LonghaulError(
    'checksum-mismatch',
    `The files of the bin ${bin}, one after the other, have SHA-256 ${found}, expected ${expected}.`,
  )
}
