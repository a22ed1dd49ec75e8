/**
 * Ten thousand images through three workers, in spite of everything: another owner floods the service, one worker is killed,
 * one image is a bomb. Every sentence with a tick was checked against what was drawn, exit code 1 when one was not true. The
 * batch as a page: `demo-out/batch/index.html`.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { createProgressBar } from '../demo-kit/progress-bar.ts'
import type { SeenProgress } from '../demo-kit/watch-job.ts'
import { checkResults, parseRows } from './demo/check-results.ts'
import { writeHarmless, writeImages } from './demo/images.ts'
import { writePage, type Check } from './demo/page.ts'
import { Lab, type BatchFacts } from './demo/service.ts'

const here = import.meta.dirname
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: path.resolve(here, '../../demo-out/batch') },
    images: { type: 'string', default: '10000' },
    /** Proves that the last check can fail: one result is deleted, and it is made once more. */
    'delete-one': { type: 'boolean', default: false },
  },
})
const total = Number(values.images)
const flood = Math.max(Math.ceil(total / 5), Math.min(total, 150))
const bomb = Math.floor(total / 2)
const startedAt = Date.now()
const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-batch-demo-'))
const images = path.join(folder, 'images')
await cp(path.join(here, 'service'), folder, { recursive: true })
const lab = new Lab(folder, images)
const checks: Check[] = []
const check = (says: string, holds: boolean): void => {
  checks.push({ says, holds })
  console.log(`  ${holds ? '✓' : '✗'} ${says}`)
}
const done = ({ counts }: BatchFacts): number => counts['completed'] ?? 0
function progressOf(made: number, since: number): SeenProgress {
  const rate = (1000 * made) / Math.max(Date.now() - since, 1)
  const left = rate === 0 ? null : (total - made) / rate
  const known = { percent: (100 * made) / total, stage: 'images', done: made, total }
  return { ...known, rate_per_second: rate, eta_seconds: left }
}

try {
  console.log(`Drawing ${total} images; one of them promises 30,000 × 30,000 pixels.`)
  const truths = await writeImages(images, total, bomb)
  const items = [...truths.keys()].map((name) => ({
    uri: pathToFileURL(path.join(images, name)).href,
    name,
  }))
  const [first] = await lab.start(3)
  const [ana, ben] = [await lab.keyOf('ana'), await lab.keyOf('ben')]
  const admin = await lab.keyOf('operator', 'admin')
  const flooding = await lab.submit(ben, { items: items.slice(0, flood) })
  const batch = await lab.submit(ana, { items })
  console.log(`Ben was first, with ${flood} images; then Ana submitted all ${total}.\n`)

  const bar = createProgressBar()
  const begunAt = Date.now()
  let share: number | undefined
  let killed = false
  let partial:
    { readonly completed: number; readonly rows: number; readonly wrong: number } | undefined
  const begun = { ana: 0, ben: 0 }
  await lab.batchWhen(ana, batch, async (now) => {
    const bens = await lab.batch(ben, flooding)
    if (begun.ben === 0) Object.assign(begun, { ana: done(now), ben: done(bens) })
    // A slot that a dead worker still holds would count as its owner's.
    const isBoth = !killed && [now, bens].every(({ counts }) => (counts['queued'] ?? 0) > 0)
    const [anas, theirs] = [done(now) - begun.ana, done(bens) - begun.ben]
    if (isBoth && anas + theirs > 50) share = anas / (anas + theirs)
    if (!killed && done(now) > total / 3) {
      killed = true
      if (first) await lab.killAtWork(first, admin)
    }
    if (partial === undefined && done(now) > total / 4) {
      const rows = parseRows(await lab.text(ana, `/batches/${batch}/results.jsonl`))
      const { wrong } = checkResults(rows, truths)
      partial = { completed: done(now), rows: rows.length, wrong }
    }
    bar.draw(progressOf(done(now), begunAt))
    return now.status !== 'running'
  })
  bar.end()
  const ended = await lab.batch(ana, batch)
  const { failures } = ended

  check('the flood took no more than its share', share !== undefined && share > 0.4 && share < 0.6)
  console.log(`    Ana had ${Math.round((share ?? 0) * 100)} % of the work while both had some`)
  check(
    'the results table could be read, and was right, while the batch ran',
    partial !== undefined && partial.rows >= partial.completed && partial.wrong === 0,
  )
  const rows = parseRows(await lab.text(ana, `/batches/${batch}/results.jsonl`))
  await lab.batchWhen(ben, flooding, ({ status }) => status !== 'running')
  const others = parseRows(await lab.text(ben, `/batches/${flooding}/results.jsonl`))
  check(
    'a worker was killed, and what it ran was run again',
    killed && [...rows, ...others].some((row) => row.status === 'completed' && row.attempt > 1),
  )
  const bombName = items[bomb]!.name
  const failed = await lab.type(ana, 'failed', batch)
  check(
    `the bomb is the one item that failed: ${failed.stdout.split('\t').slice(0, 2).join(' ')}`,
    JSON.stringify(failures) === '{"out-of-memory":1}' && failed.stdout.includes(bombName),
  )

  console.log(`$ longhaul retry ${batch} --failed --only out-of-memory`)
  await writeHarmless(images, bombName, bomb)
  await lab.type(ana, 'retry', batch, '--failed', '--only', 'out-of-memory')
  const after = await lab.batchWhen(ana, batch, ({ status }) => status !== 'running')
  check(
    'with another image in its place, the retry of that one ended the batch',
    after.status === 'completed',
  )

  let last = await checkAll()
  if (values['delete-one']) {
    console.log('One result is deleted: now the same check must not hold.')
    await lab.text(ana, `/jobs/${last[7]?.job_id}`, 'DELETE')
    last = await checkAll()
  }

  async function checkAll() {
    const all = parseRows(await lab.text(ana, `/batches/${batch}/results.jsonl`))
    const { lost, doubled, wrong } = checkResults(all, truths)
    const says = `${total} images: lost ${lost}, doubled ${doubled}, wrong ${wrong}`
    check(says, lost + doubled + wrong === 0)
    return all
  }

  const untrue = checks.filter(({ holds }) => !holds).length
  const seconds = Math.round((Date.now() - startedAt) / 1000)
  const verdict =
    untrue === 0
      ? `lost 0, doubled 0; every check held, in ${seconds} s`
      : `${untrue} of ${checks.length} checks did not hold`
  console.log(`${untrue === 0 ? '✓' : '✗'} ${verdict}`)
  const page = await writePage(values.out, last, checks, verdict)
  console.log(`  ${path.relative(process.cwd(), page)}`)
  process.exitCode = untrue === 0 ? 0 : 1
} finally {
  await lab.end()
  await rm(folder, { recursive: true, force: true })
}
