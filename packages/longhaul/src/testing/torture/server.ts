/** One server process of a run: the real app, with a bad store under it and a fault point to strike at. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import { createApp } from '../../app/index.ts'
import { onFaultPoint } from '../../support/fault-point.ts'
import { appendEvidence } from './evidence.ts'
import { faultyStorage } from './faulty-storage.ts'
import { runFolder } from './run-folder.ts'
import { seededRandom } from './seeded-random.ts'
import { ledgerVariable, runVariable, uploadKeepSeconds, type ServerPlan } from './server-plan.ts'

const plan = JSON.parse(process.argv[2] ?? '') as ServerPlan
const folder = runFolder(plan.folder)
const isCalm = (): boolean => existsSync(folder.calm)

let hits = 0
onFaultPoint((point) => {
  if (point !== plan.fault?.point || ++hits !== plan.fault.hit || isCalm()) return
  const { action } = plan.fault
  noteStall() // one that dies as soon as it can move again would take it along
  appendEvidence(folder.faults, { point, action, pid: process.pid })
  process.kill(process.pid, action === 'die' ? 'SIGKILL' : 'SIGSTOP')
})

// A loop that stood still for half a lease may have lost it through no fault of the engine: the oracle is told.
let last = Date.now()
function noteStall(): void {
  const now = Date.now()
  if (now - last > plan.leaseMs / 2)
    appendEvidence(folder.stalls, { pid: process.pid, from: last, to: now })
  last = now
}
setInterval(noteStall, 50).unref()

const extension = path.extname(import.meta.filename)
const app = await createApp({
  sources: [{ kind: 'file', path: path.join(import.meta.dirname, `processors${extension}`) }],
  config: {
    ...plan.config,
    host: '127.0.0.1',
    port: 0,
    leaseMs: plan.leaseMs,
    maxConcurrentJobs: plan.slots,
    uploadKeepSeconds,
    // Several files of records a job, so that some are complete at a checkpoint and others are not.
    recordsFileBytes: 1500,
    processorEnv: [runVariable, ledgerVariable],
  },
  log: pino(pino.destination({ dest: folder.serverLog(plan.serial), sync: true })),
  unsafe: {
    wrapStorage: (storage) =>
      faultyStorage(storage, {
        random: seededRandom(plan.seed),
        isCalm,
        onPublished: (key, uploadId) =>
          appendEvidence(folder.publications, { key, uploadId, pid: process.pid }),
      }),
    engine: plan.unsafe,
  },
})
// Whoever started this is gone: so is the reason for it.
process.stdin.resume().once('close', () => process.kill(process.pid, 'SIGKILL'))
process.once('SIGTERM', () => {
  app.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})
process.stdout.write(`${JSON.stringify({ url: await app.listen() })}\n`)
