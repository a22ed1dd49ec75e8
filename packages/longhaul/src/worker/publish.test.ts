import { pino } from 'pino'
import { expect, it } from 'vitest'
import { LonghaulError } from '../errors/index.ts'
import type { JobEngine } from '../jobs/engine.ts'
import type { PendingOutput } from '../jobs/job.ts'
import type { Storage } from '../storage/object-store.ts'
import { publish } from './publish.ts'

const output: PendingOutput = {
  name: 'a',
  key: 'results/1/a',
  uri: 's3://b/results/1/a',
  size: 1,
  sha256: 'x',
  mediaType: 'text/plain',
  uploadId: 'u',
  parts: [],
}
const publication = {
  lease: { jobId: '1', attempt: 1, nonce: 'n' },
  result: null,
  outputs: [output],
}

/** A store whose first completions fail as told, and an engine that counts what is settled. */
function parts(...failures: Error[]) {
  const settled: unknown[] = []
  const complete = () =>
    failures.length > 0
      ? Promise.reject(failures.shift() ?? new Error('none'))
      : Promise.resolve({})
  const storage = { complete, head: () => Promise.resolve(undefined) } as unknown as Storage
  const settle = (items: readonly unknown[]) => {
    settled.push(...items)
    return Promise.resolve(['settled'])
  }
  const engine = { settle } as unknown as JobEngine
  return { settled, all: { storage, engine, log: pino({ level: 'silent' }) } }
}

it('is tried again until the store is back', async () => {
  const { settled, all } = parts(new Error('disk away'), new Error('still away'))
  await publish(all, publication, () => false)
  expect(settled).toHaveLength(1)
})

it.each(['upload-not-found', 'invalid-part', 'invalid-file-name', 'checksum-mismatch'] as const)(
  'ends at %s, which no second try mends',
  async (code) => {
    const { settled, all } = parts(new LonghaulError(code, 'for good'))
    await expect(publish(all, publication, () => false)).rejects.toMatchObject({ code })
    expect(settled).toEqual([])
  },
)

it('is given up with the lease', async () => {
  const { settled, all } = parts()
  await publish(all, publication, () => true)
  expect(settled).toEqual([])
})
