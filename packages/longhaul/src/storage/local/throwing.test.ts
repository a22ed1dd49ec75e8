import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { onFaultPoint } from '../../support/fault-point.ts'
import { read, sha256Of } from '../conformance/bytes.conformance.ts'
import { crashCases, key, openStore } from './crash.fixture.ts'

afterEach(() => onFaultPoint(undefined))

describe('the local store, failing at every fault point', { timeout: 120_000 }, () => {
  it.each(crashCases)(
    '$name: says so, leaves nothing behind, and can be tried again',
    async (one) => {
      for (let nth = 1; ; nth++) {
        const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-throw-'))
        try {
          const store = await openStore(folder)
          await one.prepare(store, folder)
          let passed = 0
          onFaultPoint(() => {
            if (++passed === nth) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
          })
          const failed = await one.act(store, folder).then(
            () => undefined,
            (error: unknown) => error,
          )
          onFaultPoint(undefined)
          if (passed < nth) {
            expect(nth).toBeGreaterThan(4)
            return
          }
          expect(failed).toMatchObject({ code: 'insufficient-storage' })
          expect(await readdir(path.join(folder, 'objects/.longhaul/tmp'))).toEqual([])
          const info = await store.head(key)
          if (info) expect(info.sha256).toBe(sha256Of(await read(store, key)))
          // Published or appended just before the failure: there is nothing to repeat.
          const again = await one.act(store, folder).catch((error: unknown) => error)
          const done = /^upload-(not-found|offset-mismatch)$/
          if (again !== undefined)
            expect(again).toMatchObject({ code: expect.stringMatching(done) })
          expect(await readdir(path.join(folder, 'objects/.longhaul/tmp'))).toEqual([])
        } finally {
          await rm(folder, { recursive: true })
        }
      }
    },
  )
})
