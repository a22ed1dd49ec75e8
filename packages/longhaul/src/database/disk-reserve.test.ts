import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ownMark } from '../support/process-mark.ts'
import { DiskReserve } from './disk-reserve.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-reserve-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('removes what a process left that was killed while it wrote, and nothing of one that runs', async () => {
  const mark = path.join(import.meta.dirname, '../support/process-mark.ts')
  const program = `import { ownMark } from ${JSON.stringify(mark)}; process.stdout.write(ownMark)`
  const { stdout: dead } = spawnSync(process.execPath, ['--input-type=module', '-e', program])
  const left = [`reserve.${dead.toString()}`, `reserve.${ownMark}`, 'reserve.of mine']
  for (const name of left) await writeFile(path.join(folder, name), 'zeros')
  await new DiskReserve(folder, 1000).fill()
  // Its own unfinished file became the reserve.
  expect(await readdir(folder)).toEqual(['reserve', 'reserve.of mine'])
  expect((await stat(path.join(folder, 'reserve'))).size).toBe(1000)
})

it('leaves alone what another process is writing', async () => {
  const name = `reserve.${ownMark}`
  await writeFile(path.join(folder, 'reserve'), Buffer.alloc(1000))
  await writeFile(path.join(folder, name), 'zeros')
  await new DiskReserve(folder, 1000).fill()
  expect(await readdir(folder)).toEqual(['reserve', name])
})
