import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DiskReserve } from './disk-reserve.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-reserve-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('removes what a process left that was killed while it wrote, and nothing of one that runs', async () => {
  const { pid } = spawnSync(process.execPath, ['--version'])
  for (const name of [`reserve.${pid}`, `reserve.${process.ppid}`, 'reserve.txt'])
    await writeFile(path.join(folder, name), 'zeros')
  await new DiskReserve(folder, 1000).fill()
  expect(await readdir(folder)).toEqual(
    ['reserve', `reserve.${process.ppid}`, 'reserve.txt'].sort(),
  )
})
