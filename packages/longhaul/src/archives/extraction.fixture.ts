import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RunContext, InputSpec } from '../processor/index.ts'
import type { Storage } from '../storage/index.ts'
import { localStorage } from '../storage/local/index.ts'
import { formatOf } from './archive-format.ts'
import type { Extracted } from './archives.ts'
import { extractArchive } from './extract-archive.ts'
import { testLimits } from './hostile.fixture.ts'

export interface Extraction extends AsyncDisposable {
  readonly storage: Storage
  /** Puts it into the store and extracts it, as one attempt does. */
  extract(bytes: Uint8Array, attempt?: Attempt): Promise<Extracted>
  /** Every file on the disk around the store, but for the store's own. */
  files(): Promise<readonly string[]>
  /** What the newest attempt would go on from. */
  readonly kept: () => unknown
}
interface Attempt {
  readonly restored?: unknown
  readonly signal?: AbortSignal
  readonly storage?: Storage
  readonly jobId?: string
  /** A checkpoint after every file. */
  readonly checkpoints?: boolean
}

export const archiveKey = 'uploads/archive'
export const prefix = 'datasets/j_test'

/** A store in a folder of its own, without a service around it. */
export async function openExtraction(): Promise<Extraction> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-archives-'))
  const root = path.join(folder, 'objects')
  const storage = await localStorage({
    root,
    bucket: 'test',
    secretFile: path.join(folder, 'secret'),
  })
  let kept: unknown
  return {
    storage,
    kept: () => kept,
    async extract(bytes, attempt = {}) {
      await storage.put(archiveKey, bytes)
      const input = {
        key: archiveKey,
        name: 'a',
        format: await formatOf(storage, archiveKey),
        prefix,
      }
      const host = {
        storage: attempt.storage ?? storage,
        uploads: { checkRoom: () => Promise.resolve() },
        limits: testLimits,
      }
      const ctx = {
        input,
        jobId: attempt.jobId ?? 'j_test',
        signal: attempt.signal ?? new AbortController().signal,
        restored: attempt.restored,
        progress: () => undefined,
        checkpoint: async (state: () => unknown) => {
          await nextTurn()
          if (attempt.checkpoints) kept = state()
          return attempt.checkpoints === true
        },
      }
      return extractArchive(host, ctx as unknown as RunContext<InputSpec, unknown>)
    },
    async files() {
      const all = await readdir(folder, { recursive: true, withFileTypes: true })
      return all
        .filter((entry) => !entry.isDirectory())
        .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
        .filter((name) => !name.includes('.longhaul') && name !== 'secret')
        .sort()
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
