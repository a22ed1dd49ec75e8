import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startAttempt } from '../runner-conformance/attempt-probe.ts'
import type { ProcessorSource, Runner } from '../runner.ts'
import { marksOf } from './attempt-marks.ts'
import { childProcessRunners, reapOrphans } from './index.ts'
import { livingProcesses } from './process-table.ts'

const trees = path.join(import.meta.dirname, '../../../tests/fixtures/trees')
const supervisor = fileURLToPath(new URL('../../../tests/fixtures/supervisor.ts', import.meta.url))
const waitFor = { timeout: 20_000, interval: 20 }
const forms: Record<string, ProcessorSource> = {
  'a TypeScript processor': { kind: 'file', path: path.join(trees, 'tree.ts') },
  'any program': {
    kind: 'program',
    name: 'tree-sh',
    template: `${path.join(trees, 'tree.sh')} {seconds:int=600}`,
    cwd: trees,
  },
}

let folder: string
let runner: Runner | undefined
beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'longhaul-tree-')))
})
afterEach(async () => {
  await runner?.stop()
  runner = undefined
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

const optionsFor = (dataDir: string) => ({
  slots: 1,
  dataDir,
  env: [],
  recordsFileBytes: 1e6,
  shardBytes: 1e6,
})
/** Pids, of this data directory, that carry the attempt's mark. */
const marked = (attemptId: string): number[] =>
  livingProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => {
      const marks = marksOf(pid)
      return marks?.attemptId === attemptId && marks.supervisor?.dataDir === folder
    })
const ofFolder = (): number[] =>
  livingProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => marksOf(pid)?.supervisor?.dataDir === folder)

describe.each(Object.keys(forms))('%s whose children have children', (form) => {
  const source = forms[form] as ProcessorSource

  it('leaves none of them when it is cancelled', async () => {
    ;[runner] = await childProcessRunners.open(source, optionsFor(folder))
    const attempt = await startAttempt(runner as Runner, folder, {})
    // The shell, one in a session of its own, and one that ignores SIGTERM with its sleep.
    await vi.waitUntil(() => marked(attempt.attemptId).length >= 4, waitFor)
    const asked = performance.now()
    attempt.cancel('cancelled')
    expect(await attempt.outcome).toMatchObject({ kind: 'stopped', reason: 'cancelled' })
    expect(marked(attempt.attemptId)).toEqual([])
    expect(performance.now() - asked).toBeLessThan(10_000)
  })

  it('is ended with its group when the supervisor is killed; the rest is found at the next start', async () => {
    const dead = spawn(
      process.execPath,
      [
        '--conditions=longhaul-source',
        supervisor,
        JSON.stringify({ source, options: optionsFor(folder) }),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const ended = once(dead, 'exit')
    try {
      await vi.waitUntil(() => marked('j_supervised.1.nonce').length >= 4, waitFor)
      // Nothing is reaped while its supervisor lives.
      expect(await reapOrphans(folder, () => false)).toEqual([])
    } finally {
      dead.kill('SIGKILL')
    }
    await ended
    // The guard ends the group; the sleep that left for a session of its own stays.
    await vi.waitUntil(() => ofFolder().length === 1, waitFor)
    expect(await reapOrphans(folder, () => true)).toEqual([])
    const rest = marked('j_supervised.1.nonce')
    expect(await reapOrphans(folder, async (attemptId) => attemptId === 'another')).toEqual(rest)
    expect(ofFolder()).toEqual([])
  })
})

it('leaves alone what belongs to another data directory', async () => {
  ;[runner] = await childProcessRunners.open(
    forms['any program'] as ProcessorSource,
    optionsFor(folder),
  )
  const attempt = await startAttempt(runner as Runner, folder, {})
  await vi.waitUntil(() => marked(attempt.attemptId).length >= 4, waitFor)
  const other = await mkdtemp(path.join(tmpdir(), 'longhaul-other-'))
  expect(await reapOrphans(other, () => false)).toEqual([])
  await rm(other, { recursive: true })
  attempt.kill()
  expect(await attempt.outcome).toMatchObject({ kind: 'stopped', reason: 'lost' })
  expect(marked(attempt.attemptId)).toEqual([])
})
