import { afterAll, beforeAll, describe } from 'vitest'
import { appendsConformance } from './conformance/appends.conformance.ts'
import { multipartConformance } from './conformance/multipart.conformance.ts'
import { objectsConformance } from './conformance/objects.conformance.ts'
import { placedConformance } from './conformance/placed.conformance.ts'
import { rangesConformance } from './conformance/ranges.conformance.ts'
import type { StoreUnderTest } from './conformance/store-under-test.ts'
import type { Storage } from './object-store.ts'

/**
 * The promises of object-store.ts, for any backend: three lines in its own test file.
 *
 * @example objectStoreConformance('local', async () => ({ storage: await localStorage(…), stop: () => rm(…) }))
 */
export function objectStoreConformance(
  name: string,
  open: () => Promise<{ readonly storage: Storage; stop(): Promise<void> }>,
): void {
  describe(`object store: ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    let cases = 0
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.stop())

    const fresh = (): StoreUnderTest => {
      const prefix = `conformance/${++cases}`
      return { storage: opened.storage, key: (name) => `${prefix}/${name}` }
    }
    describe('objects', () => objectsConformance(fresh))
    describe('ranges and lists', () => rangesConformance(fresh))
    describe('multipart uploads', () => multipartConformance(fresh))
    describe('uploads in parts of one size', () => placedConformance(fresh))
    describe('uploads that grow, and joined objects', () => appendsConformance(fresh))
  })
}
