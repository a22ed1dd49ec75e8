import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openInstance, schemaState, type Instance } from '../src/app/index.ts'
import type { Finding } from '../src/cli/doctor/finding.ts'
import { examineDatabase, examineLeftovers } from '../src/cli/doctor/instance.ts'
import { examineMachine } from '../src/cli/doctor/machine.ts'
import { examineService } from '../src/cli/doctor/service.ts'
import { examineStore } from '../src/cli/doctor/store.ts'
import { examineVolume } from '../src/cli/doctor/volume.ts'
import { ownBackends } from './harness/backends.ts'

let folder: string
let instance: Instance
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-doctor-'))
  instance = await openInstance({ dataDir: folder, ...(await ownBackends()) }, { create: true })
})
afterAll(async () => {
  await instance?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})
const badOf = (findings: readonly Finding[]) => findings.filter(({ level }) => level === 'bad')

it('finds nothing wrong with a healthy machine, database and store', async () => {
  const { config } = instance
  const findings = [
    ...(await examineMachine(config)),
    ...(await examineVolume(config)),
    ...(await examineDatabase(instance)),
    ...(await examineStore(instance)),
    ...(await examineLeftovers(instance)),
  ]
  expect(badOf(findings)).toEqual([])
  const whats = findings.map(({ what }) => what)
  expect(whats).toEqual(
    expect.arrayContaining(['versions', 'disk speed', 'clock', 'counters', 'store']),
  )
  expect(whats.includes('public endpoint')).toBe(config.s3 !== undefined)
  expect(await instance.storage.list('doctor/', { limit: 10 })).toMatchObject({ objects: [] })
  expect(await schemaState(config)).toMatchObject({ exists: true, pending: [] })
})

it('notices a store that loses bytes, and one whose list is behind', async () => {
  const { storage } = instance
  const losing = {
    ...storage,
    get: async (key: string) => {
      await storage.put(key, Buffer.from('other'))
      return storage.get(key)
    },
  }
  const [lost] = await examineStore({ ...instance, storage: losing })
  expect(lost).toMatchObject({
    level: 'bad',
    detail: expect.stringContaining('not what was written') as unknown,
  })
  const behind = { ...storage, list: async () => ({ objects: [] }) }
  expect(badOf(await examineStore({ ...instance, storage: behind }))).toHaveLength(1)
})

it('notices a worker that is not heard of, and a clock that is wrong', async () => {
  const { engine } = instance
  await engine.touch({ id: 'gone:1:1', host: 'gone', bootId: 'b', pid: 1, slots: 1 }, [])
  const later = { ...engine, now: async () => (await engine.now()) + 3_600_000 }
  const findings = await examineDatabase({ ...instance, engine: later })
  expect(badOf(findings).map(({ what }) => what)).toEqual(['clock', 'workers'])
  expect(findings.find(({ what }) => what === 'workers')?.detail).toContain('gone:1:1')
})

it('asks the service where one is, and takes none for no fault', async () => {
  expect(await examineService('http://127.0.0.1:1', undefined)).toMatchObject([{ level: 'note' }])
})
