import { createClient, JobFailedError, type Client, type Fetch } from '@longhaul/client'
import { fileSource, notedUploads } from '@longhaul/client/node'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { uploadMemory } from '../src/cli/upload-memory.ts'
import type wordCount from './fixtures/word-count.ts'
import { startHttpService, type HttpService } from './harness/http-service.ts'
import { hasPython, pythonFolder } from './harness/python.ts'

const run = promisify(execFile)
const fixture = (name: string) => path.join(import.meta.dirname, 'fixtures', name)

let service: HttpService
let folder: string
beforeAll(async () => {
  service = await startHttpService({}, [fixture('word-count.ts')])
  folder = path.join(service.folder, 'client')
  await mkdir(folder)
})
afterAll(() => service.stop())
const file = async (name: string, bytes: string | Buffer) => {
  await writeFile(path.join(folder, name), bytes)
  return path.join(folder, name)
}
const client = (fetch?: Fetch) => createClient({ url: service.url, fetch })

describe('a client that is typed by a processor', () => {
  it('gives what run() returned, under the names of its declaration', async () => {
    const counter = client().typed<typeof wordCount>('word-count')
    const texts = [await fileSource(await file('a.txt', 'one three')), new File(['x yy'], 'b.txt')]
    const { result, job } = await counter.run({ texts, shortest: 2 })
    const words: number = result.words
    const [output] = job.outputs
    expect(words).toBe(3)
    expect(result.longest?.sha256).toBe(output?.sha256)
    expect([result.longest?.name, output?.name]).toEqual(['longest.txt', 'longest.txt'])
    const ended = await counter.waitForJob(job.job_id)
    expect(ended.result?.words).toBe(3)
    // The compiler refuses what the service would refuse; this file is type-checked.
    const refused = [
      // @ts-expect-error no number
      () => counter.submit({ texts, shortest: '2' }),
      // @ts-expect-error no file
      () => counter.submit({ texts: ['a.txt'] }),
      // @ts-expect-error no such input
      () => counter.submit({ texts, shortset: 2 }),
      // @ts-expect-error no such processor
      () => client().typed<typeof wordCount>('wordcount'),
    ]
    expect(refused).toHaveLength(4)
  })

  it('says why there is no result', async () => {
    const counter = client().typed<typeof wordCount>('word-count')
    const error = await counter
      .run({ texts: [new File([], 'empty.txt')] })
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(JobFailedError)
    expect(error).toMatchObject({ code: 'invalid-input', job: { status: 'failed' } })
  })
})

describe('an upload', () => {
  it('goes on in another client where one was killed, and sends only what is missing', async () => {
    const bytes = randomBytes(40 * 1024 * 1024) // three parts
    const source = await fileSource(await file('large.bin', bytes))
    const uploads = notedUploads(path.join(folder, 'notes'))
    const killed = new AbortController()
    const first = createClient({ url: service.url, uploadMemory: uploads })
    const onProgress = (sent: number) => sent > 0 && killed.abort(new Error('killed'))
    await expect(
      first.upload(source, { onProgress, parallel: 1, signal: killed.signal }),
    ).rejects.toThrow('killed')

    const sent: string[] = []
    const counting: Fetch = (url, init) => {
      if (init.method === 'PUT') sent.push(url)
      return fetch(url, init)
    }
    const second = createClient({ url: service.url, uploadMemory: uploads, fetch: counting })
    const told: number[] = []
    const again = await second.upload(source, { onProgress: (done) => told.push(done) })
    expect(again.resumedBytes).toBe(16 * 1024 * 1024)
    expect(sent).toHaveLength(2)
    expect(told.at(-1)).toBe(bytes.length)
    // Once more: everything is there.
    expect((await second.upload(source)).resumedBytes).toBe(bytes.length)
    expect(sent).toHaveLength(2)
  })

  it('can be given up', async () => {
    const { json } = await service.call('POST /uploads', {
      json: { filename: 'x', size_bytes: 5 },
    })
    const id = String(json.upload_id)
    await client().abortUpload(id)
    expect((await service.call(`GET /uploads/${id}`)).status).toBe(404)
  })

  it.skipIf(!hasPython())(
    'is noted alike by all three clients, so that each goes on with what another began',
    async () => {
      const name = await file('größe 1.txt', 'abc')
      const state = path.join(folder, 'state')
      const notes = path.join(state, 'longhaul/uploads')
      await notedUploads(notes).remember(service.url, await fileSource(name), 'u_7')
      const commands = uploadMemory(service.url, { XDG_STATE_HOME: state })
      expect(await commands.recall(name)).toBe('u_7')
      const asked = [
        'import sys; from pathlib import Path',
        'from longhaul.client.notes import Notes, file_identity',
        'print(Notes().recall("uploads", sys.argv[1], *file_identity(Path(sys.argv[2]))))',
      ].join('\n')
      const { stdout } = await run('python3', ['-c', asked, service.url, name], {
        cwd: pythonFolder,
        env: { ...process.env, XDG_STATE_HOME: state, PYTHONDONTWRITEBYTECODE: '1' },
      })
      expect(stdout.trim()).toBe('u_7')
    },
  )
})

describe('waiting for a job', () => {
  const submitted = async (through: Client) =>
    (await through.submit('word-count', { texts: [new File(['a b'], 'a.txt')] })).job_id

  it('follows the event stream', async () => {
    const through = client()
    const seen: (string | undefined)[] = []
    for await (const { event } of through.follow(await submitted(through))) seen.push(event?.type)
    expect(seen).toContain('completed')
  })

  it.each([
    ['answers a page', () => new Response('<h1>blocked</h1>')],
    ['answers 502', () => new Response('bad gateway', { status: 502 })],
    ['answers 405', () => Response.json({ code: 'method-not-allowed' }, { status: 405 })],
  ])('asks again and again behind a proxy that %s for a stream', async (_what, answer) => {
    let refused = 0
    const through = client(async (url, init) => {
      if (!new URL(url).pathname.endsWith('/events')) return fetch(url, init)
      refused++
      return answer()
    })
    const job = await through.waitForJob(await submitted(through), { pollMs: 10 })
    expect(job.status).toBe('completed')
    expect(refused).toBeGreaterThan(0)
  })
})
