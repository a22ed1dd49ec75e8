/**
 * `npm run demo`: serves ifcb-images, uploads sample bins, watches the job, downloads, checks every pixel with a reader of its own.
 * Exit code 1 when anything is wrong; `-- --corrupt` flips one byte of what was downloaded, to show that it would be noticed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createProgressBar } from '../demo-kit/progress-bar.ts'
import { startService } from '../demo-kit/service.ts'
import { watchJob } from '../demo-kit/watch-job.ts'
import { downloadOutputs, type FinishedJob } from './demo/download-outputs.ts'
import { writeReport } from './demo/report.ts'
import { uploadBins } from './demo/upload-bins.ts'
import { makeSampleBins, writeBins } from './generate-bin.ts'
import { discoverBins } from './reader/index.ts'

const here = import.meta.dirname
const { values } = parseArgs({
  options: {
    corrupt: { type: 'boolean', default: false },
    out: { type: 'string', default: path.resolve(here, '../../demo-out/ifcb-images') },
    triggers: { type: 'string', default: '400' },
    seed: { type: 'string', default: '1' },
  },
})
const folder = path.resolve(values.out)
const [bins, results] = [path.join(folder, 'bins'), path.join(folder, 'results')]
const shown = (file: string) => path.relative(process.cwd(), file) || '.'
const size = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
const began = Date.now()
const say = (text: string) =>
  console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${text}`)

await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })
const dataDir = await mkdtemp(path.join(os.tmpdir(), 'longhaul-demo-'))
try {
  process.exitCode = (await demo()) ? 0 : 1
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await rm(dataDir, { recursive: true, force: true })
}

async function demo(): Promise<boolean> {
  const samples = makeSampleBins({ seed: Number(values.seed), triggers: Number(values.triggers) })
  await writeBins(bins, samples)
  const expected = samples.reduce((sum, { expected }) => sum + expected.images, 0)
  say(`made     ${samples.length} sample bins with ${expected} images in ${shown(bins)}`)

  const { job, left, progress } = await runJob()
  if (job.status !== 'completed') throw new Error(`The job is ${job.status}: ${job.error}`)
  say(`fetched  ${job.outputs.length} files into ${shown(results)}`)
  for (const { name, size_bytes, sha256 } of job.outputs)
    console.log(`           ${name}  ${size(size_bytes)}  sha256 ${sha256.slice(0, 12)}…`)

  await writeReport(results, folder)
  if (values.corrupt) await flipOneByte(job)
  say('checking every pixel with a second reader, and with the system’s tar')
  const verified = await verify()

  const { rois } = job.result as { rois: number }
  const wrong = [
    verified ? '' : 'the results differ from the bins',
    rois === expected ? '' : `${rois} images came out, ${expected} went in`,
    progress > 0 ? '' : 'no progress was seen',
    left.length === 0 ? '' : `processes are left: ${left.join(', ')}`,
  ].filter(Boolean)
  for (const sentence of wrong) console.error(`✗ ${sentence}`)
  if (wrong.length === 0) say(`all ${rois} images are what the bins hold, byte for byte`)
  console.log(
    `\n  look at  ${shown(path.join(folder, 'index.html'))}, ${shown(path.join(folder, 'contact-sheet.png'))}`,
  )
  console.log(`  verdict  ${wrong.length === 0 ? 'everything is right' : 'WRONG'}`)
  return wrong.length === 0
}

async function runJob(): Promise<{ job: FinishedJob; left: number[]; progress: number }> {
  const service = await startService([path.join(here, 'ifcb-images.ts')], { dataDir })
  try {
    say(`serving  ${service.url}/processors/ifcb-images`)
    const files = (await discoverBins(bins)).flatMap(({ hdr, adc, roi }) => [hdr, adc, roi])
    const { jobId, parts, bytes } = await uploadBins(`${service.url}/processors/ifcb-images`, files)
    say(`uploaded ${files.length} files, ${size(bytes)}, in ${parts} signed parts; job ${jobId}`)

    const bar = createProgressBar()
    const watched = await watchJob(`${service.url}/jobs/${jobId}/events`, bar.draw)
    bar.end()
    say(
      `watched  ${[...new Set(watched.types)].join(' → ')}, ${watched.progress.length} progress reports`,
    )

    const job = await downloadOutputs(service.url, jobId, results)
    const left = (await service.stop()).map(({ pid }) => pid)
    return { job, left, progress: watched.progress.length }
  } finally {
    await service.stop()
  }
}

async function flipOneByte({ outputs }: FinishedJob): Promise<void> {
  const { name, size_bytes } = outputs.find(({ name }) => name.endsWith('.tar'))!
  const at = Math.floor(size_bytes / 2)
  await using file = await open(path.join(results, name), 'r+')
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at)
  await file.write(Buffer.from([buffer[0]! ^ 1]), 0, 1, at)
  say(`CORRUPTED one bit: byte ${at} of ${name}`)
}

/** In a process of its own, which knows the two folders and nothing else. */
async function verify(): Promise<boolean> {
  const child = spawn(process.execPath, [path.join(here, 'verify.ts'), bins, results], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code === 0
}
