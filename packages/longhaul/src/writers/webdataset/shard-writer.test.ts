import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import tar from 'tar-stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ShardData, WriterFiles } from '../record-writer.ts'
import { shardWriter } from './shard-writer.ts'

let folder: string
let given: string[]
let files: WriterFiles
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-shards-'))
  given = []
  files = {
    pathFor: async (name) => path.join(folder, name),
    give: async (name) => void given.push(name),
  }
})
afterEach(() => rm(folder, { recursive: true, force: true }))
const bytesOf = (name: string) => readFile(path.join(folder, name))

interface Member {
  readonly name: string
  readonly content: Buffer
  readonly header: tar.Header
}
/** As another library reads it. */
async function membersOf(name: string): Promise<Member[]> {
  const members: Member[] = []
  const extract = createReadStream(path.join(folder, name)).pipe(tar.extract())
  for await (const entry of extract) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    members.push({ name: entry.header.name, content: Buffer.concat(chunks), header: entry.header })
  }
  return members
}

it('[Y.1.11] writes archives that say nothing of when, where or by whom, padded to 10,240', async () => {
  const writer = shardWriter(files, 'masks', { maxBytes: 1000 })
  await writer.add('a/one.png', Buffer.from([1, 2, 3]))
  await writer.add('ö.txt', 'text')
  await writer.finish()
  expect(given).toEqual(['masks_00000.tar', 'masks_00000.json'])
  const archive = await bytesOf('masks_00000.tar')
  expect(archive.length).toBe(10_240)
  expect(archive.subarray(257, 265).toString('latin1')).toBe('ustar\0' + '00')
  const [one, two] = await membersOf('masks_00000.tar')
  expect(one).toMatchObject({
    name: 'a/one.png',
    header: { mode: 0o644, uid: 0, gid: 0, size: 3, type: 'file', uname: '', gname: '' },
  })
  expect(one?.header.mtime?.getTime()).toBe(0)
  expect(two?.content.toString()).toBe('text')
  const items = [
    { name: 'a/one.png', size_bytes: 3 },
    { name: 'ö.txt', size_bytes: 4 },
  ]
  expect(JSON.parse((await bytesOf('masks_00000.json')).toString())).toEqual({ items })
})

it('takes streams, whose size is known only at their end', async () => {
  const writer = shardWriter(files, 's', { maxBytes: 2_000_000 })
  const chunks = Array.from({ length: 20 }, (_, index) => Buffer.alloc(50_001, index))
  await writer.add('big.bin', Readable.from(chunks))
  await writer.add('words.txt', Readable.from(['some ', 'words']))
  await writer.finish()
  const [big, words] = await membersOf('s_00000.tar')
  expect(big?.content.equals(Buffer.concat(chunks))).toBe(true)
  expect(words?.content.toString()).toBe('some words')
  expect(await readdir(folder)).toEqual(['s_00000.json', 's_00000.tar'])
})

it('begins the next shard before the limit would be passed', async () => {
  const writer = shardWriter(files, 's', { maxBytes: 10 })
  await writer.add('a', Buffer.alloc(4))
  await writer.add('b', Buffer.alloc(6)) // full, not passed
  expect(given).toEqual([])
  await writer.add('c', Buffer.alloc(11)) // larger than a shard
  expect(given).toEqual(['s_00000.tar', 's_00000.json'])
  await writer.add('d', Buffer.alloc(0))
  await writer.finish()
  const names = await Promise.all(
    ['s_00000.tar', 's_00001.tar', 's_00002.tar'].map(async (name) =>
      (await membersOf(name)).map((member) => member.name),
    ),
  )
  expect(names).toEqual([['a', 'b'], ['c'], ['d']])
})

it.each(['', '/abs', '../up', 'a/../b', 'a//b', './a', 'a\0b', `${'x'.repeat(101)}`, 7])(
  'refuses the member name %j, and goes on',
  async (name) => {
    const writer = shardWriter(files, 's', { maxBytes: 100 })
    await expect(writer.add(name as string, 'x')).rejects.toThrow(TypeError)
    await writer.add('good', 'x')
    await writer.finish()
    expect((await membersOf('s_00000.tar')).map((member) => member.name)).toEqual(['good'])
  },
)

it('refuses a second member of a name: the first would be lost when the archive is unpacked', async () => {
  const writer = shardWriter(files, 's', { maxBytes: 100 })
  await writer.add('a', '1')
  await expect(writer.add('a', '2')).rejects.toThrow('has a member a already')
  await writer.finish()
  expect((await membersOf('s_00000.tar')).map(({ content }) => content.toString())).toEqual(['1'])
})

it('appends nothing to a shard in which a write failed', async () => {
  const writer = shardWriter(files, 's', { maxBytes: 100 })
  const broken = (async function* () {
    yield Buffer.from('x')
    throw new Error('the line went dead')
  })()
  await expect(writer.add('a', broken)).rejects.toThrow('the line went dead')
  await expect(writer.add('b', 'x')).rejects.toThrow('the line went dead')
  await expect(writer.finish()).rejects.toThrow('the line went dead')
  await writer.abandon()
})

const segment = fc
  .stringMatching(/^[a-zA-Z0-9äöü_.-]{1,30}$/)
  .filter((s) => s !== '.' && s !== '..')
const memberName = fc
  .array(segment, { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('/'))
  .filter((name) => Buffer.byteLength(name) <= 100)

it('[A.8.16] gives back every member, in order and byte for byte, whatever the members; twice the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(memberName, fc.uint8Array({ maxLength: 1500 })), {
        selector: ([name]) => name,
        maxLength: 20,
      }),
      fc.integer({ min: 1, max: 4000 }),
      fc.boolean(),
      async (members, maxBytes, streamed) => {
        const archives: Buffer[][] = []
        for (const run of ['one', 'two']) {
          given = []
          const writer = shardWriter(files, run, { maxBytes })
          for (const [name, bytes] of members) {
            const data: ShardData = streamed ? Readable.from([Buffer.from(bytes)]) : bytes
            await writer.add(name, data)
          }
          await writer.finish()
          const tars = given.filter((name) => name.endsWith('.tar'))
          archives.push(await Promise.all(tars.map(bytesOf)))
          const read = (await Promise.all(tars.map(membersOf))).flat()
          expect(read.map(({ name }) => name)).toEqual(members.map(([name]) => name))
          read.forEach(({ content }, index) =>
            expect(content.equals(members[index]?.[1] ?? Buffer.alloc(0))).toBe(true),
          )
          for (const archive of archives.flat()) expect(archive.length % 10_240).toBe(0)
        }
        expect(archives[0]).toEqual(archives[1])
      },
    ),
    { numRuns: 40 },
  )
})
