import { rm } from 'node:fs/promises'
import path from 'node:path'
import { torture, type Finding, type TortureOptions } from 'longhaul/testing'
import { describe, expect, it } from 'vitest'

/** Whether it finds one of these. A blow must fall at the right moment to show anything, so runs go on until one has. */
async function finds(
  kinds: readonly Finding['kind'][],
  safety: Partial<TortureOptions>,
): Promise<boolean> {
  for (let seed = 1; seed <= 12; seed++) {
    const report = await torture({ runs: 1, seed, ...safety })
    const [run] = report.runs
    if (!run || report.passed) continue
    await rm(path.dirname(run.folder), { recursive: true, force: true })
    if (run.findings.some(({ kind }) => kinds.includes(kind))) return true
  }
  return false
}

// An oracle that never reports anything would pass every engine: with a safety switched off it must cry.
describe('torture, with a safety switched off', () => {
  it('finds that late attempts write when there is no fence', async () => {
    expect(await finds(['doubled'], { noFence: true })).toBe(true)
  })

  it('finds that publications stay half done when nobody rolls them forward', async () => {
    // Some outputs are public and the job is not, or its next attempt makes them public again.
    expect(await finds(['leaked', 'doubled'], { noRollForward: true })).toBe(true)
  })

  it('finds that limits do not hold when claims do not wait for each other', async () => {
    // More at once than the fleet may run, one attempt number for two, or counters that do not add up.
    const kinds = ['wrong', 'doubled', 'drifted'] as const
    expect(await finds(kinds, { noQueueLock: true, on: ['postgres+local'] })).toBe(true)
  })
})
