/**
 * A service breaks in five ways in one night; each time one question tells what it is, and one line cures it. Every sentence
 * with a tick was checked, exit code 1 when one was not true. The same as a page: `demo-out/three-am/index.html`.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Act } from './act.ts'
import { badRelease } from './acts/bad-release.ts'
import { fullDisk } from './acts/full-disk.ts'
import { hungJob } from './acts/hung-job.ts'
import { lostWorker } from './acts/lost-worker.ts'
import { poisonJob } from './acts/poison-job.ts'
import { Night } from './night.ts'
import { writePage } from './page.ts'
import { openVolume } from './volume.ts'

const here = import.meta.dirname
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: path.resolve(here, '../../demo-out/three-am') },
    /** One trouble alone, by the name of its file. */
    only: { type: 'string' },
    /** Proves that the checks can fail: nobody types the line that helps. */
    'no-cures': { type: 'boolean', default: false },
  },
})
const startedAt = Date.now()
const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-3am-'))
const dataDir = path.join(folder, 'data')
const volume = await openVolume(dataDir)
await cp(path.join(here, 'service'), folder, { recursive: true })
const floorMiB = String(volume.floorBytes / 1024 ** 2)
const night = new Night(folder, dataDir, { LONGHAUL_DISK_FLOOR_MB: floorMiB }, !values['no-cures'])
const acts: Act[] = []
try {
  console.log('One service, three workers; something is about to go wrong.\n')
  await night.startApi()
  await Promise.all([
    night.startWorker('day', 'thumbs.ts', 'decode.ts'),
    night.startWorker('stitch', 'stitch.ts'),
    night.startWorker('segment', 'segment.ts'),
  ])
  // The one that hangs begins now: a silence must be long before anyone is woken for it.
  const hung = await night.submit('stitch', {})
  const long = await night.submit('segment', { tiles: 20 })
  await play('lost-worker', () => lostWorker(night, long))
  await play('poison-job', () => poisonJob(night))
  await play('bad-release', () => badRelease(night))
  await play('full-disk', () => fullDisk(night, volume))
  await play('hung-job', () => hungJob(night, hung))
  await play('morning', () => morning())
} finally {
  await night.end()
  await volume.close()
  await rm(folder, { recursive: true, force: true })
}

const untrue = acts.flatMap(({ checks }) => checks).filter(({ holds }) => !holds)
const seconds = Math.round((Date.now() - startedAt) / 1000)
const verdict =
  untrue.length === 0
    ? `${values.only ?? 'five troubles, five answers, five lines'}; every check held, in ${seconds} s`
    : `${untrue.length} checks did not hold: ${untrue.map(({ says }) => says).join('; ')}`
console.log(`${untrue.length === 0 ? '✓' : '✗'} ${verdict}`)
console.log(`  ${path.relative(process.cwd(), await writePage(values.out, acts, verdict))}`)
process.exitCode = untrue.length === 0 ? 0 : 1

async function play(name: string, act: () => Promise<Act>): Promise<void> {
  if (values.only !== undefined && values.only !== name) return
  const played = await act()
  acts.push(played)
  const { title, trouble, question, answer, cure, checks } = played
  console.log(`── ${title}: ${trouble}\n$ ${question}\n${answer}\n$ ${cure}`)
  for (const { says, holds } of checks) console.log(`  ${holds ? '✓' : '✗'} ${says}`)
  console.log()
}

/** At the end nothing needs a hand any more. */
async function morning(): Promise<Act> {
  const status = await night.type('status')
  const doctor = await night.type('doctor')
  return {
    title: 'The morning after',
    trouble: 'nothing more',
    question: 'longhaul status; longhaul doctor',
    answer: `${status.text}\n\n${doctor.text}`,
    cure: 'sleep',
    checks: [
      { says: 'status asks for nothing', holds: status.code === 0 && status.text.includes('● OK') },
      { says: 'doctor finds nothing wrong', holds: doctor.code === 0 },
    ],
  }
}
