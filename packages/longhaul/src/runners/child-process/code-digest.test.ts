import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { codeDigest } from './code-digest.ts'

let folder: string
let main: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-digest-'))
  main = path.join(folder, 'main.ts')
  await writeFile(main, 'main')
})
afterEach(() => rm(folder, { recursive: true, force: true }))
const put = async (name: string, text: string): Promise<string> => {
  const file = path.join(folder, name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, text)
  return file
}

it('is the digest of its bytes for a file by itself', async () => {
  const plain = createHash('sha256').update('main').digest('hex')
  expect(await codeDigest(main)).toBe(plain)
  expect(await codeDigest(main, [main])).toBe(plain)
})

it('changes with what was loaded from its folder or below, whatever the order', async () => {
  const files = [await put('a.ts', 'a'), await put('lib/b.ts', 'b')]
  const before = await codeDigest(main, files)
  expect(await codeDigest(main, [...files].reverse())).toBe(before)
  await put('lib/b.ts', 'c')
  expect(await codeDigest(main, files)).not.toBe(before)
})

it('minds neither what lies elsewhere nor what is gone', async () => {
  const plain = await codeDigest(main)
  expect(await codeDigest(main, ['/etc/hostname', path.join(folder, 'gone.ts')])).toBe(plain)
})

it('is the same under another name of the folder', async () => {
  const files = [await put('a.ts', 'a')]
  const other = `${folder}-link`
  await symlink(folder, other)
  try {
    const there = [path.join(other, 'a.ts')]
    expect(await codeDigest(path.join(other, 'main.ts'), there)).toBe(await codeDigest(main, files))
  } finally {
    await rm(other)
  }
})
