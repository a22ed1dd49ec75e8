#!/usr/bin/env node
/**
 * `ifcb-features <folder> --out <folder> [--threads N] [--no-stitch] [--again]`: features, blob masks and a report of every bin below
 * a folder, without a service. Called again it goes on with the bins that have no features yet.
 *
 * stdout: the table of features of each bin. Exit codes: 0 all done, 1 none, 2 usage, 3 some bins failed.
 */
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createProgressBar } from '../demo-kit/progress-bar.ts'
import {
  discoverBins,
  planRois,
  readAdc,
  roiIdOf,
  type BinFiles,
} from '../ifcb-images/reader/index.ts'
import { analyseBin } from './analyse-bin.ts'
import { growResults } from './files/growing-results.ts'
import { maskPng } from './files/mask-png.ts'
import { resultNamesOf } from './files/result-names.ts'
import { finishBin } from './finish-bin.ts'
import { openAnalysisPool, type AnalysisPool } from './src/index.ts'

const usage = 'ifcb-features <folder> --out <folder> [--threads N] [--no-stitch] [--again]'

interface Options {
  readonly folder: string
  readonly out: string
  readonly threads: number
  readonly stitch: boolean
  readonly again: boolean
}

function optionsOf(args: readonly string[]): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      allowNegative: true,
      options: {
        out: { type: 'string' },
        threads: { type: 'string', default: String(os.availableParallelism()) },
        stitch: { type: 'boolean', default: true },
        again: { type: 'boolean', default: false },
      },
    })
    const { out, stitch, again } = values
    const [folder, ...more] = positionals
    const threads = Number(values.threads)
    if (!folder || !out || more.length > 0 || !Number.isInteger(threads) || threads < 1)
      return undefined
    return { folder, out, threads, stitch, again }
  } catch {
    return undefined
  }
}

/** Answers the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = optionsOf(args)
  if (options === undefined) {
    console.error(usage)
    return 2
  }
  const found = await discoverBins(options.folder)
  const there = await Promise.all(
    found.map(({ bin }) => isFile(path.join(options.out, resultNamesOf(bin).features))),
  )
  const bins = found.filter((_, index) => options.again || !there[index])
  if (found.length === 0)
    console.error(`No whole bin (.hdr, .adc and .roi) below ${options.folder}.`)
  if (bins.length < found.length)
    console.error(
      `${found.length - bins.length} of ${found.length} bins have their features; --again makes them anew.`,
    )

  let failures = 0
  await using pool = openAnalysisPool({ threads: options.threads })
  for (const files of bins)
    try {
      await makeResults(pool, files, options)
    } catch (error) {
      failures += 1
      console.error(`${files.bin.id}: ${error instanceof Error ? error.message : String(error)}`)
    }
  if (found.length === 0 || (failures > 0 && failures === found.length)) return 1
  return failures > 0 ? 3 : 0
}

/** They grow in a folder beside their place and go there whole, the table of features last. */
async function makeResults(pool: AnalysisPool, files: BinFiles, options: Options): Promise<void> {
  const [began, cpuBefore] = [performance.now(), process.cpuUsage()]
  const { out, stitch } = options
  const { id } = files.bin
  const rois = planRois(files, await readAdc(files), { stitch })
  await mkdir(out, { recursive: true })
  const folder = await mkdtemp(path.join(out, `.${id}-`))
  const bar = createProgressBar()
  let [done, failed] = [0, 0]
  try {
    const results = growResults(folder, files.bin)
    for await (const outcome of analyseBin(pool, files, rois)) {
      if (outcome.kind === 'analysed')
        results.add(outcome, maskPng(outcome.width, outcome.height, outcome.mask))
      else {
        failed += 1
        results.add(outcome, undefined)
        console.error(`${roiIdOf(id, outcome.number)}: ${outcome.reason}: ${outcome.detail}`)
      }
      done += 1
      const rate = (1000 * done) / (performance.now() - began)
      bar.draw({
        stage: id,
        done,
        total: rois.length,
        percent: (100 * done) / rois.length,
        rate_per_second: rate,
        eta_seconds: (rois.length - done) / rate,
      })
    }
    bar.end()
    for (const { kind, name, path: from } of await finishBin(files, rois, results)) {
      const to = path.join(out, name)
      await mkdir(path.dirname(to), { recursive: true })
      await rename(from, to)
      if (kind === 'features') console.log(to)
    }
  } finally {
    bar.end()
    await rm(folder, { recursive: true, force: true })
  }
  const { user, system } = process.cpuUsage(cpuBefore) // of all threads
  const perImage = (ms: number): string => (ms / Math.max(1, rois.length)).toFixed(1)
  const ms = performance.now() - began
  console.error(
    `${id}: ${rois.length} images, ${failed} failed, ${(ms / 1000).toFixed(1)} s; ` +
      `${perImage(ms)} ms an image, ${perImage((user + system) / 1000)} ms of processor time`,
  )
}

const isFile = (file: string): Promise<boolean> =>
  stat(file).then(
    (found) => found.isFile(),
    () => false,
  )

process.exitCode = await main(process.argv.slice(2))
