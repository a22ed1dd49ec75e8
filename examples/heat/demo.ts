/**
 * `npm run demo:survive`: a plate cools while its child, its worker and its server are killed with `kill -9`, five times at random,
 * in the middle of a checkpoint and of the publication too. Every sentence with a tick was checked; exit code 1 when one is not
 * true. `-- --seed 7` repeats a plan.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Fleet } from './demo/fleet.ts'
import { planKills } from './demo/kills.ts'
import { readLedger } from './demo/ledger.ts'
import { drawn, type Picture } from './demo/picture.ts'
import { writeReport, type Claim } from './demo/report.ts'
import { runHeat, type HeatRun } from './demo/run-heat.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    steps: { type: 'string', default: '400' },
    out: { type: 'string', default: path.resolve(import.meta.dirname, '../../demo-out/heat') },
  },
})
const seed = Number(values.seed)
const steps = Number(values.steps)
const secondsBetween = 0.25
const colours = process.stdout.isTTY
const claims: Claim[] = []
const began = performance.now()
const say = (text: string): void =>
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`)

if (!existsSync('/proc/self/stat')) {
  console.log('skipped: finding the processes to kill needs /proc')
  process.exit(0)
}
const folder = await mkdtemp(path.join(os.tmpdir(), 'longhaul-heat-'))
try {
  await demo()
} catch (error) {
  console.error(error)
  claim('the demo runs to its end', false)
} finally {
  await rm(folder, { recursive: true, force: true })
}
const untrue = claims.filter(({ holds }) => !holds)
console.log(
  untrue.length === 0 ? '\n  verdict  all of it is true' : `\n  verdict  ${untrue.length} NOT TRUE`,
)
process.exit(untrue.length === 0 ? 0 : 1)

async function demo(): Promise<void> {
  const undisturbed = await cooled('undisturbed', [])
  const reference = undisturbed.run
  say(`undisturbed: ${reference.outputs.length} outputs in ${reference.seconds.toFixed(1)} s`)

  const { run, left, last } = await cooled('killed', planKills(seed, steps))
  const ledger = await readLedger(path.join(folder, 'killed.ledger'))
  const repeated = ledger.resumed.reduce((sum, { repeatedSteps }) => sum + repeatedSteps, 0)
  const repeatedMs = ledger.resumed.reduce((sum, one) => sum + one.repeatedMs, 0)
  const allowedMs = run.kills.length * (secondsBetween * 1000 + ledger.longestStepMs)
  const worst = Math.max(0, ...ledger.resumed.map((one) => one.repeatedMs))

  claim('five processes were killed with kill -9', run.kills.length === 5)
  claim(
    'one of them between flushing and recording a checkpoint, one between publishing and settling',
    run.kills.some(({ victim }) => victim.includes('worker.checkpoint-after-')) &&
      run.kills.some(({ victim }) => victim.includes('worker.after-complete-output')),
  )
  claim(
    `work repeated ${((100 * repeated) / steps).toFixed(1)} %: ${repeated} steps, ${Math.round(repeatedMs)} ms of at most ${Math.round(allowedMs)} ms`,
    repeatedMs <= allowedMs && worst <= secondsBetween * 1000 + ledger.longestStepMs,
  )
  claim(
    'every attempt but the first went on from a checkpoint',
    ledger.resumed.length > 0 && ledger.resumed.every(({ from }) => from > 0),
  )
  claim(
    `all ${run.outputs.length} digests equal to the undisturbed run`,
    run.outputs.length > 10 && JSON.stringify(run.outputs) === JSON.stringify(reference.outputs),
  )
  claim('the same result', resultOf(run) === resultOf(reference))
  const { lost, doubled } = count(run)
  claim(`lost ${lost}`, lost === 0 && ledger.steps === steps)
  claim(`doubled ${doubled}`, doubled === 0)
  claim('nobody was blamed for it: no failure was counted', run.job.failures === 0)
  claim('nothing is left behind: no process, no checkpoint, no open upload', left.length === 0)
  for (const what of left) console.log(`           ${what}`)
  const page = await writeReport(values.out, { run, reference, ledger, last, claims, seed })
  console.log(`\n  look at  ${path.relative(process.cwd(), page)}`)
}

async function cooled(name: string, kills: Parameters<typeof runHeat>[2]) {
  const dataDir = path.join(folder, name)
  await mkdir(dataDir)
  const fleet = new Fleet(dataDir)
  let last: Picture | undefined
  let shown = 0
  try {
    await fleet.start()
    say(
      `${name}: ${steps} steps, a checkpoint each ${secondsBetween} s${kills.length ? `, seed ${seed}` : ''}`,
    )
    const announced = kills.map((kill) => ({
      ...kill,
      carryOut: (victims: Fleet) => {
        if (last && !colours) console.log(`\n${drawn(last, false)}\n`)
        say(`kill -9  ${kill.victim}, at step ${kill.atStep}`)
        shown = 0
        return kill.carryOut(victims)
      },
    }))
    const ledger = path.join(folder, `${name}.ledger`)
    const input = { steps, seconds_between_checkpoints: secondsBetween, ledger }
    const run = await runHeat(fleet, input, announced, (picture, step) => {
      last = picture
      if (!colours) return
      const text = `${drawn(picture, true)}\n  step ${step} of ${steps}`
      process.stdout.write(`${shown > 0 ? `\x1b[${shown - 1}F` : ''}${text}`)
      shown = text.split('\n').length
      if (step === steps) process.stdout.write('\n')
    })
    const processes = (await fleet.stop()).map(({ pid }) => `process ${pid}`)
    return { run, last, left: [...processes, ...(await leftIn(dataDir))] }
  } finally {
    await fleet.stop()
  }
}

/** Checkpoints and uploads that a job which has completed has no more use for. */
async function leftIn(dataDir: string): Promise<string[]> {
  const objects = path.join(dataDir, 'objects')
  const names = await readdir(objects, { recursive: true, withFileTypes: true })
  return names
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(objects, path.join(entry.parentPath, entry.name)))
    .filter((name) => name.includes('/checkpoints/') || name.startsWith('.longhaul/uploads/'))
}

/** But for the job's own id in the address of the file. */
function resultOf({ job: { result } }: HeatRun): string {
  const { mean, measured, field } = result as Record<string, unknown>
  return JSON.stringify([mean, measured, (field as { sha256: string }).sha256])
}

/** Every step must have been measured once, and the job have ended once. */
function count({ texts, events }: HeatRun): { lost: number; doubled: number } {
  const measured = Object.entries(texts)
    .filter(([name]) => name.startsWith('measurements_'))
    .flatMap(([, text]) => text.trimEnd().split('\n'))
    .map((line) => (JSON.parse(line) as { step: number }).step)
  const different = new Set(measured)
  const ends = events.filter((word) => ['completed', 'failed', 'cancelled'].includes(word)).length
  return { lost: steps - different.size, doubled: measured.length - different.size + (ends - 1) }
}

function claim(sentence: string, holds: boolean): void {
  claims.push({ sentence, holds })
  console.log(`  ${holds ? '✓' : '✗'} ${sentence}`)
}
