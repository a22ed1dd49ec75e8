import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineProcessor, describeProcessor, type Processor } from '../../processor/index.ts'
import { checkDescription } from '../check-description.ts'
import { runnerConformance } from '../runner.conformance.ts'
import { inlineRunner } from './index.ts'

const file = path.join(import.meta.dirname, '../../../tests/fixtures/conformance/conformance.ts')

runnerConformance('inline', async (options) => {
  const { default: processor } = (await import(file)) as { default: Processor }
  const description = checkDescription(describeProcessor(processor), '0'.repeat(64))
  return inlineRunner(processor, description, options, path.dirname(file))
})

it('makes a folder only for an attempt that asks where it is', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'longhaul-inline-'))
  const processor = defineProcessor({
    name: 'asks',
    runner: 'inline',
    input: { asks: z.boolean() },
    output: { there: z.boolean() },
    run: (ctx) => ({ there: ctx.input.asks && existsSync(ctx.workspace) }),
  })
  const description = checkDescription(describeProcessor(processor), '0'.repeat(64))
  const options = { dataDir: folder, slots: 1, env: [], recordsFileBytes: 1e6, shardBytes: 1e6 }
  const runner = inlineRunner(processor, description, options, folder)
  try {
    for (const asks of [false, true]) {
      const workspace = path.join(folder, 'work', String(asks))
      const logFile = path.join(folder, 'log')
      const sink = { progress: () => {}, alive: () => {}, output: async () => {} }
      const request = { attemptId: 'a', jobId: 'j', attempt: 1, input: { asks }, inputs: [] }
      const { outcome } = runner.run({ ...request, workspace, logFile }, sink)
      expect(await outcome).toMatchObject({ kind: 'completed' })
      expect(existsSync(workspace)).toBe(asks)
    }
  } finally {
    await runner.stop()
    rmSync(folder, { recursive: true })
  }
})
