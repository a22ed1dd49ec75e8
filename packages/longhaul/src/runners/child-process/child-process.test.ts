import path from 'node:path'
import { runnerConformance } from '../runner.conformance.ts'
import type { Runner, RunnerOptions } from '../runner.ts'
import { childProcessRunners } from './index.ts'

const fixtures = path.join(import.meta.dirname, '../../../tests/fixtures/conformance')

async function open(file: string, options: RunnerOptions): Promise<Runner> {
  const [runner] = await childProcessRunners.open(
    { kind: 'file', path: path.join(fixtures, file) },
    options,
  )
  if (!runner) throw new Error('no runner')
  return runner
}

runnerConformance('TypeScript in a child process', (options) => open('conformance.ts', options))
runnerConformance('bash in a child process', (options) => open('conformance.sh', options))
