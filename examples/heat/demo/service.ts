/**
 * The demo's own way to start a part of the service, `node service.ts '<Part as JSON>'`: as `longhaul serve --no-worker` and
 * `longhaul worker` do, but it can be told to die at a certain instruction. Only this file knows the variable for it.
 */
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { createApp } from 'longhaul'
import { onFaultPoint } from 'longhaul/testing/faults'

/** What the demo runs as a process of its own. */
export interface Part {
  readonly role: 'server' | 'worker'
  readonly dataDir: string
  readonly leaseMs: number
}

/** A folder: who comes to an instruction that has a file there dies of it. */
const orders = process.env['HEAT_DEMO_DIE_AT']
if (orders !== undefined)
  onFaultPoint((point) => {
    const order = path.join(orders, point)
    if (!existsSync(order)) return
    rmSync(order) // who takes this one's place lives
    process.kill(process.pid, 'SIGKILL')
  })

const { role, dataDir, leaseMs } = JSON.parse(process.argv[2] ?? '{}') as Part
const app = await createApp({
  sources: [{ kind: 'file', path: path.join(import.meta.dirname, '../heat.ts') }],
  config: {
    dataDir,
    leaseMs,
    roles: { api: role === 'server', worker: role === 'worker' },
    // Small files, so that many are given away while the plate cools.
    recordsFileBytes: 4000,
    shardBytes: 60_000,
    logLevel: 'silent',
  },
})
process.on('SIGTERM', () => void app.stop().then(() => process.exit(0)))
const url = role === 'server' ? await app.listen({ host: '127.0.0.1', port: 0 }) : ''
process.stdout.write(`${JSON.stringify({ url })}\n`)
