import { callableJob } from '@longhaul/protocol'
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { callablesFolder } from './harness/callables.ts'
import { startServer, type ServerProcess } from './harness/server-process.ts'
import type { Loose } from './harness/http-service.ts'
import { until } from './harness/until.ts'

let server: ServerProcess | undefined
const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-d-crash-'))
afterAll(async () => {
  await server?.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

const runsDir = path.join(folder, '.quant_runs')
const code = path.join(folder, 'example_callables.py')
const open = async () => {
  const entrypoint = 'example_callables:long_running_example'
  const callables = { folder, runsDir, entrypoint }
  const config = { dataDir: path.join(folder, 'data'), leaseMs: 2000, callables }
  return (server = await startServer({ sources: [], config }))
}
const call = async (where: string, body?: object): Promise<Loose> => {
  const headers = { 'content-type': 'application/json' }
  const init = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) }
  return (await fetch(`${server?.url}${where}`, init)).json()
}
const statusFile = (id: string) => path.join(runsDir, id, 'status.json')
const onDisk = async (id: string): Promise<Loose> =>
  callableJob.parse(JSON.parse(await readFile(statusFile(id), 'utf8')))

it('[D.8.4 D.8.5 D.8.10] kill -9 while callables run: each ends once, and every run directory says so', async () => {
  await copyFile(path.join(callablesFolder, 'example_callables.py'), code)
  const goOn = path.join(folder, 'go-on')
  await open()
  const ended = (await call('/jobs', { parameters: { until: folder } })).job_id as string
  await until('the first end', async () => (await onDisk(ended)).status === 'completed')
  const notes = Array.from({ length: 8 }, (_, n) => path.join(folder, `note-${n}`))
  const ids: string[] = []
  for (const note of notes)
    ids.push((await call('/jobs', { parameters: { until: goOn, note } })).job_id as string)
  await until('three to run', async () => {
    const all = await Promise.all(ids.map(onDisk))
    return all.filter(({ status }) => status === 'running').length === 3
  })
  // Whoever saves the file that runs ends no job: code is loaded when the service starts.
  await writeFile(code, `${await readFile(code, 'utf8')}\n# saved again\n`)
  await server?.kill('SIGKILL')

  // Whole in the moment of the crash, and what it could have left behind besides.
  for (const id of ids) expect(['pending', 'running']).toContain((await onDisk(id)).status)
  const before = await readFile(statusFile(ended), 'utf8')
  await writeFile(statusFile(ended), before.replace('"completed"', '"running"'))
  await writeFile(path.join(runsDir, ended, '.tmp-1-result.json'), '{"resu')
  await writeFile(statusFile(ids[0] ?? ''), '{"job_id": "')

  await open()
  await writeFile(goOn, '')
  for (const id of ids) {
    const job = await until(`the end of ${id}`, async () => {
      const one = callableJob.parse(await call(`/jobs/${id}`))
      return one.status === 'completed' || one.status === 'failed' ? one : undefined
    })
    expect(job).toMatchObject({ status: 'completed', result: { result: 'done' } })
    expect(await onDisk(id)).toEqual(job)
    const names = ['result.json', 'status.json', 'stderr.log', 'stdout.log']
    expect((await readdir(path.join(runsDir, id))).sort()).toEqual(names)
    const frames = await (await fetch(`${server?.url}/jobs/${id}/events`)).text()
    expect(frames.match(/^event: (completed|failed|cancelled)$/gm)).toEqual(['event: completed'])
  }
  // Begun at most twice: once more where the crash had ended it.
  for (const note of notes) {
    const begun = (await readFile(note, 'utf8')).trim().split('\n').length
    expect([1, 2]).toContain(begun)
  }
  await until(
    'the old end to be told again',
    async () => (await readFile(statusFile(ended), 'utf8')) === before,
  )
  expect(await readdir(path.join(runsDir, ended))).not.toContain('.tmp-1-result.json')
})
