import { spawnSync } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { cp, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../src/support/json.ts'
import { startHttpService, type Answer, type HttpService } from './harness/http-service.ts'
import { hasPython } from './harness/python.ts'
import { processesMarked } from './harness/processes.ts'
import { attemptOverProtocol } from './harness/python-child.ts'
import { pythonFile, pythonFunctions, type PythonFunction } from './harness/python-functions.ts'
import { until } from './harness/until.ts'

const python = hasPython()

describe.skipIf(!python)('an unmodified Python function, over the processor protocol', () => {
  it('is one of at least 25', () => {
    expect(new Set(pythonFunctions.map(([, { file }]) => file)).size).toBeGreaterThanOrEqual(25)
  })

  it.each(pythonFunctions)('%s', async (_title, call) => {
    const { expected, printed = /(?:)/ } = call
    const { messages, end, exit, outputs, printedBytes, printedTail } =
      await attemptOverProtocol(call)
    const said = messages.map((message) =>
      message.type === 'log' ? message.text : message.type === 'error' ? message.trace : '',
    )
    expect(`${said.join('\n')}\n${printedTail}`).toMatch(printed)
    if ('exitCode' in expected) {
      expect(end).toBeUndefined()
      expect(exit).toEqual({ code: expected.exitCode, signal: null })
    } else if ('signal' in expected) {
      expect(end).toBeUndefined()
      expect(exit).toEqual({ code: null, signal: expected.signal })
    } else if ('code' in expected) {
      expect(end).toMatchObject({ type: 'error', code: expected.code })
      expect((end as { message: string }).message).toMatch(expected.detail)
      expect(exit).toEqual({ code: 0, signal: null })
    } else {
      expect(end).toEqual({ type: 'result', value: expected.result })
      expect(outputs).toEqual(expected.outputs ?? {})
      expect(exit).toEqual({ code: 0, signal: null })
    }
    if (call.processor === 'floods') expect(printedBytes).toBe(100_000_000)
  })
})

describe.skipIf(!python)('an unmodified Python function, served over HTTP', () => {
  let service: HttpService
  let environment: string
  beforeAll(async () => {
    environment = await makeEnvironment()
    const files = pythonFunctions.map(([, { file }]) => file)
    const more = [
      path.join(environment, 'in_environment.py'),
      pythonFile('tree'),
      pythonFile('daemon'),
    ]
    service = await startHttpService({}, [...new Set(files), ...more])
  }, 120_000)
  afterAll(async () => {
    await service.stop()
    await rm(environment, { recursive: true, force: true })
  })

  it('can be loaded, whichever it is', () => {
    expect(service.app.services.broken).toEqual([])
  })

  it.each(pythonFunctions)('%s', async (_title, call) => {
    const { expected, printed } = call
    const job = await service.ended(await submit(service, call))
    if ('result' in expected) {
      expect(job.problem).toBeNull()
      expect(job.status).toBe('completed')
      expect(withNames(job.result as Json)).toEqual(expected.result)
      for (const output of job.outputs as { name: string; url: string }[])
        expect((await service.call(`GET ${output.url}`)).text).toBe(expected.outputs?.[output.name])
      expect((job.outputs as unknown[]).length).toBe(Object.keys(expected.outputs ?? {}).length)
    } else {
      expect(job.status).toBe('failed')
      const code =
        'code' in expected ? expected.code : 'signal' in expected ? 'worker-lost' : 'transient'
      const detail =
        'code' in expected
          ? expected.detail
          : 'signal' in expected
            ? /./
            : new RegExp(`exit code ${expected.exitCode}`)
      expect(job.problem).toMatchObject({ code })
      expect(job.error).toMatch(detail)
    }
    if (printed) expect(await logOf(service, String(job.job_id))).toMatch(printed)
    await until('no file in the workspaces', async () => (await workspaces(service)).length === 0)
  })

  it('runs in the virtual environment beside its file', async () => {
    const { json } = await service.call('POST /processors/in_environment/run', {
      json: { input: {} },
    })
    expect(json.result).toEqual({ prefix: path.join(environment, '.venv'), value: 42 })
  })

  it('reports the bars it draws as progress', async () => {
    const id = await submit(service, { processor: 'bars', input: { files: 50, steps: 20 } })
    const seen = await until('a bar', async () => {
      const { json } = await service.call(`GET /jobs/${id}?view=native`)
      return json.progress as { total: number } | null
    })
    expect([50, 20]).toContain(seen.total)
    await service.ended(id)
  })

  it('keeps its processes warm between jobs', async () => {
    const counts: number[] = []
    for (let round = 0; round < 7; round++) {
      const { json } = await service.call('POST /processors/counter/run', {
        json: { input: { step: 1 } },
      })
      counts.push((json.result as { counter: number }).counter)
    }
    // There are at most three processes, so one of them has counted at least thrice.
    expect(Math.max(...counts)).toBeGreaterThanOrEqual(3)
  })

  it('refuses what the hints do not allow before a job is made', async () => {
    const { status, json } = await service.call('POST /processors/resample/jobs', {
      json: { input: { values: [1, 'x'], method: 'cubic' } },
    })
    expect(status).toBe(422)
    const pointers = (json.errors as { pointer: string }[]).map(({ pointer }) => pointer)
    expect(pointers.join()).toContain('/values/1')
    expect(pointers.join()).toContain('/method')
  })

  it('leaves no process when it is cancelled, wherever its children went', async () => {
    const id = await submit(service, { processor: 'tree' })
    await until('the children', async () => (await logOf(service, id)).includes('planted'))
    const sleeping = () => processesOf(service).filter((command) => /sleep/.test(command))
    expect(sleeping().length).toBeGreaterThanOrEqual(3)
    await service.call(`POST /jobs/${id}/cancel`)
    expect((await service.ended(id)).status).toBe('cancelled')
    expect(sleeping()).toEqual([])
  })

  it('leaves no daemon behind when it has returned', async () => {
    const id = await submit(service, { processor: 'daemon' })
    expect((await service.ended(id)).result).toEqual({ daemon: 'left a daemon' })
    const daemons = processesOf(service).filter((command) => command.includes('/daemon.py'))
    expect(daemons).toHaveLength(1) // the warm process itself
  })
})

async function submit(
  service: HttpService,
  { processor, input = {}, files }: Pick<PythonFunction, 'processor' | 'input' | 'files'>,
): Promise<string> {
  const to = `POST /processors/${processor}/jobs`
  const { status, text, json } = await service.call(
    to,
    files ? { form: formOf(input, files) } : { json: { input } },
  )
  expect([status, text]).toEqual([201, expect.any(String)])
  return String(json.job_id)
}

type Files = NonNullable<PythonFunction['files']>
function formOf(input: Readonly<Record<string, Json>>, files: Files) {
  const form: Record<string, string | (readonly [string, string])[]> = {}
  for (const [name, value] of Object.entries(input))
    form[name] = typeof value === 'string' ? value : JSON.stringify(value)
  for (const [name, given] of Object.entries(files))
    form[name] =
      typeof given[0] === 'string' ? [given as [string, string]] : (given as [string, string][])
  return form as Record<string, string | [string, string][]>
}

/** The result as the function gave it: a stored file by its name only. */
function withNames(value: Json): Json {
  if (Array.isArray(value)) return (value as Json[]).map(withNames)
  if (typeof value !== 'object' || value === null) return value
  if ('sha256' in value && 'uri' in value) return { $output: value['name'] as string }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withNames(item)]))
}

async function logOf(service: HttpService, id: string): Promise<string> {
  return ((await service.call(`GET /jobs/${id}/logs`)) satisfies Answer).text
}

async function workspaces(service: HttpService): Promise<string[]> {
  return readdir(path.join(service.folder, 'data', 'work')).catch(() => [])
}

/** Command lines of the living processes that this service started, and that those did. */
function processesOf(service: HttpService): string[] {
  return processesMarked(`:${path.join(realpathSync(service.folder), 'data')}\0`).map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    } catch {
      return ''
    }
  })
}

/** A served file with a virtual environment beside it, in which a module lies that is nowhere else. */
async function makeEnvironment(): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'longhaul-venv-')))
  const made = spawnSync('python3', ['-m', 'venv', '--without-pip', path.join(folder, '.venv')])
  expect(made.stderr.toString()).toBe('')
  const library = path.join(folder, '.venv', 'lib')
  const [version = ''] = await readdir(library)
  await writeFile(path.join(library, version, 'site-packages', 'only_there.py'), 'VALUE = 42\n')
  await cp(pythonFile('in_environment'), path.join(folder, 'in_environment.py'))
  return folder
}
