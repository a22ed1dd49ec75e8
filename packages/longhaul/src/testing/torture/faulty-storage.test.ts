import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import type { Storage } from '../../storage/object-store.ts'
import { faultyStorage } from './faulty-storage.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Strikes, or does not, at everything. */
const always = (strikes: boolean): SeededRandom => ({
  next: () => 0,
  between: (min) => min,
  chance: () => strikes,
  pick: (items) => items[0]!,
})

const bytes = new Uint8Array(100).fill(7)
const inner = {
  get: async () => ({ info: { size: 100 }, body: Readable.from([bytes]) }),
  head: async () => undefined,
} as unknown as Storage

it('is the store itself while all is calm', async () => {
  const store = faultyStorage(inner, {
    random: always(true),
    isCalm: () => true,
    onPublished: () => undefined,
  })
  const { body } = await store.get('a')
  expect(Buffer.concat(await body.toArray())).toHaveLength(100)
})

it('fails when its random says so', async () => {
  const store = faultyStorage(inner, {
    random: always(true),
    isCalm: () => false,
    onPublished: () => undefined,
  })
  await expect(store.head('a')).rejects.toThrow('not carried out')
})

it('cuts a body short without a word', async () => {
  let asked = 0
  // delay no, fail no, truncate yes, fail afterwards no
  const random = { ...always(false), chance: () => asked++ === 2 }
  const store = faultyStorage(inner, { random, isCalm: () => false, onPublished: () => undefined })
  const { body } = await store.get('a')
  expect(Buffer.concat(await body.toArray())).toHaveLength(50)
})
