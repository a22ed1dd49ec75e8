import { afterAll, beforeAll, expect, it } from 'vitest'
import { openPostgres, type PostgresDatabase } from '../database/postgres/index.ts'
import { startTestPostgres, type TestPostgres } from '../testing/servers/postgres.ts'
import { createKeys, keyStatements } from './index.ts'

let server: TestPostgres
let database: PostgresDatabase
beforeAll(async () => {
  server = await startTestPostgres()
  database = await openPostgres({ url: await server.createDatabase(), statements: keyStatements })
})
afterAll(async () => {
  await database.close()
  await server.stop()
})

it('keys on PostgreSQL know their holder until they are revoked, and are stored as hashes', async () => {
  const keys = createKeys(database)
  expect(await keys.exist()).toBe(false)
  const { id, token } = await keys.create({ owner: 'ana', note: 'laptop' })
  await keys.create({ owner: 'ben' })
  expect(await keys.verify(token)).toEqual({ id, owner: 'ana', scopes: ['submit'] })
  expect(await keys.verify(`${token}x`)).toBeUndefined()
  const [stored] = await database.query<{ secret_sha256: string }>(
    'SELECT secret_sha256 FROM api_key WHERE id = $1',
    [id],
  )
  expect(stored?.secret_sha256).toMatch(/^[0-9a-f]{64}$/)
  expect(token).not.toContain(stored?.secret_sha256)

  expect(await keys.revoke(id)).toBe(true)
  expect(await keys.revoke(id)).toBe(false)
  expect(await keys.verify(token)).toBeUndefined()
  const views = await keys.list()
  expect(views).toHaveLength(2)
  expect(views[0]?.revokedAt).toBeInstanceOf(Date)
  expect(await keys.exist()).toBe(true)
})
