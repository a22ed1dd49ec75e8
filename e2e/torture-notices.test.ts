import { rm } from 'node:fs/promises'
import path from 'node:path'
import { torture, type TortureReport } from 'longhaul/testing'
import { afterEach, describe, expect, it } from 'vitest'

// An oracle that never reports anything would pass every engine: with a safety switched off it must cry.
describe('torture, with a safety switched off', () => {
  let report: TortureReport | undefined

  afterEach(async () => {
    // Bad runs keep their evidence; these are meant to be bad.
    for (const run of report?.runs ?? [])
      await rm(path.dirname(run.folder), { recursive: true, force: true })
  })

  const kinds = (): string[] =>
    (report?.runs ?? []).flatMap((run) => run.findings.map((finding) => finding.kind))

  it('finds that late attempts write when there is no fence', async () => {
    report = await torture({ runs: 3, seed: 1, noFence: true })
    expect(report.passed).toBe(false)
    expect(kinds()).toContain('doubled')
  })

  it('finds that publications stay half done when nobody rolls them forward', async () => {
    report = await torture({ runs: 3, seed: 1, noRollForward: true })
    expect(report.passed).toBe(false)
    expect(kinds().some((kind) => kind === 'doubled' || kind === 'leaked')).toBe(true)
  })
})
