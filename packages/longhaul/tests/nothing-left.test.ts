import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AppOptions, ConfigOptions } from '../src/app/index.ts'
import { ownBackends } from './harness/backends.ts'
import { processesMarked } from './harness/processes.ts'
import { startServer, type ServerProcess } from './harness/server-process.ts'
import { until } from './harness/until.ts'

const fixture = (name: string): string =>
  fileURLToPath(new URL(`./fixtures/trees/${name}`, import.meta.url))
const forms = {
  'tree-ts': { kind: 'file', path: fixture('tree.ts') },
  tree_py: { kind: 'file', path: fixture('tree.py') },
  'tree-sh': {
    kind: 'program',
    name: 'tree-sh',
    template: `${fixture('tree.sh')} {seconds:int=600}`,
    cwd: tmpdir(),
  },
} as const

let dataDir: string
let backends: ConfigOptions
let server: ServerProcess | undefined
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'longhaul-tree-'))
  backends = await ownBackends()
})
afterEach(async () => {
  await server?.kill('SIGKILL')
  server = undefined
  await rm(dataDir, { recursive: true, force: true })
})

const optionsFor = (name: keyof typeof forms): AppOptions => ({
  sources: [forms[name]],
  config: { dataDir, leaseMs: 2000, ...backends },
})

async function submit(url: string, name: string): Promise<string> {
  const response = await fetch(`${url}/processors/${name}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"input":{}}',
  })
  expect(response.status).toBe(201)
  return ((await response.json()) as { job_id: string }).job_id
}
const job = async (url: string, id: string) =>
  (await (await fetch(`${url}/jobs/${id}?view=native`)).json()) as {
    status: string
    attempt: number
  }

// The three sleeping programs and the shells between them all carry the attempt's mark.
const planted = (id: string): boolean => processesMarked(`LONGHAUL_ATTEMPT_ID=${id}.`).length >= 4

describe.each(Object.keys(forms) as (keyof typeof forms)[])(
  'a job of %s, whose children have children',
  (name) => {
    it('leaves no process when it is cancelled', async () => {
      server = await startServer(optionsFor(name))
      const id = await submit(server.url, name)
      await until('the grandchildren', () => planted(id))
      const answer = await fetch(`${server.url}/jobs/${id}/cancel`, { method: 'POST' })
      expect(answer.status).toBe(200)
      await until(
        'no process',
        () => processesMarked(`LONGHAUL_ATTEMPT_ID=${id}.`).length === 0,
        10_000,
      )
      await until('the end', async () => (await job(server!.url, id)).status === 'cancelled')
    })

    it('leaves no process of the killed server after a restart', async () => {
      server = await startServer(optionsFor(name))
      const id = await submit(server.url, name)
      await until('the grandchildren', () => planted(id))
      await server.kill('SIGKILL')
      server = await startServer(optionsFor(name))
      await until(
        'no process of the first attempt',
        () => processesMarked(`LONGHAUL_ATTEMPT_ID=${id}.1.`).length === 0,
        10_000,
      )
      await until('the second attempt', async () => (await job(server!.url, id)).attempt === 2)
      await fetch(`${server.url}/jobs/${id}/cancel`, { method: 'POST' })
      await until('the end', async () => (await job(server!.url, id)).status === 'cancelled')
      await until(
        'no process',
        () => processesMarked(`LONGHAUL_ATTEMPT_ID=${id}.`).length === 0,
        10_000,
      )
    })
  },
)
