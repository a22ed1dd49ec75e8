import { execFile } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../harness/until.ts'
import { startHosts, type Hosts } from './hosts.ts'

const run = promisify(execFile)
const MiB = 2 ** 20
const sizeMiB = 160

/** A small file system of its own. Answers why there cannot be one. */
async function mounted(folder: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'only root may mount a file system'
  return run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'longhaul-test', folder]).then(
    () => undefined,
    (error: Error) => error.message,
  )
}
const probe = await mkdtemp(path.join(tmpdir(), 'longhaul-probe-'))
const refusal = await mounted(probe)
if (refusal === undefined) await run('umount', [probe])
else process.stderr.write(`A full disk is not tested: ${refusal}\n`)
await rm(probe, { recursive: true })

describe.skipIf(refusal !== undefined)('a disk that is full, under the embedded engine', () => {
  let folder: string
  let hosts: Hosts
  let hog: string
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'longhaul-full-'))
    await mounted(folder)
    hog = path.join(folder, 'hog')
    hosts = await startHosts([{ dataDir: path.join(folder, 'data') }])
  })
  afterEach(async () => {
    await hosts.stop()
    await run('umount', ['--lazy', folder])
    await rm(folder, { recursive: true, force: true })
  })

  /** Somebody else takes all there is, to the last byte. */
  function takeEverything(): void {
    const file = openSync(hog, 'w')
    for (let size = MiB; size > 0;)
      try {
        if (writeSync(file, Buffer.alloc(size)) === 0) size >>= 1
      } catch {
        size >>= 1
      }
    closeSync(file)
  }
  const call = async (what: string): Promise<Response> => {
    const [method = '', where = ''] = what.split(' ')
    return fetch(`${hosts.servers[0]?.url}${where}`, {
      method,
      signal: AbortSignal.timeout(10_000),
    })
  }

  it('fails the running job with that reason, and the next one works', async () => {
    const id = await hosts.submit('fill', { files: sizeMiB, bytes: MiB })
    const [job] = await hosts.ended([id])
    expect(job?.status).toBe('failed')
    expect(JSON.stringify(job?.problem)).toMatch(/ENOSPC|no space left|disk (is|of .* is) full/i)
    const next = await hosts.submit('write', { tag: 'next' })
    expect((await hosts.ended([next]))[0]?.status).toBe('completed')
  })

  it('still tells, cancels, deletes and cleans up while it is full', async () => {
    const old = await hosts.submit('write', { tag: 'old', bytes: 5 * MiB })
    await hosts.ended([old])
    const id = await hosts.submit('wait', { until: path.join(tmpdir(), 'longhaul-never') })
    await until('the job to run', async () => (await hosts.job(id)).status === 'running')
    takeEverything()

    expect((await call(`GET /jobs/${id}?view=native`)).status).toBe(200)
    expect((await call('GET /health/live')).status).toBe(200)
    await until('it to say so', async () => (await call('GET /health/ready')).status === 503)
    expect((await call(`POST /jobs/${id}/cancel`)).status).toBe(200)
    await until('the cancel', async () => (await hosts.job(id)).status === 'cancelled')
    expect((await call(`DELETE /jobs/${old}`)).ok).toBe(true)
    expect((await call(`GET /jobs/${old}?view=native`)).status).toBe(404)

    rmSync(hog)
    await until('room again', async () => (await call('GET /health/ready')).ok)
    const next = await hosts.submit('write', { tag: 'next' })
    expect((await hosts.ended([next]))[0]?.status).toBe('completed')
  })
})
