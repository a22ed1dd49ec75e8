import { createClient } from '@longhaul/client'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseTasks } from '../src/callables/index.ts'
import { dispatch } from '../src/cli/dispatch.ts'
import { startHttpService, type HttpService } from './harness/http-service.ts'
import { hasPython, pythonFolder } from './harness/python.ts'

const execute = promisify(execFile)
const root = path.join(import.meta.dirname, '../../..')

describe.skipIf(!hasPython())('clients of callables', () => {
  let service: HttpService
  let folder: string
  /** The files of the guide as they stand there, and the example. */
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'longhaul-d-clients-'))
    const guide = await readFile(path.join(root, 'docs/compat/system-d.md'), 'utf8')
    const named = /^```\w+\n(?:#|\/\/) (\S+\.\w+)\n([^]*?)^```$/gm
    for (const [, name = '', code = ''] of guide.matchAll(named))
      await writeFile(path.join(folder, name), code)
    const lists = [
      path.join(folder, 'strategies.yml'),
      path.join(root, 'examples/quant-run/tasks.yml'),
    ]
    const sources = await Promise.all(
      lists.map(async (file) => parseTasks(await readFile(file, 'utf8'), file)),
    )
    const runsDir = path.join(folder, '.quant_runs')
    service = await startHttpService({ callables: { runsDir } }, sources.flat())
  })
  afterAll(async () => {
    await service?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const program = async (command: string, args: readonly string[]): Promise<string> => {
    const env = { ...process.env, LONGHAUL_URL: service.url, PYTHONPATH: pythonFolder }
    return (await execute(command, args, { cwd: folder, env })).stdout
  }

  it('run to their end as system D has them, in Python and JavaScript', async () => {
    const [python, script] = await Promise.all([
      program('python3', ['call_risk.py']),
      program(process.execPath, ['call-risk.mjs']),
    ])
    expect(python).toBe("{'level': 0.75, 'loss': 0.02}\nTrue True\n")
    expect(script).toBe('{ level: 0.75, loss: 0.02 }\n403:\n')
  })

  it('have the envelope without asking where nothing but callables is served', async () => {
    const { json } = await service.call('GET /jobs')
    expect(Object.keys(json as object)).toEqual(['jobs', 'count', 'total'])
    const { status, json: refused } = await service.call('POST /jobs', { json: {} })
    expect([status, refused.code]).toEqual([400, 'entrypoint-required'])
  })

  it('get the same numbers from the example in Python and in TypeScript', async () => {
    const { callables } = createClient({ url: service.url })
    expect((await callables.list()).map(({ name, state }) => [name, state])).toContainEqual([
      'momentum-ts',
      'ready',
    ])
    const results = async (parameters: Record<string, unknown>) => {
      const client = createClient({ url: service.url })
      const submitted = await Promise.all(
        ['momentum', 'momentum-ts'].map((name) => client.callables.run(name, parameters)),
      )
      return Promise.all(
        submitted.map(async ({ job_id }) => (await client.waitForJob(job_id)).result),
      )
    }
    for (const parameters of [{}, { symbol: 'KRIL', fast: 5, slow: 20 }]) {
      const [python, script] = await results(parameters)
      expect(python).toMatchObject({ result: { days: expect.any(Number) as number } })
      expect(script).toEqual(python)
    }
  })

  it("call from the command line and with longhaul's own Python client", async () => {
    const said = { stdout: '', stderr: '' }
    const command = (...argv: string[]) => {
      said.stdout = ''
      return dispatch([...argv, '--url', service.url], {
        env: {},
        cwd: folder,
        stdout: { write: (text: string) => ((said.stdout += text), true), isTTY: false },
        stderr: { write: (text: string) => ((said.stderr += text), true), isTTY: false },
        interruption: () => new AbortController().signal,
      })
    }
    expect(await command('run', 'risk', 'returns:=[0.1,-0.1,-0.3]', '--wait')).toBe(0)
    expect(said.stdout).toBe('{"level":0.95,"loss":0.3}\n')
    expect(await command('run')).toBe(0)
    expect(said.stdout).toContain('risk\trisk:value_at_risk\tready\n')
    expect(await command('run', 'no-such-task')).toBe(5)
    const code =
      'from longhaul import Client; print(Client().run("risk", returns=[0.1, -0.1]).result())'
    expect(await program('python3', ['-c', code])).toBe(
      "{'result': {'level': 0.95, 'loss': 0.1}}\n",
    )
  })
})
