/**
 * Checks what `ifcb-images` made, against the bins it was made from: `node verify.ts <bins> <results>`.
 *
 * Shares nothing with the example: its own table, archive and picture readers stand below `verify/`, the system's `tar` lists
 * the archives a second time. `<results>` holds the job's outputs and `job.json`, the job as `GET /jobs/{id}?view=native` says it.
 * Prints every difference and exits 1 when there is one.
 */
import { createHash } from 'node:crypto'
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkImages, readImages } from './verify/check-images.ts'
import { checkBins, checkRows, readRows } from './verify/check-rows.ts'
import { expectBin } from './verify/expect-bin.ts'

export interface Verdict {
  /** What is wrong, a sentence each; empty when everything is right. */
  readonly problems: readonly string[]
  readonly bins: number
  readonly images: number
  readonly pixels: number
  readonly unreadable: number
  readonly files: number
  readonly bytes: number
}
interface Job {
  readonly status: string
  readonly result: unknown
  readonly outputs: readonly {
    readonly name: string
    readonly size_bytes: number
    readonly sha256: string
  }[]
}

export async function verifyResults(binsFolder: string, resultsFolder: string): Promise<Verdict> {
  const problems: string[] = []
  const job = JSON.parse(readFileSync(path.join(resultsFolder, 'job.json'), 'utf8')) as Job
  if (job.status !== 'completed') problems.push(`the job is ${job.status}, not completed`)
  await checkDigests(job, resultsFolder, problems)

  const expected = findBins(binsFolder).map(expectBin)
  if (expected.length === 0) problems.push(`no bins below ${binsFolder}`)
  const names = job.outputs.map(({ name }) => name)
  const images = await readImages(resultsFolder, names, problems)
  const pixels = checkImages(expected, images, problems)
  checkRows(expected, readRows(resultsFolder, names, 'rois', problems), problems)
  checkBins(expected, readRows(resultsFolder, names, 'bins', problems), job.result, problems)
  return {
    problems,
    bins: expected.length,
    images: images.size,
    pixels,
    unreadable: expected.flatMap(({ rois }) => rois).filter(({ grey }) => !grey).length,
    files: job.outputs.length,
    bytes: job.outputs.reduce((sum, { size_bytes }) => sum + size_bytes, 0),
  }
}

async function checkDigests(job: Job, folder: string, problems: string[]): Promise<void> {
  for (const { name, size_bytes, sha256 } of job.outputs) {
    const file = path.join(folder, name)
    const size = statSync(file, { throwIfNoEntry: false })?.size
    if (size !== size_bytes) {
      problems.push(`${name}: ${size ?? 'no'} bytes, the job says ${size_bytes}`)
      continue
    }
    const hash = createHash('sha256')
    for await (const piece of createReadStream(file)) hash.update(piece as Buffer)
    const digest = hash.digest('hex')
    if (digest !== sha256) problems.push(`${name}: sha256 ${digest}, the job says ${sha256}`)
  }
  const listed = new Set(job.outputs.map(({ name }) => name).concat('job.json'))
  for (const name of readdirSync(folder))
    if (!listed.has(name)) problems.push(`${name}: not an output of the job`)
}

/** Bases (path without extension) of all bins below a folder. */
function findBins(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.adc'))
    .map((name) => path.join(folder, name.slice(0, -4)))
    .sort()
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [bins, results] = process.argv.slice(2)
  if (bins === undefined || results === undefined) {
    console.error('usage: node verify.ts <folder of bins> <folder of results>')
    process.exit(2)
  }
  const verdict = await verifyResults(bins, results)
  for (const problem of verdict.problems) console.error(`✗ ${problem}`)
  const { images, pixels, unreadable, files } = verdict
  console.log(
    `${verdict.bins} bins: ${images} images, ${pixels} pixels compared, ${unreadable} unreadable; ` +
      `${files} files; ${verdict.problems.length} differences`,
  )
  process.exitCode = verdict.problems.length === 0 ? 0 : 1
}
