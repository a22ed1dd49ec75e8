import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApp } from './create-app.ts'
import { readConfig } from './config.ts'
import { makeDataFolder } from './make-data-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-folder-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('the data directory', () => {
  it('is made with its parents, for its owner alone, and may be there already', async () => {
    const deep = path.join(folder, 'a', 'b')
    await makeDataFolder(deep)
    await makeDataFolder(deep)
    expect((await stat(deep)).mode & 0o777).toBe(0o700)
  })

  it('is refused in words where it cannot be, and never tried for ever', async () => {
    await writeFile(path.join(folder, 'file'), '')
    const below = makeDataFolder(path.join(folder, 'file', 'data'))
    await expect(below).rejects.toMatchObject({ code: 'invalid-config' })
    if (!existsSync('/proc/self')) return
    await expect(makeDataFolder('/proc/longhaul')).rejects.toThrow(/--data/)
  })
})

it('an address for everybody without a key is refused before anything starts', async () => {
  const config = { host: '0.0.0.0', dataDir: folder, logLevel: 'silent' }
  await expect(createApp({ sources: [], config })).rejects.toThrow(/longhaul keys create/)
})

it('every mistake in the environment is told at once', () => {
  const env = { LOG_LEVEL: 'loud', LOG_JOB_OUTPUT: 'yes', PORT: '80.5' }
  expect(() => readConfig({}, env)).toThrow(
    /PORT.*LOG_LEVEL.*LOG_JOB_OUTPUT|LOG_LEVEL.*LOG_JOB_OUTPUT.*PORT/,
  )
})
