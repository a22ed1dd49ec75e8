import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import type { Environment } from '../../app/config.ts'

/** A file as it was when it was looked at; another size or time of change is another file. */
export interface EachFile {
  readonly path: string
  /** Relative to where the command was given, with `/`. */
  readonly name: string
  readonly size: number
  readonly mtimeMs: number
}
export interface Remembered {
  readonly uploadId: string
  /** Known once the upload is complete. */
  readonly sha256?: string | undefined
}

/** What has been uploaded for batches of one processor on one service: the same command goes on where it was. */
export interface EachMemory {
  recall(file: EachFile): Remembered | undefined
  remember(file: EachFile, what: Remembered): Promise<void>
  forget(): Promise<void>
}

/** One file of lines in `$XDG_STATE_HOME/longhaul/batches`; a line that an interruption cut short is none. */
export async function openEachMemory(
  serviceUrl: string,
  processor: string,
  env: Environment,
): Promise<EachMemory> {
  const state = env['XDG_STATE_HOME'] || path.join(env['HOME'] || homedir(), '.local', 'state')
  const folder = path.join(state, 'longhaul', 'batches')
  const digest = createHash('sha256')
    .update(JSON.stringify([serviceUrl, processor]))
    .digest('hex')
  const file = path.join(folder, `${digest.slice(0, 32)}.jsonl`)
  const known = new Map<string, Remembered>()
  for (const line of (await readFile(file, 'utf8').catch(() => '')).split('\n')) {
    try {
      const { key, ...what } = JSON.parse(line) as Remembered & { readonly key: string }
      known.set(key, what)
    } catch {
      // Cut short, or the empty end.
    }
  }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  let writing: Promise<void> = appendFile(file, '\n', { mode: 0o600 }) // ends what was cut short
  const keyOf = ({ path: at, size, mtimeMs }: EachFile): string =>
    JSON.stringify([at, size, mtimeMs])
  return {
    recall: (one) => known.get(keyOf(one)),
    remember: (one, what) => {
      const key = keyOf(one)
      known.set(key, what)
      writing = writing.then(() => appendFile(file, `${JSON.stringify({ key, ...what })}\n`))
      return writing
    },
    forget: async () => {
      known.clear()
      await writing
      await rm(file, { force: true })
    },
  }
}
