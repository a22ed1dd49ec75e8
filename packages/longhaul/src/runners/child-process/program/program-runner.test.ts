import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startAttempt } from '../../runner-conformance/attempt-probe.ts'
import type { Runner } from '../../runner.ts'
import { childProcessRunners } from '../index.ts'

let folder: string
let runner: Runner | undefined
beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'longhaul-program-')))
})
afterEach(async () => {
  await runner?.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function open(template: string, slots = 1, memoryBytes?: number): Promise<Runner> {
  const options = {
    slots,
    dataDir: path.join(folder, 'data'),
    env: [],
    recordsFileBytes: 1,
    shardBytes: 1,
  }
  const limit = memoryBytes === undefined ? {} : { memoryBytes }
  const source = { kind: 'program', name: 'it', template, cwd: folder, ...limit } as const
  ;[runner] = await childProcessRunners.open(source, options)
  return runner as Runner
}
async function run(template: string, input = {}) {
  const attempt = await startAttempt(await open(template), folder, input)
  return { ...attempt, outcome: await attempt.outcome }
}
async function staged(content: string) {
  const file = path.join(folder, 'input.txt')
  await writeFile(file, content)
  return {
    name: 'input.txt',
    path: file,
    uri: 's3://b/input.txt',
    size: content.length,
    sha256: '',
  }
}

it('runs any program: files in, files out', async () => {
  const { outcome, outputs } = await run('cp {from:file} {to:out.txt}', {
    from: await staged('hello'),
  })
  expect(outcome).toMatchObject({ kind: 'completed', value: { to: { $output: 'to.txt' } } })
  expect(outputs.map(({ name }) => name)).toEqual(['to.txt'])
  expect(runner?.description).toMatchObject({
    name: 'it',
    runtime: 'cp',
    description: 'cp {from:file} {to:out.txt}',
  })
})

it('answers what was printed when no file is asked for, from the workspace', async () => {
  const { outcome, workspace, log } = await run('pwd')
  expect(outcome).toMatchObject({ kind: 'completed', value: { stdout: `${workspace}\n` } })
  expect(await log()).toMatchObject([{ from: 'stdout', text: workspace }])
})

it('finds the program’s own files in the folder where the command was given', async () => {
  await writeFile(path.join(folder, 'script.sh'), 'echo "script says $1"')
  const { outcome } = await run('sh script.sh {word}', { word: 'hi' })
  expect(outcome).toMatchObject({ value: { stdout: 'script says hi\n' } })
})

it('fails with the exit code and the last words', async () => {
  const { outcome } = await run(`sh -c 'echo working; echo "no such codec" >&2; exit 4'`)
  expect(outcome).toMatchObject({
    kind: 'failed',
    retry: 'policy',
    problem: {
      code: 'transient',
      detail: 'sh ended with exit code 4: no such codec',
      exit_code: 4,
      stderr_tail: 'no such codec',
    },
  })
})

it('counts a signal that we did not send as lost', async () => {
  const { outcome } = await run(`sh -c 'kill -KILL $$'`)
  expect(outcome).toMatchObject({ kind: 'failed', retry: 'lost', problem: { code: 'worker-lost' } })
})

it('fails for good when a promised file is not there, and when the input is wrong', async () => {
  expect((await run('true {made:out.txt}')).outcome).toMatchObject({
    retry: 'never',
    problem: { code: 'permanent', detail: 'true ended well but wrote no made.txt.' },
  })
  expect((await run('echo {n:int}', { n: 'x' })).outcome).toMatchObject({
    retry: 'never',
    problem: { code: 'invalid-input', field: 'n' },
  })
})

it.each([
  ['no-such-program-anywhere {a}', /There is no program no-such-program-anywhere on the PATH/],
  ['./absent.sh', /\.\/absent\.sh is not a file that can be executed/],
  ['echo {n:int=many}', /"many" is no number/],
  ['echo {b:bool=maybe}', /b must be true or false/],
  ['echo {a:nothing}', /the type is file, files, int/],
])('says why %s cannot be served', async (template, message) => {
  await expect(open(template)).rejects.toMatchObject({
    code: 'processor-broken',
    message: expect.stringMatching(message) as string,
  })
})

it('runs as many at once as there are slots', async () => {
  const two = await open('sleep {seconds:int=600}', 2)
  const attempts = await Promise.all([1, 2, 3].map(() => startAttempt(two, folder, {})))
  attempts[2]?.cancel('cancelled') // waits, so nothing has to be killed
  expect(await attempts[2]?.outcome).toMatchObject({ kind: 'stopped', usage: {} })
  attempts[0]?.cancel('deadline')
  expect(await attempts[0]?.outcome).toMatchObject({ kind: 'stopped', reason: 'deadline' })
  await vi.waitUntil(() => attempts[1] !== undefined)
  await two.stop()
  expect((await attempts[1]?.outcome)?.kind).toBe('stopped')
})

it('ends a program that holds more memory than it may, and says so', async () => {
  await writeFile(
    path.join(folder, 'eat.py'),
    "held = []\nwhile len(held) < 400:\n    held.append(bytearray(b'x' * 1_000_000))\nimport time; time.sleep(600)\n",
  )
  const limited = await open('python3 eat.py', 1, 100e6)
  const attempt = await startAttempt(limited, folder, {})
  expect(await attempt.outcome).toMatchObject({
    kind: 'failed',
    retry: 'policy',
    problem: { code: 'out-of-memory', limit_bytes: 100e6 },
  })
  expect(limited.description.memory_bytes).toBe(100e6)
})
