import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allowedPath } from './allowed-path.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-roots-'))
  await mkdir(path.join(folder, 'open'))
  await writeFile(path.join(folder, 'open', 'in.txt'), 'in')
  await writeFile(path.join(folder, 'out.txt'), 'out')
  await symlink(path.join(folder, 'out.txt'), path.join(folder, 'open', 'link.txt'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a file:// input', () => {
  const ask = (name: string) => allowedPath(`file://${folder}/${name}`, [path.join(folder, 'open')])

  it('is read below an allowed root', async () => {
    expect(path.basename(await ask('open/in.txt'))).toBe('in.txt')
  })
  it.each(['out.txt', 'open/../out.txt', 'open/%2e%2e/out.txt', 'open/link.txt', 'nowhere.txt'])(
    'is refused at %s',
    async (name) => {
      await expect(ask(name)).rejects.toMatchObject({ code: 'uri-refused' })
    },
  )
  it('says when a file below the root does not exist, or is a folder', async () => {
    await expect(ask('open/none.txt')).rejects.toMatchObject({ code: 'object-not-found' })
    await mkdir(path.join(folder, 'open', 'sub'))
    await expect(ask('open/sub')).rejects.toMatchObject({ code: 'invalid-uri' })
  })
  it('is refused everywhere without roots, and on another host', async () => {
    await expect(allowedPath('file:///etc/passwd', [])).rejects.toMatchObject({
      code: 'uri-refused',
    })
    await expect(allowedPath('file://evil/etc/passwd', ['/etc'])).rejects.toMatchObject({
      code: 'invalid-uri',
    })
    await expect(allowedPath('file:///etc/%00', ['/etc'])).rejects.toMatchObject({
      code: 'invalid-uri',
    })
  })
})
