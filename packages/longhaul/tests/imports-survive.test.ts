import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { createApp, type AppOptions } from '../src/app/index.ts'
import { bytesOf, startCutServer } from './harness/cut-server.ts'
import { serveFile } from './harness/file-server.ts'
import { impatient, sha256sum } from './harness/import-service.ts'
import { startServer } from './harness/server-process.ts'
import { until } from './harness/until.ts'
import { keyOfUri } from '../src/storage/index.ts'
import type { ImportResult } from '../src/imports/imports.ts'

const parts = 40
const bytes = bytesOf(parts * impatient.partBytes, 1)
const token = 'a-token-to-look-for'

it('[E.8.8] an import goes on after kill -9 of its service, with the parts and the credentials that it had', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-imports-'))
  await using web = await startCutServer(async (request) => {
    await sleep(20) // so that there is a middle
    return serveFile({ bytes, etag: '"it"', authorization: `Bearer ${token}` }, request)
  })
  const options = (worker: boolean): AppOptions => ({
    sources: [],
    config: {
      ...{ dataDir: path.join(folder, 'data'), leaseMs: 2000 },
      ...{ outboundAllow: [web.host], roles: { api: true, worker } },
    },
    unsafe: { imports: { ...impatient, parallel: 1 } },
  })
  const open = () => createApp({ ...options(false), log: pino({ level: 'silent' }) })
  let server
  try {
    const asked = await open()
    const { jobId } = await asked.services.imports.start({
      owner: 'local',
      sourceType: 'url',
      sourceConfig: { url: `${web.url}/run.dat`, auth_config: { token } },
    })
    await asked.stop()

    server = await startServer(options(true))
    await until('a third of it', () => web.sent > bytes.length / 3)
    await server.kill('SIGKILL')
    server = await startServer(options(true))
    await until('the end', async () => {
      const job = (await (await fetch(`${server?.url}/jobs/${jobId}?view=native`)).json()) as {
        status: string
        error: string | null
      }
      expect(job.error).toBeNull()
      return job.status === 'completed'
    })
    await server.kill('SIGTERM')
    server = undefined
    // At most the part that was under way came twice.
    expect(web.sent).toBeLessThan(bytes.length + 3 * impatient.partBytes)

    const after = await open()
    const { engine, storage } = after.services
    const [job] = await engine.get([jobId], 'everyone')
    const { files } = job?.result?.value as unknown as ImportResult
    const { body } = await storage.get(keyOfUri(files[0]?.uri ?? '', storage.bucket))
    expect(await sha256sum(body)).toBe(await sha256sum(bytes))
    await after.stop()
  } finally {
    await server?.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
})
