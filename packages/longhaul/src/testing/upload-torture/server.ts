/** The service that is tortured: the real app, whose store's disk is full now and then. It is killed, and started again. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pino } from 'pino'
import { createApp, type ConfigOptions } from '../../app/index.ts'
import { seededRandom } from '../torture/seeded-random.ts'
import { fullDisk } from './full-disk.ts'

export interface UploadServerPlan {
  readonly seed: number
  readonly config: ConfigOptions
  /** No fault strikes once it is there. */
  readonly calmFile: string
  readonly log: string
}

const plan = JSON.parse(process.argv[2] ?? '') as UploadServerPlan
const random = seededRandom(plan.seed)
const app = await createApp({
  sources: [
    {
      kind: 'file',
      path: path.join(
        import.meta.dirname,
        `../torture/processors${path.extname(import.meta.filename)}`,
      ),
    },
  ],
  config: { ...plan.config, host: '127.0.0.1', roles: { api: true, worker: false } },
  log: pino(pino.destination({ dest: plan.log, sync: true })),
  unsafe: { wrapStorage: (storage) => fullDisk(storage, random, () => existsSync(plan.calmFile)) },
})
// A line asks to clear up what is over; the end of the input is the end of whoever started this.
createInterface({ input: process.stdin })
  .on('line', () => {
    void app.services.uploads.expire().then(() => process.stdout.write('expired\n'))
  })
  .once('close', () => process.kill(process.pid, 'SIGKILL'))
process.stdout.write(`${await app.listen()}\n`)
