/**
 * `npm run demo:ifcb`: a generated bin goes through the service, undisturbed and with three `kill -9` at seeded points, and through
 * the command. Every sentence with a tick was checked; exit code 1 when one is not true. `-- --seed 7` repeats a plan.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { writeBins } from '../ifcb-images/generate-bin.ts'
import { discoverBins } from '../ifcb-images/reader/index.ts'
import { makeNewStyleBin } from '../ifcb-images/sample/new-style-bin.ts'
import { createRandom } from '../ifcb-images/sample/random.ts'
import { digestsBelow, digestsOfOutputs } from './demo/digests.ts'
import { runBin, type BinRun, type Kill } from './demo/run-bin.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    triggers: { type: 'string', default: '340' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string', default: path.resolve(import.meta.dirname, '../../demo-out/ifcb') },
  },
})
const seed = Number(values.seed)
const threads = Number(values.threads)
/** Images from one checkpoint to the next, where processes are killed. */
const batchSize = 16
const began = performance.now()
const say = (text: string): void =>
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`)
let untrue = 0

if (!existsSync('/proc/self/stat')) {
  console.log('skipped: finding the processes to kill needs /proc')
  process.exit(0)
}
const folder = await mkdtemp(path.join(os.tmpdir(), 'longhaul-ifcb-'))
try {
  await demo()
} catch (error) {
  console.error(error)
  claim('the demo runs to its end', false)
} finally {
  await rm(folder, { recursive: true, force: true })
}
console.log(untrue === 0 ? '\n  verdict  all of it is true' : `\n  verdict  ${untrue} NOT TRUE`)
process.exit(untrue === 0 ? 0 : 1)

async function demo(): Promise<void> {
  const sample = makeNewStyleBin({ seed, triggers: Number(values.triggers) })
  await writeBins(path.join(folder, 'bins'), [sample])
  const [bin] = await discoverBins(path.join(folder, 'bins'))
  const files = [bin!.hdr, bin!.adc, bin!.roi]
  const { images } = sample.expected
  const pixels = sample.roi.length
  say(`made ${sample.id}: ${images} images, ${(pixels / 1e6).toFixed(1)} megapixels; seed ${seed}`)
  const perImage = (ms: number): string =>
    `${(ms / images).toFixed(1)} ms per image, ${((1000 * ms) / pixels).toFixed(2)} µs per pixel`

  const calm = await throughService('undisturbed', files, { threads }, [])
  const tookMs = Date.parse(calm.job.completed_at) - Date.parse(calm.job.started_at)
  say(`service: ${(tookMs / 1000).toFixed(1)} s with ${threads} threads, ${perImage(tookMs)}`)
  cpSync(path.join(folder, 'undisturbed/results'), values.out, { recursive: true })

  const parameters = { threads, batch_size: batchSize, checkpoint_seconds: 0.001 }
  const killed = await throughService('killed', files, parameters, planKills(images))
  const repeated = killed.analysed.length - new Set(killed.analysed).size
  const worst = batchSize * killed.kills.length

  const commandBegan = performance.now()
  const code = await throughCommand(path.join(folder, 'bins'), path.join(folder, 'command'))
  const commandMs = performance.now() - commandBegan
  say(`command: ${(commandMs / 1000).toFixed(1)} s with its start, ${perImage(commandMs)}`)

  const { counts, metrics } = calm.job.result as Result
  claim(
    `${images} images in, ${counts.rois} rows and ${counts.masks} masks out`,
    images >= 0.8 * Number(values.triggers) && counts.rois === images && counts.masks === images,
  )
  claim('none of them failed', metrics.rois_failed === 0)
  claim('three processes were killed with kill -9', killed.kills.length === 3)
  const outputs = digestsOfOutputs(calm.job)
  const others = new Map(digestsOfOutputs(killed.job))
  const different = outputs.filter(([name, digest]) => others.get(name) !== digest)
  for (const [name] of different) console.log(`           differs: ${name}`)
  claim(
    `all ${outputs.length} outputs equal, byte for byte, to those of the undisturbed run`,
    outputs.length >= 7 && others.size === outputs.length && different.length === 0,
  )
  claim(
    `${repeated} images were analysed again, of at most ${worst}: one interval of ${batchSize} for each kill`,
    repeated <= worst && new Set(killed.analysed).size === images,
  )
  claim('undisturbed, none was analysed again', calm.analysed.length === images)
  const byCommand = digestsBelow(path.join(folder, 'command'))
  const byService = outputs.filter(([name]) => /_v4\.(csv|zip)$|_report\.html$/.test(name))
  claim(
    `the command wrote the same ${byService.length} files, byte for byte`,
    code === 0 && byService.length >= 3 && JSON.stringify(byCommand) === JSON.stringify(byService),
  )
  claim('no process is left', calm.left.length + killed.left.length === 0)
  const report = byService.find(([name]) => name.endsWith('_report.html'))?.[0] ?? ''
  console.log(`\n  look at  ${path.relative(process.cwd(), path.join(values.out, report))}`)
}

interface Result {
  readonly counts: { readonly rois: number; readonly masks: number }
  readonly metrics: { readonly rois_failed: number }
}

async function throughService(
  name: string,
  files: readonly string[],
  parameters: Readonly<Record<string, number>>,
  kills: readonly Kill[],
): Promise<BinRun> {
  await mkdir(path.join(folder, name))
  return runBin(path.join(folder, name), files, parameters, kills, ({ victim, atImage }) =>
    say(`kill -9  ${victim}, after ${atImage} images`),
  )
}

async function throughCommand(bins: string, out: string): Promise<number | null> {
  const command = path.join(import.meta.dirname, 'command.ts')
  const args = [command, bins, '--out', out, '--threads', String(threads)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}

/** Three, a checkpoint or more apart. The same seed gives the same plan. */
function planKills(images: number): Kill[] {
  const random = createRandom(seed)
  const spread = Math.max(1, Math.floor(images / 4 - 2 * batchSize))
  const server = random.int(0, 2)
  const also = (server + random.int(1, 2)) % 3
  return [0, 1, 2].map((index) => ({
    victim: index === server || index === also ? 'the server' : 'the process that analyses',
    atImage: Math.floor((images * (index + 0.5)) / 4) + random.int(0, spread) + batchSize,
  }))
}

function claim(sentence: string, holds: boolean): void {
  if (!holds) untrue += 1
  console.log(`  ${holds ? '✓' : '✗'} ${sentence}`)
}
