import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openSecret } from './secret-file.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-secret-'))
})
afterEach(() => rm(folder, { recursive: true }))

it('makes one secret, however many ask for it at once, and only its owner may read it', async () => {
  const file = path.join(folder, 'secret')
  const secrets = await Promise.all(Array.from({ length: 20 }, () => openSecret(file)))
  expect(new Set(secrets.map(String)).size).toBe(1)
  expect(secrets[0]?.byteLength).toBe(32)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['secret'])
  expect(await openSecret(file)).toEqual(secrets[0])
})

it('refuses a damaged secret rather than signing with nothing', async () => {
  const file = path.join(folder, 'secret')
  for (const text of [
    '',
    'abc',
    'not hexadecimal at all, though it is long enough to be a secret',
  ]) {
    await writeFile(file, text)
    await expect(openSecret(file)).rejects.toMatchObject({ code: 'invalid-config' })
  }
})
