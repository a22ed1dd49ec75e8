import { processorList, readiness } from '@longhaul/protocol'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../src/app/index.ts'
import { startHttpService, type HttpService } from './harness/http-service.ts'

let folder: string
let service: HttpService
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'longhaul-faults-'))
  const fine = `import { defineProcessor } from 'longhaul'\nexport default defineProcessor({ name: 'fine', run: () => ({ ok: true }) })\n`
  const unset = `import { defineProcessor } from 'longhaul'\nexport default defineProcessor({ name: 'unset', setup: () => { throw new Error('no weights in ${folder}/weights') }, run: () => ({}) })\n`
  const crash = [
    'import ctypes, os, sys',
    'def crash(how: str) -> dict:',
    '    print("before the crash", flush=True)',
    '    if how == "exit": sys.exit(4)',
    '    if how == "exit 0": sys.exit()',
    '    if how == "os._exit": os._exit(5)',
    '    if how == "segfault": ctypes.string_at(0)',
    '    if how == "raise": raise ValueError(f"no file {os.getcwd()}/x")',
    '    return {"how": how}',
  ]
  service = await startHttpService({}, [
    write('wrong.ts', 'export default {{{\n'),
    write('wrong.py', 'def f(:\n'),
    write('fine.ts', fine),
    write('unset.ts', unset),
    write('crash.py', crash.join('\n')),
    path.join(folder, 'missing.ts'),
  ])
})
afterAll(async () => {
  await service.stop()
  rmSync(folder, { recursive: true })
})

function write(name: string, text: string): string {
  writeFileSync(path.join(folder, name), text)
  return path.join(folder, name)
}

describe('a processor that cannot work', () => {
  it('is listed as broken with what was said, and the others work', async () => {
    const { json, text } = await service.call('GET /processors')
    const { processors } = processorList.strict().parse(json)
    const states = processors.map(({ name, state }) => `${name} ${state}`)
    expect(states.sort()).toEqual([
      'crash ready',
      'fine ready',
      'missing broken',
      'unset broken',
      'wrong broken',
      'wrong broken',
    ])
    for (const { state, problem } of processors) expect(problem === null).toBe(state === 'ready')
    expect(text).toContain('no weights in weights')
    expect(text).not.toContain(folder)
    const fine = await service.call('POST /processors/fine/run', { json: { input: {} } })
    expect(fine.json.result).toEqual({ ok: true })
  })

  it.each([
    ['wrong', 'processor-broken', 'wrong.'],
    ['missing', 'processor-broken', 'missing'],
    ['unset', 'processor-not-ready', 'no weights in weights'],
  ])('%s refuses a run with 503 and says why', async (name, code, detail) => {
    const view = await service.call(`GET /processors/${name}`)
    expect(view.json).toMatchObject({
      state: 'broken',
      problem: { detail: expect.stringContaining(detail) as string },
    })
    const run = await service.call(`POST /processors/${name}/run`, { json: { input: {} } })
    expect([run.status, run.json.code]).toEqual([503, code])
    expect(run.json.detail).toContain(detail)
    expect(view.text + run.text).not.toContain(folder)
  })
})

it('a service in which nothing works is not ready, but alive', async () => {
  const dataDir = path.join(folder, 'nothing')
  await using app = await createApp({
    sources: [{ kind: 'file', path: path.join(folder, 'wrong.ts') }],
    config: { dataDir, logLevel: 'silent' },
  })
  const ready = await app.inject('/health/ready')
  expect(ready.statusCode).toBe(503)
  expect(ready.headers['retry-after']).toBe('5')
  expect(readiness.strict().parse(ready.json())).toMatchObject({
    status: 'not-ready',
    checks: { database: { ok: true }, store: { ok: true }, processors: { ok: false } },
  })
  expect((await app.inject('/health')).statusCode).toBe(200)
})

describe('a processor that ends badly', () => {
  it.each([
    ['exit', 'transient'],
    ['exit 0', 'transient'],
    ['os._exit', 'transient'],
    ['raise', 'transient'],
    ['segfault', 'worker-lost'],
  ])('%s fails its own job and nothing else', async (how, code) => {
    const other = service.call('POST /processors/crash/run', {
      json: { input: { how: 'nothing' } },
    })
    const { json } = await service.call('POST /processors/crash/jobs', { json: { input: { how } } })
    const job = await service.ended(String(json.job_id))
    expect(job).toMatchObject({ status: 'failed', problem: { code } })
    expect(job.error).not.toBe('')
    expect(JSON.stringify(job)).not.toContain(service.folder)
    expect((await other).json.result).toEqual({ how: 'nothing' })
    const log = await service.call(`GET /jobs/${job.job_id}/logs`)
    expect(log.text).toContain('before the crash')
    expect((await service.call('GET /health')).status).toBe(200)
  })
})
