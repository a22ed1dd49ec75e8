import tar from 'tar-stream'
import { expect, it } from 'vitest'
import { tarHeader } from './tar-header.ts'

async function nameReadBack(name: string): Promise<string | undefined> {
  const extract = tar.extract()
  extract.end(Buffer.concat([tarHeader(name, 0), Buffer.alloc(1024)]))
  for await (const entry of extract) {
    entry.resume()
    return entry.header.name
  }
  return undefined
}

it.each([
  'a',
  'x'.repeat(100),
  `${'d'.repeat(155)}/${'x'.repeat(100)}`,
  `${'d'.repeat(60)}/${'e'.repeat(60)}/${'x'.repeat(90)}`,
  `${'ö'.repeat(40)}/${'ü'.repeat(45)}`,
])('holds the name %s', async (name) => {
  expect(await nameReadBack(name)).toBe(name)
})

it('refuses names and sizes that the format cannot hold', () => {
  expect(() => tarHeader('x'.repeat(101), 0)).toThrow(/at most 100 bytes/)
  expect(() => tarHeader(`${'d'.repeat(156)}/${'x'.repeat(100)}`, 0)).toThrow(/155 bytes/)
  expect(() => tarHeader('a', 8 * 2 ** 30)).toThrow(/at most 8589934591 bytes/)
  expect(() => tarHeader('a', 8 * 2 ** 30 - 1)).not.toThrow()
})
