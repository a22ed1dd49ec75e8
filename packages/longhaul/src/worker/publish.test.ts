import { pino } from 'pino'
import { expect, it } from 'vitest'
import { readConfig } from '../app/config.ts'
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
  const put: [key: string, text: string][] = []
  const storage = {
    complete,
    head: () => Promise.resolve(undefined),
    put: (key: string, text: Buffer) => Promise.resolve(put.push([key, String(text)])),
  } as unknown as Storage
  const settle = (items: readonly unknown[]) => {
    settled.push(...items)
    return Promise.resolve(['settled'])
  }
  const engine = { settle } as unknown as JobEngine
  const config = readConfig({}, {})
  return { settled, put, all: { config, storage, engine, log: pino({ level: 'silent' }) } }
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

it('puts the provenance beside the outputs before the job ends, also when the publication is repeated', async () => {
  const { settled, put, all } = parts()
  const told = { ...publication, provenance: '{"v":1}' }
  await publish(all, told, () => false)
  await publish(all, told, () => false)
  expect(put).toEqual(Array(2).fill(['results/1/provenance.json', '{"v":1}']))
  expect(settled).toHaveLength(2)
})

it('ends without the provenance where the disk is full, and waits for a store that is away', async () => {
  const { settled, put, all } = parts()
  const errors = [new Error('away'), Object.assign(new Error('full'), { code: 'ENOSPC' })]
  const storage = { ...all.storage, put: () => Promise.reject(errors.shift()!) } as Storage
  await publish({ ...all, storage }, { ...publication, provenance: '{}' }, () => false)
  expect([errors, put]).toEqual([[], []])
  expect(settled).toHaveLength(1)
})
