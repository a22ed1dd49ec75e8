import { mkdtemp, mkdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { WriterFiles, WriterState } from '../record-writer.ts'
import { maskMember } from './shard-layout.ts'
import { shardWriter } from './shard-writer.ts'

let folder: string
let given: [string, number | undefined][]
const files: WriterFiles = {
  pathFor: async (name) => {
    await mkdir(path.join(folder, path.dirname(name)), { recursive: true })
    return path.join(folder, name)
  },
  give: async (name, _path, _type, items) => void given.push([name, items]),
}
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-layout-'))
  given = []
})
afterEach(() => rm(folder, { recursive: true }))

const masks = (restored?: WriterState) =>
  shardWriter(files, 'masks', { maxBytes: 10, layout: 'masks', restored })
const index = async (n: number): Promise<unknown> =>
  JSON.parse(await readFile(path.join(folder, `masks/shard-0000${n}.json`), 'utf8'))

it("names system B's shards, and closes one after it has reached its size", async () => {
  const writer = masks()
  for (let roi = 1; roi <= 5; roi++) await writer.add(maskMember('D_1', roi), '123456')
  await writer.finish()
  expect(given).toEqual([
    ['masks/shard-00000.tar', 2],
    ['masks/shard-00000.json', undefined],
    ['masks/shard-00001.tar', 2],
    ['masks/shard-00001.json', undefined],
    ['masks/shard-00002.tar', 1],
    ['masks/shard-00002.json', undefined],
  ])
  expect(await index(1)).toEqual({
    D_1_00003: { bin_id: 'D_1', roi_number: 3, tar_member: 'D_1_00003.png' },
    D_1_00004: { bin_id: 'D_1', roi_number: 4, tar_member: 'D_1_00004.png' },
  })
})

it('goes on from a checkpoint within a shard', async () => {
  const first = masks()
  await first.add(maskMember('D', 1), 'abc')
  const state = await first.flush()
  await first.add(maskMember('D', 2), 'lost with the attempt')
  await first.abandon()
  const second = masks(state)
  await second.add(maskMember('D', 123456), 'def')
  await second.finish()
  expect(await index(0)).toEqual({
    D_00001: { bin_id: 'D', roi_number: 1, tar_member: 'D_00001.png' },
    D_123456: { bin_id: 'D', roi_number: 123456, tar_member: 'D_123456.png' },
  })
})

it('takes nothing of which the index could not say whose it is', async () => {
  const writer = masks()
  await expect(writer.add('cover.png', 'x')).rejects.toThrow('is no mask')
  await writer.finish()
  expect(given).toEqual([])
})
