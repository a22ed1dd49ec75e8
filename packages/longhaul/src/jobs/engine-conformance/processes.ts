import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import {
  jobOf,
  newJob,
  submitted,
  useEngine,
  type EngineUnderTest,
  type OpenEngine,
} from './harness.ts'

/** Sources run by type stripping, the build as JavaScript. */
const script = new URL(
  import.meta.url.endsWith('.ts') ? './claimer-process.ts' : './claimer-process.js',
  import.meta.url,
)

interface Line {
  readonly claimed?: string
  readonly settled?: string
}

/** A worker in a process of its own; `onLine` hears of every claim before its job is settled. */
function startClaimer(test: EngineUnderTest, name: string, onLine: (line: Line) => void) {
  const { module, argument } = test.opener
  const child = spawn(
    process.execPath,
    ['--conditions=longhaul-source', script.pathname, module, argument, name],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  createInterface({ input: child.stdout }).on('line', (line) => onLine(JSON.parse(line) as Line))
  return child
}

export function processes(open: OpenEngine): void {
  describe('eight claimers in separate processes', () => {
    const its = useEngine(open, { leaseMs: 60_000 })
    const owners = ['ann', 'bob', 'cat', 'dan', 'eve']
    const jobs = (count: number) =>
      Array.from({ length: count }, (_, n) =>
        newJob({ owner: owners[n % 5] ?? '', queue: n % 3 === 0 ? 'a' : 'b' }),
      )

    it('claim each of 3,000 jobs exactly once and lose none', { timeout: 120_000 }, async () => {
      const { test } = its
      const ids = await submitted(test.engine, ...jobs(3000))
      const claims: string[] = []
      const settled: string[] = []
      const ends = await Promise.all(
        Array.from({ length: 8 }, async (_, n) => {
          const child = startClaimer(test, `claimer-${n}`, (line) => {
            if (line.claimed !== undefined) claims.push(line.claimed)
            if (line.settled !== undefined) settled.push(line.settled)
          })
          const [code] = (await once(child, 'close')) as [number | null]
          return code
        }),
      )
      expect(ends).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
      expect(claims.length - new Set(claims).size).toBe(0)
      expect(claims.toSorted()).toEqual(ids.map((id) => `${id}.1`).toSorted())
      expect(settled.toSorted()).toEqual(ids.toSorted())
      const { total } = await test.engine.list(
        { scope: 'everyone', states: ['completed'] },
        { limit: 1 },
      )
      expect(total).toBe(3000)
    })

    it('lose nothing when some are killed in the middle', { timeout: 120_000 }, async () => {
      const { test } = its
      const { engine } = test
      const ids = await submitted(engine, ...jobs(600))
      const claims: string[] = []
      const children = Array.from({ length: 8 }, (_, n) => {
        let seen = 0
        const child = startClaimer(test, `claimer-${n}`, (line) => {
          if (line.claimed === undefined) return
          claims.push(line.claimed)
          seen += 1
          if (n < 3 && seen === 10 + n * 7) child.kill('SIGKILL')
        })
        return once(child, 'close')
      })
      await Promise.all(children)
      // The suite knows what a start would find out: those three processes are gone.
      const dead = new Set(['claimer-0', 'claimer-1', 'claimer-2'])
      await engine.forgetDeadWorkers('here', ({ id }) => !dead.has(id))
      const rest = startClaimer(test, 'last', (line) => {
        if (line.claimed !== undefined) claims.push(line.claimed)
      })
      await once(rest, 'close')
      expect(claims.length - new Set(claims).size).toBe(0)
      const states = await Promise.all(ids.map((id) => jobOf(engine, id)))
      expect(states.filter((job) => job.state !== 'completed')).toEqual([])
      // A claim whose process died before it could say so is possible; a claim that nobody issued is not.
      for (const job of states) expect(job.attempt).toBe(1 + job.lost)
    })
  })
}
