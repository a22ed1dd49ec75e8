import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSqlite, type SqliteDatabase } from '../database/index.ts'
import { allows, checkExposure, createKeys, isLoopback, keyStatements, type Keys } from './index.ts'

describe('keys', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'longhaul-keys-'))
  let database: SqliteDatabase
  let keys: Keys
  beforeAll(async () => {
    database = await openSqlite({ path: path.join(folder, 'keys.db'), statements: keyStatements })
    keys = createKeys(database)
  })
  afterAll(async () => {
    await database.close()
    rmSync(folder, { recursive: true })
  })

  it('know their holder until they are revoked', async () => {
    expect(await keys.exist()).toBe(false)
    const { id, token } = await keys.create({ owner: 'ana', note: 'laptop' })
    expect(await keys.exist()).toBe(true)
    expect(await keys.verify(token)).toEqual({ id, owner: 'ana', scopes: ['submit'] })

    expect(await keys.revoke(id)).toBe(true)
    expect(await keys.revoke(id)).toBe(false)
    expect(await keys.verify(token)).toBeUndefined()
    expect(await keys.exist()).toBe(false)
    const [view] = await keys.list()
    expect(view).toMatchObject({ id, owner: 'ana', note: 'laptop', scopes: ['submit'] })
    expect(view?.revokedAt).toBeInstanceOf(Date)
  })

  it('are not accepted with another secret, or in another form', async () => {
    const { token } = await keys.create({ owner: 'ben' })
    const other = await keys.create({ owner: 'ben' })
    const mixed = token.slice(0, 16) + other.token.slice(16)
    for (const wrong of [mixed, `${token}x`, token.slice(0, -1), '', 'lh_', `${token}\n`])
      expect(await keys.verify(wrong)).toBeUndefined()
  })

  it('are stored as hashes only', async () => {
    const { token } = await keys.create({ owner: 'cyd' })
    const secret = token.slice(token.lastIndexOf('_', 20) + 1)
    const files = readdirSync(folder).map((name) => readFileSync(path.join(folder, name)))
    expect(files.some((bytes) => bytes.includes('cyd'))).toBe(true)
    expect(files.some((bytes) => bytes.includes(secret))).toBe(false)
  })

  it('refuse owners and scopes that mean nothing', async () => {
    await expect(keys.create({ owner: 'a b' })).rejects.toThrow('An owner is')
    await expect(keys.create({ owner: 'ana', scopes: [] })).rejects.toThrow('scopes')
  })
})

it('a scope includes those below it', () => {
  expect(allows(['read'], 'submit')).toBe(false)
  expect(allows(['submit'], 'read')).toBe(true)
  expect(allows(['admin'], 'submit')).toBe(true)
})

describe('exposure', () => {
  it.each(['127.0.0.1', '127.8.9.1', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1'])(
    '%s is this machine',
    (host) => expect(isLoopback(host)).toBe(true),
  )
  it.each(['0.0.0.0', '::', '192.168.1.4', 'example.org', '', '127.0.0.1.example.org'])(
    '%s is not',
    (host) => expect(isLoopback(host)).toBe(false),
  )

  it('is refused without a key, in words that say how to go on', async () => {
    const none = { exist: async () => false }
    const refusal = checkExposure({ host: '0.0.0.0', open: false }, none)
    await expect(refusal).rejects.toMatchObject({ code: 'invalid-config' })
    await expect(refusal).rejects.toThrow(/longhaul keys create.*--host 127\.0\.0\.1.*--open/s)
  })

  it('is allowed with a key, with open, and on loopback', async () => {
    const exist = (value: boolean) => ({ exist: async () => value })
    await checkExposure({ host: '0.0.0.0', open: false }, exist(true))
    await checkExposure({ host: '0.0.0.0', open: true }, exist(false))
    await checkExposure({ host: '::1', open: false }, exist(false))
  })
})
