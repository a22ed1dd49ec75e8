import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { StoreUnderTest } from './store-under-test.ts'
import { patterned, read } from './bytes.conformance.ts'

export function rangesConformance(fresh: () => StoreUnderTest): void {
  it('gives exactly the bytes of a range, or says that there are none', async () => {
    const { storage, key } = fresh()
    const sizes = [0, 1, 2, 1000, 300_000]
    const contents = new Map(sizes.map((size) => [size, patterned(size, size)]))
    for (const [size, bytes] of contents) await storage.put(key(String(size)), bytes)
    const position = fc.oneof(fc.nat(3), fc.nat(1100), fc.nat(310_000))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sizes),
        position,
        fc.option(position, { nil: undefined }),
        async (size, start, end) => {
          const expected = contents.get(size)?.subarray(start, end === undefined ? size : end + 1)
          const got = read(storage, key(String(size)), { start, end })
          if (expected?.length) expect((await got).equals(expected)).toBe(true)
          else await expect(got).rejects.toMatchObject({ code: 'range-not-satisfiable' })
        },
      ),
      { numRuns: 150 },
    )
  })

  it('lists keys in the order of their bytes, page by page, below a prefix', async () => {
    const { storage, key } = fresh()
    // Characters around the slash, and one that UTF-16 sorts before, UTF-8 after the other.
    const names = [
      'a',
      'a-b',
      'a.b',
      'a0',
      'b/a',
      'b/a.b',
      'b/ab/c',
      'b-',
      'bb',
      'é',
      '\uff5a',
      '\u{1f600}',
      'c/d/e/f',
    ]
    for (const name of names) await storage.put(key(name), Buffer.from(name))
    const sorted = names.map(key).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const afters = [...sorted, key('b'), key('b/'), key('zz'), key('b/ab'), '', 'zzz']
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.option(fc.constantFrom(...afters), { nil: undefined }),
        fc.constantFrom('', 'a', 'b', 'b/', 'b/a', 'b/ab/', 'c/d', 'none', '\u{1f600}'),
        async (limit, after, prefix) => {
          const found: string[] = []
          for (let from = after; ;) {
            const page = await storage.list(key(prefix), {
              limit,
              ...(from !== undefined && { after: from }),
            })
            expect(page.objects.length).toBeLessThanOrEqual(limit)
            found.push(...page.objects.map((object) => object.key))
            if (page.next === undefined) break
            expect(page.next).toBe(found.at(-1))
            from = page.next
          }
          const isLater = (one: string) =>
            after === undefined || Buffer.compare(Buffer.from(one), Buffer.from(after)) > 0
          expect(found).toEqual(sorted.filter((one) => one.startsWith(key(prefix)) && isLater(one)))
        },
      ),
      { numRuns: 100 },
    )
  })

  it('lists nothing for prefixes that lead nowhere', async () => {
    const { storage, key } = fresh()
    await storage.put(key('a'), Buffer.from('x'))
    for (const prefix of ['../', '/', '..', key('a/'), key('a/../'), 'a\0'])
      expect((await storage.list(prefix, { limit: 10 })).objects).toEqual([])
  })

  it('describes listed objects as head does', async () => {
    const { storage, key } = fresh()
    await storage.put(key('a'), patterned(10))
    const { objects } = await storage.list(key(''), { limit: 10 })
    expect(objects[0]?.etag).toBe((await storage.head(key('a')))?.etag)
    expect(objects[0]?.size).toBe(10)
  })
}
