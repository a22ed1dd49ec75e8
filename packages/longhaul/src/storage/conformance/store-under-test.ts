import type { Storage } from '../object-store.ts'

/** What a case may use: a store, and a prefix that no other case has. */
export interface StoreUnderTest {
  readonly storage: Storage
  key(name: string): string
}
