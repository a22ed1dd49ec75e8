import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { removeFolder } from './remove-folder.ts'

let base: string
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'longhaul-remove-'))
})
afterEach(() => rm(base, { recursive: true, force: true }))

it('removes a folder with all it holds, and nothing that its links lead to', async () => {
  const [kept, folder] = [path.join(base, 'kept'), path.join(base, 'work')]
  await mkdir(path.join(folder, 'a/b'), { recursive: true })
  await mkdir(kept)
  await writeFile(path.join(kept, 'x'), '1')
  await writeFile(path.join(folder, 'a/b/read-only'), '1')
  await chmod(path.join(folder, 'a/b/read-only'), 0o400)
  await symlink(kept, path.join(folder, 'a/link'))
  await removeFolder(folder)
  expect(await readdir(base)).toEqual(['kept'])
  expect(await readdir(kept)).toEqual(['x'])
})

it('is content when there is none, and removes what is a file', async () => {
  await removeFolder(path.join(base, 'nowhere'))
  await writeFile(path.join(base, 'file'), '1')
  await removeFolder(path.join(base, 'file'))
  expect(await readdir(base)).toEqual([])
})

it('leaves nothing where another removes the same at the same time', async () => {
  const folder = path.join(base, 'work')
  for (const name of ['a', 'b', 'c', 'd']) {
    await mkdir(path.join(folder, name), { recursive: true })
    for (let n = 0; n < 20; n += 1) await writeFile(path.join(folder, name, `${n}`), '1')
  }
  await Promise.all([removeFolder(folder), removeFolder(folder)])
  expect(await readdir(base)).toEqual([])
})
