import { rm } from 'node:fs/promises'
import path from 'node:path'
import { torture, type Finding } from 'longhaul/testing'
import { describe, expect, it } from 'vitest'

/** A blow must fall at the right moment to show anything, so runs go on until one has. */
async function findingsOfFirstBadRun(
  safety: { readonly noFence: true } | { readonly noRollForward: true },
): Promise<readonly Finding[]> {
  for (let seed = 1; seed <= 12; seed++) {
    const report = await torture({ runs: 1, seed, ...safety })
    const [run] = report.runs
    if (!run || report.passed) continue
    await rm(path.dirname(run.folder), { recursive: true, force: true })
    return run.findings
  }
  return []
}

// An oracle that never reports anything would pass every engine: with a safety switched off it must cry.
describe('torture, with a safety switched off', () => {
  it('finds that late attempts write when there is no fence', async () => {
    const findings = await findingsOfFirstBadRun({ noFence: true })
    expect(findings.map(({ kind }) => kind)).toContain('doubled')
  })

  it('finds that publications stay half done when nobody rolls them forward', async () => {
    const findings = await findingsOfFirstBadRun({ noRollForward: true })
    // Some outputs are public and the job is not, or its next attempt makes them public again.
    expect(findings.map(({ kind }) => kind)).toSatisfy(
      (kinds: string[]) => kinds.includes('leaked') || kinds.includes('doubled'),
    )
  })
})
