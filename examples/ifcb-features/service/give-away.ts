import { createReadStream } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import type { Outputs } from 'longhaul'
import type { FinishedResult } from '../files/growing-results.ts'
import { resultNamesOf } from '../files/result-names.ts'
import { binReport } from '../report/bin-report.ts'
import type { PlannedBin } from './job-bins.ts'

const mediaTypes = { features: 'text/csv', multiblob: 'text/csv', blobs: 'application/zip' } as const

/** The results of a bin that is done become outputs of the job, with a page about them; the workspace forgets them. */
export async function giveAway(
  outputs: Outputs,
  { files, rois }: PlannedBin,
  finished: readonly FinishedResult[],
): Promise<void> {
  const paths = new Map(finished.map(({ kind, path }) => [kind, path]))
  const [features, blobs] = [paths.get('features'), paths.get('blobs')]
  if (features === undefined || blobs === undefined) return
  const results = { features: await readFile(features, 'utf8'), blobs: await readFile(blobs) }
  const page = await binReport(files, rois, results)
  await outputs.write(resultNamesOf(files.bin).report, page, { mediaType: 'text/html' })
  for (const { kind, name, path } of finished) {
    await outputs.write(name, createReadStream(path), { mediaType: mediaTypes[kind] })
    await rm(path)
  }
}
