import { Readable } from 'node:stream'
import tar from 'tar-stream'
import { describe, expect, it } from 'vitest'
import type { Member } from './archive-members.ts'
import { tarOf } from './tar.ts'

const modified = new Date('2026-11-23T14:15:16Z')
const memberOf = (name: string, text: string): Member => ({
  name,
  modified,
  sizeBytes: Buffer.byteLength(text),
  bytes: (async function* () {
    yield Buffer.from(text)
  })(),
})
async function* given<T>(members: readonly T[]): AsyncGenerator<T> {
  yield* members
}
async function tarred(members: readonly Member[]): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of tarOf(given(members))) chunks.push(chunk)
  return Buffer.concat(chunks)
}
async function readTar(bytes: Buffer) {
  const found: [string, number | undefined, string, Date | undefined][] = []
  for await (const entry of Readable.from([bytes]).pipe(tar.extract())) {
    let text = ''
    for await (const chunk of entry) text += String(chunk)
    const { name, size, mtime } = entry.header
    found.push([name, size, text, mtime])
  }
  return found
}

describe('tarOf', () => {
  it('is read by others, member by member', async () => {
    const bytes = await tarred([memberOf('a/größe.txt', 'one'), memberOf('b', 'x'.repeat(1000))])
    expect(await readTar(bytes)).toEqual([
      ['a/größe.txt', 3, 'one', modified],
      ['b', 1000, 'x'.repeat(1000), modified],
    ])
    expect(bytes.length % 10_240).toBe(0)
  })

  it.each([101, 256, 700])('says a name of %i bytes in full', async (length) => {
    const name = `${'n'.repeat(length - 4)}.txt`
    expect(await readTar(await tarred([memberOf(name, 'text')]))).toEqual([
      [name, 4, 'text', modified],
    ])
  })

  it('says a size that ustar has no room for', async () => {
    const sizeBytes = 10 * 2 ** 30
    const chunks = tarOf(given([{ ...memberOf('big', ''), sizeBytes }]))
    const header = Buffer.from((await chunks.next()).value as Uint8Array)
    await chunks.return(undefined)
    expect(header.toString()).toContain(`size=${sizeBytes}\n`)
  })
})
