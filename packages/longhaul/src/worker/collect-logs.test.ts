import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import type { Job } from '../jobs/job.ts'
import { collectLogs } from './collect-logs.ts'

it('removes the logs of jobs that are no more, and no others', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-logs-'))
  for (const id of ['j_there', 'j_gone'])
    await mkdir(path.join(folder, 'logs', id), { recursive: true })
  const engine = { get: async () => [{ id: 'j_there' } as Job] }
  expect(await collectLogs(folder, engine)).toEqual(['j_gone'])
  expect(await readdir(path.join(folder, 'logs'))).toEqual(['j_there'])
  await rm(folder, { recursive: true })
})

it('finds nothing to do where nothing has run', async () => {
  expect(await collectLogs('/nowhere', { get: async () => [] })).toEqual([])
})
