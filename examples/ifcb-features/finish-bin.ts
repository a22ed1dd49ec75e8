import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { BinFiles, PlannedRoi } from '../ifcb-images/reader/index.ts'
import type { FinishedResult, GrowingResults } from './files/growing-results.ts'
import { resultNamesOf } from './files/result-names.ts'
import { binReport } from './report/bin-report.ts'

/**
 * Ends the results of a bin and makes the page about them, in the folder in which they grew. Answers what there is, the table of
 * features last: where it is, the others are. Nothing, for a bin without images.
 */
export async function finishBin(
  files: BinFiles,
  rois: readonly PlannedRoi[],
  results: GrowingResults,
): Promise<readonly FinishedResult[]> {
  const finished = results.finish()
  const [features, blobs] = (['features', 'blobs'] as const).map((kind) =>
    finished.find((result) => result.kind === kind),
  )
  if (features === undefined || blobs === undefined) return []
  const page = binReport(files, rois, {
    features: await readFile(features.path, 'utf8'),
    blobs: await readFile(blobs.path),
  })
  const name = resultNamesOf(files.bin).report
  const report = {
    kind: 'report',
    name,
    path: path.join(path.dirname(features.path), path.basename(name)),
  } as const
  await writeFile(report.path, page)
  return [report, ...finished.filter((result) => result !== features), features]
}
