import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Database } from '../database/database.ts'
import { LonghaulError } from '../errors/index.ts'
import { isKeyScope, keyScopes, type KeyScope } from './scope.ts'

export interface KeyRequest {
  /** Whose jobs and uploads the key makes and sees. */
  readonly owner: string
  /** @default submit, which includes reading */
  readonly scopes?: readonly KeyScope[]
  /** For people: where the key is used. */
  readonly note?: string
}
export interface KeyView {
  readonly id: string
  readonly owner: string
  readonly note: string
  readonly scopes: readonly KeyScope[]
  readonly createdAt: Date
  readonly revokedAt: Date | undefined
}
export interface CreatedKey {
  readonly id: string
  /** Shown once; only its hash is kept. */
  readonly token: string
}
export interface KeyHolder {
  readonly id: string
  readonly owner: string
  readonly scopes: readonly KeyScope[]
}

export interface Keys {
  create(request: KeyRequest): Promise<CreatedKey>
  list(): Promise<readonly KeyView[]>
  /** Takes effect with the next request. False when there is no such key, or it is revoked already. */
  revoke(id: string): Promise<boolean>
  /** Undefined for anything that is not a key in force. */
  verify(token: string): Promise<KeyHolder | undefined>
  /** Whether any key is in force. */
  exist(): Promise<boolean>
}

interface KeyRow {
  id: string
  owner: string
  note: string
  scopes: string
  secret_sha256: string
  created_at: number
  revoked_at: number | null
}

// lh_<id>_<secret>: the prefix lets secret scanners find a leaked one, the id lets people name it without showing it.
const tokenPattern = /^lh_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/

// The secret is 256 random bits: a slow hash would protect nothing and cost every request.
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

const scopesOf = (text: string): readonly KeyScope[] => text.split(' ').filter(isKeyScope)

export function createKeys(database: Database): Keys {
  return {
    async create({ owner, scopes = ['submit'], note = '' }) {
      if (!/^[\w.@-]{1,64}$/.test(owner))
        throw new LonghaulError(
          'bad-request',
          `An owner is 1 to 64 letters, digits or any of . _ @ -, got ${JSON.stringify(owner)}.`,
        )
      if (scopes.length === 0 || !scopes.every(isKeyScope))
        throw new LonghaulError('bad-request', `A key's scopes are ${keyScopes.join(', ')}.`)
      const id = randomBytes(6).toString('hex')
      const secret = randomBytes(32).toString('base64url')
      await database.write([
        {
          statement: 'key.insert',
          params: [id, hashOf(secret), owner, note, scopes.join(' ')],
          expectRows: 1,
        },
      ])
      return { id, token: `lh_${id}_${secret}` }
    },

    async list() {
      const rows = await database.read<KeyRow>('key.list', [])
      return rows.map((row) => ({
        id: row.id,
        owner: row.owner,
        note: row.note,
        scopes: scopesOf(row.scopes),
        createdAt: new Date(row.created_at),
        revokedAt: row.revoked_at === null ? undefined : new Date(row.revoked_at),
      }))
    },

    async revoke(id) {
      const [row] = await database.read<KeyRow>('key.find', [id])
      if (row === undefined) return false
      await database.write([{ statement: 'key.revoke', params: [id] }])
      return true
    },

    async verify(token) {
      const [, id, secret] = tokenPattern.exec(token) ?? []
      if (id === undefined || secret === undefined) return undefined
      const [row] = await database.read<KeyRow>('key.find', [id])
      if (row === undefined) return undefined
      const same = timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(row.secret_sha256))
      return same ? { id, owner: row.owner, scopes: scopesOf(row.scopes) } : undefined
    },

    async exist() {
      return (await database.read('key.any', [])).length > 0
    },
  }
}
