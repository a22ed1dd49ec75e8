import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkProcessor, rules } from '../src/runners/processor-conformance/index.ts'
import { hasPython, pythonFolder } from './harness/python.ts'

const fixtures = fileURLToPath(new URL('./fixtures/conformance/', import.meta.url))

describe.skipIf(!hasPython())('the Python shim', () => {
  it('keeps every rule of the processor protocol', { timeout: 180_000 }, async () => {
    const reports = await checkProcessor({
      command: 'python3',
      args: ['-m', 'longhaul.child', `${fixtures}conformance.py`],
      cwd: fixtures,
      env: { PYTHONPATH: pythonFolder },
    })
    expect(reports.filter(({ ok }) => !ok)).toEqual([])
    expect(reports).toHaveLength(rules.length)
  })

  it('passes its own tests', { timeout: 300_000 }, async () => {
    const tests = spawn('python3', ['-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'], {
      cwd: pythonFolder,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PYTHONDONTWRITEBYTECODE: '1' },
    })
    let said = ''
    tests.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const [code] = (await once(tests, 'exit')) as [number | null]
    expect(code, said).toBe(0)
    // A run that found no test is green as well.
    expect(Number(/^Ran (\d+) tests/m.exec(said)?.[1])).toBeGreaterThan(90)
  })
})
