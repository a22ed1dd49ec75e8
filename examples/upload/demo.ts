/**
 * Two gigabytes over a line that breaks and slows down, while the client is killed, the service is killed, a bit changes on
 * its way, and the disk is full: the same command each time. Every sentence with a tick was checked, exit code 1 when one was
 * not true. The same as a page: `demo-out/upload/index.html`.
 */
import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, open, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startCommand, startProgram, type Ended, type Running } from '../demo-kit/commands.ts'
import { createProgressBar } from '../demo-kit/progress-bar.ts'
import { BadLine } from './demo/bad-line.ts'
import { writePage, type Check, type Moment } from './demo/page.ts'
import { writeSample } from './demo/write-sample.ts'

const here = import.meta.dirname
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: path.resolve(here, '../../demo-out/upload') },
    megabytes: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '7' },
    /** Of the line at its best. */
    'megabytes-per-second': { type: 'string', default: '80' },
    'part-size': { type: 'string', default: '4MB' },
    /** Proves that the comparison can fail: one bit of what was stored is changed before it is made. */
    spoil: { type: 'boolean', default: false },
  },
})
const total = Number(values.megabytes) * 1e6
const seed = Number(values.seed)
const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-upload-demo-'))
process.once('SIGINT', () => process.exit(130))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
const file = path.join(folder, 'run7.bin')
const line = new BadLine({
  seed,
  totalBytes: total,
  bytesPerSecond: Number(values['megabytes-per-second']) * 1e6,
  breaks: 7,
})
const startedAt = performance.now()
const seconds = (): number => (performance.now() - startedAt) / 1000
const checks: Check[] = []
const check = (says: string, holds: boolean): void => {
  checks.push({ says, holds })
  console.log(`  ${holds ? '✓' : '✗'} ${says}`)
}
const moments: Moment[] = []
const happened = (what: string): void => {
  moments.push({ what, seconds: seconds(), sentBytes: line.sentBytes })
  bar.end()
  console.log(`  ✗✗ ${what}`)
}
const sent: { seconds: number; bytes: number }[] = []
const bar = createProgressBar()
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`
const percent = (bytes: number): string => `${((100 * bytes) / total).toFixed(1)} %`

const serve = (env: Readonly<Record<string, string>> = {}) =>
  startProgram(
    ['serve', path.join(here, 'service/size-of.ts'), '--no-worker', '--port', '0'],
    'served',
    folder,
    { LONGHAUL_DATA: `${folder}/data`, ...env },
  )
let service = await serve()
const serviceIs = async (next: typeof serve extends () => infer P ? P : never): Promise<void> => {
  service = await next
  line.leadTo(String(service.ready['url']))
}

try {
  line.leadTo(String(service.ready['url']))
  const url = await line.open()
  console.log(`Writing a file of ${gigabytes(total)}; the line breaks 7 times, by seed ${seed}.\n`)
  await writeSample(file, total, seed)

  let put: Running | undefined
  let restarting: Promise<void> | undefined
  const plan = [
    { at: 0.15, act: () => line.corruptOnce() },
    {
      at: 0.33,
      act: () => {
        happened('the client is killed')
        put?.kill()
      },
    },
    {
      at: 0.55,
      act: () => {
        happened('the service is killed, and comes back to a disk that is full')
        restarting = service.kill().then(async () => serviceIs(serve(await fullDisk())))
      },
    },
  ]
  let seen = 0
  line.onBytes = (bytes) => {
    sent.push({ seconds: seconds(), bytes })
    for (; seen < line.brokenAt.length; seen++) happened('the line breaks')
    if (plan[0] !== undefined && bytes > plan[0].at * total) plan.shift()?.act()
    bar.draw({
      ...{ percent: Math.min(100, (100 * bytes) / total), stage: 'MB over the line' },
      ...{ done: Math.round(bytes / 1e6), total: total / 1e6 },
      ...{ rate_per_second: bytes / 1e6 / seconds(), eta_seconds: null },
    })
  }

  const runs: Ended[] = []
  while (runs.length < 8 && runs.at(-1)?.code !== 0) {
    console.log('$ longhaul put run7.bin')
    const args = ['put', file, '--url', url, '--part-size', values['part-size'], '--json']
    put = startCommand(args, folder, {})
    runs.push(await put.ended)
    await restarting
    if (runs.at(-1)?.code === 5) {
      happened('the command ends: no room')
      console.log('  (somebody makes room)')
      await service.kill()
      await serviceIs(serve())
    }
  }
  bar.end()

  const last = runs.at(-1)
  const upload = objectsOf(last?.stdout).find(({ object }) => object === 'upload')
  const stored = path.join(
    folder,
    `data/objects/datasets/${String(upload?.['upload_id'])}/run7.bin`,
  )
  if (values.spoil) await spoil(stored)
  console.log()
  check(
    'the command was killed, then refused for want of room, then it ended well',
    runs.map(({ code }) => code ?? 'killed').join() === 'killed,5,0',
  )
  check('it went on where it had been', Number(upload?.['resumed_bytes']) > total / 3)
  check(
    'where there was no room it said so',
    objectsOf(runs[1]?.stdout).some(({ code }) => code === 'insufficient-storage'),
  )
  check(`the line broke ${line.brokenAt.length} times`, line.brokenAt.length === 7)
  check(
    'a part whose bit had changed on its way was refused by its digest, and sent again',
    line.corruptedAt !== undefined && line.refusedDigests === 1,
  )
  const compared = await run(process.execPath, [path.join(here, 'demo/compare.ts'), file, stored])
  check('another program finds the same bytes', compared.code === 0)
  console.log(compared.text.replaceAll(/^/gm, '    '))
  // A single request loses all it has sent with each of these; a bit that changed it would not even have noticed.
  const startingOver = Math.max(0, ...moments.map(({ sentBytes }) => sentBytes)) + total
  const twice = line.sentBytes - total
  check('less was sent twice than by starting over', twice < startingOver - total)

  const untrue = checks.filter(({ holds }) => !holds).length
  const verdict =
    `${untrue === 0 ? 'digest equal' : `${untrue} of ${checks.length} checks did not hold`}; bytes sent twice ${percent(twice)}. ` +
    `A plain curl -F, broken off at the same moments, would have sent ${gigabytes(startingOver)}: ${percent(startingOver - total)} twice.`
  console.log(`${untrue === 0 ? '✓' : '✗'} ${verdict}`)
  const page = await writePage(values.out, {
    ...{
      title: `${gigabytes(total)} over a bad line`,
      verdict,
      checks,
      moments,
      sent: thinned(sent),
    },
    ...{ totalBytes: total, seconds: seconds(), startingOverBytes: startingOver },
  })
  console.log(`  ${path.relative(process.cwd(), page)}`)
  process.exitCode = untrue === 0 ? 0 : 1
} finally {
  line.close()
  await service.kill()
  await rm(folder, { recursive: true, force: true })
}

/** A floor above what is free: to the service the disk has no room for a byte more. */
async function fullDisk(): Promise<Record<string, string>> {
  const { bavail, bsize } = await statfs(folder)
  return { LONGHAUL_DISK_FLOOR_MB: String(Math.ceil((bavail * bsize) / 2 ** 20) + 10_000) }
}

function objectsOf(stdout = ''): readonly Record<string, unknown>[] {
  const lines = stdout.split('\n').filter((text) => text.startsWith('{'))
  return lines.map((text) => JSON.parse(text) as Record<string, unknown>)
}

async function spoil(stored: string): Promise<void> {
  await using handle = await open(stored, 'r+')
  await handle.write(Buffer.from('spoilt'), 0, 6, Math.floor(total / 2))
}

function run(program: string, args: readonly string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(program, args, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : 1, text: (stdout + stderr).trimEnd() }),
    )
  })
}

function thinned<T>(items: readonly T[]): readonly T[] {
  return items.filter((_, n) => n % Math.ceil(items.length / 500) === 0 || n === items.length - 1)
}
