import { setTimeout as pause } from 'node:timers/promises'
import path from 'node:path'
import { percentile, type Figure } from './figure.ts'
import { family } from './memory.ts'
import { startService, warmedUp } from './service.ts'

const starts = 9
const MB = 1e6

/** What the service costs before anybody uses it: the built command with one processor, without S3. */
export async function footprint(): Promise<readonly Figure[]> {
  const source = path.join(import.meta.dirname, '../e2e/fixtures/shout.ts')
  const startMs: number[] = []
  let idle = 0
  let children = ''
  for (let n = 0; n < starts; n++) {
    await using service = await startService({}, [source])
    startMs.push(service.startMs)
    if (n < starts - 1) continue
    await warmedUp(service)
    await pause(5000)
    const processes = await family(service.pid)
    idle = processes.find(({ pid }) => pid === service.pid)?.now ?? NaN
    children = processes
      .filter(({ pid }) => pid !== service.pid)
      .map(({ now }) => (now / MB).toFixed(0))
      .join(' + ')
  }
  return [
    {
      name: 'idle RSS of the service',
      value: idle / MB,
      unit: 'MB',
      target: { atMost: 130 },
      beside: `its processes apart: ${children} MB`,
    },
    {
      name: 'start to healthy',
      value: percentile(startMs, 0.5),
      unit: 'ms',
      target: { atMost: 1000 },
      beside: `median of ${starts}, slowest ${Math.max(...startMs).toFixed(0)}`,
    },
  ]
}
