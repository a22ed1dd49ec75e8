import { createRequire } from 'node:module'
import path from 'node:path'
import { startTestPostgres } from '../packages/longhaul/src/testing/servers/postgres.ts'
import { percentile, type Figure } from './figure.ts'
import { drainBullmq, drainLonghaul, drainPgBoss, type Drain } from './queue-peers-drain.ts'

const rounds = 5
/** Enough for about a second each. */
const jobsOf = { 1: 400, 10: 2_000, 100: 6_000 } as const
const peerOf = createRequire(path.join(import.meta.dirname, 'peers/package.json'))

/** How fast no-op jobs drain from PostgreSQL, beside other queues on the same server: each in turn, several times. */
export async function queuePeers(): Promise<readonly Figure[]> {
  const installed = (name: string) => {
    try {
      return peerOf.resolve(name)
    } catch {
      throw new Error('The peers are not installed: npm install --prefix bench/peers')
    }
  }
  const postgres = await startTestPostgres({ durable: true })
  try {
    const url = () => postgres.createDatabase()
    const boss = await drainPgBoss(await url(), installed('pg-boss'))
    const own = await drainLonghaul(await url())
    const bull = await drainBullmq(await url(), installed('bullmq'))
    const figures: Figure[] = []
    try {
      for (const batch of [1, 10, 100] as const) {
        const rates = await inTurn({ boss, own, bull }, jobsOf[batch], batch)
        figures.push(
          {
            name: `drain at batch ${batch}, over bare pg-boss 12`,
            value: rates.own / rates.boss,
            unit: '×',
            target: { atLeast: 0.6 },
            beside: said(rates),
          },
          {
            name: `drain at batch ${batch}, over BullMQ 6 on PostgreSQL`,
            value: rates.own / rates.bull,
            unit: '×',
            target: { atLeast: 1 },
            beside: said(rates),
          },
        )
      }
      return figures
    } finally {
      for (const one of [boss, own, bull]) await one.stop()
    }
  } finally {
    await postgres.stop()
  }
}

type Rates = Readonly<Record<'boss' | 'own' | 'bull', number>>

const said = ({ boss, own, bull }: Rates) =>
  `longhaul ${own.toFixed(0)}, pg-boss ${boss.toFixed(0)}, BullMQ ${bull.toFixed(0)} jobs a second`

/** The middle of several rounds, in which each has its turn: what else the machine does then slows all of them. */
async function inTurn(
  drains: Readonly<Record<'boss' | 'own' | 'bull', Drain>>,
  jobs: number,
  batch: number,
): Promise<Rates> {
  const seen = { boss: [] as number[], own: [] as number[], bull: [] as number[] }
  for (let round = 0; round <= rounds; round += 1)
    for (const name of ['boss', 'own', 'bull'] as const) {
      await drains[name].fill(jobs)
      const start = performance.now()
      await drains[name].drain(jobs, batch)
      // The first round warms up: plans, caches, compiled code.
      if (round > 0) seen[name].push(jobs / ((performance.now() - start) / 1000))
    }
  const middle = (name: keyof typeof seen) => percentile(seen[name], 0.5)
  return { boss: middle('boss'), own: middle('own'), bull: middle('bull') }
}
