import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Database, Statements } from '../database/database.ts'
import { openSqlite } from '../database/index.ts'
import type { Part, Storage } from '../storage/index.ts'
import { localStorage } from '../storage/local/index.ts'
import type { UploadContext } from './session.ts'
import { createUploads, uploadStatements, type StartedUploads, type Uploads } from './index.ts'

export interface UploadsUnderTest extends AsyncDisposable {
  readonly folder: string
  readonly database: Database
  readonly storage: Storage
  readonly uploads: Uploads
  readonly context: UploadContext
  /** As another process, or the same after a restart, has them. */
  again(options?: {
    storage?: Storage
    keepSeconds?: number
    strayMs?: number
    diskFloorBytes?: number
  }): Uploads
}

export const baseUrl = 'http://127.0.0.1:9'

const table = 'CREATE TABLE IF NOT EXISTS made (id TEXT UNIQUE)'
const statements = {
  ...uploadStatements,
  'test.table': { sqlite: table, postgres: table },
  'test.make': {
    sqlite: 'INSERT INTO made (id) VALUES (?)',
    postgres: 'INSERT INTO made (id) VALUES ($1)',
  },
  'test.made': { sqlite: 'SELECT id FROM made', postgres: 'SELECT id FROM made' },
}

type OpenDatabase = (folder: string, statements: Statements) => Promise<Database>
let openDatabase: OpenDatabase = (folder, all) =>
  openSqlite({ path: path.join(folder, 'longhaul.db'), statements: all })

type OpenStorage = (folder: string) => Promise<Storage>
let openStorage: OpenStorage = (folder) =>
  localStorage({
    root: path.join(folder, 'objects'),
    bucket: 'test',
    secretFile: path.join(folder, 'secret'),
  })

/** The tests that use this fixture then run on another store, one that takes parts of any size. */
export const useStorage = (open: OpenStorage): void => void (openStorage = open)

/** The tests that use this fixture then run on another database. */
export const useDatabase = (open: OpenDatabase): void => void (openDatabase = open)

export async function openUploads(
  keepSeconds = 3600,
  { maxUploadBytes = 1e9 } = {},
): Promise<UploadsUnderTest> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-uploads-'))
  const database = await openDatabase(folder, statements)
  const storage = await openStorage(folder)
  const contextOf = (options: Parameters<UploadsUnderTest['again']>[0] = {}): UploadContext => ({
    database,
    storage: options.storage ?? storage,
    config: {
      datasetsPrefix: 'datasets',
      maxUploadBytes,
      uploadUrlTtlSeconds: 60,
      uploadKeepSeconds: options.keepSeconds ?? keepSeconds,
      diskFloorBytes: options.diskFloorBytes,
    },
    strayMs: options.strayMs ?? -60_000, // whatever the store's clock: nothing is too young
  })
  const again: UploadsUnderTest['again'] = (options) => createUploads(contextOf(options))
  return {
    folder,
    database,
    storage,
    uploads: again(),
    again,
    context: contextOf(),
    async [Symbol.asyncDispose]() {
      await database.close()
      await rm(folder, { recursive: true })
    },
  }
}

export type StartedFile = StartedUploads['files'][number]

/** Sends the bytes of these parts, all when none are named, as a client would through the URLs. */
export async function send(
  storage: Storage,
  file: StartedFile,
  bytes: Buffer,
  partNumbers = file.partUrls.map((part) => part.partNumber),
): Promise<Part[]> {
  const parts = []
  for (const n of partNumbers) {
    const body = bytes.subarray((n - 1) * file.partBytes, n * file.partBytes)
    const upload = { key: file.key, uploadId: file.storeUploadId }
    parts.push(await storage.putPart(upload, n, body))
  }
  return parts
}
