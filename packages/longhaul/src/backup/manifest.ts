import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { LonghaulError } from '../errors/index.ts'

/** One file of a backup; `path` is relative to its folder, with `/`. */
const file = z.object({ path: z.string(), size: z.number(), sha256: z.string() })
export type BackupFile = z.infer<typeof file>

/** An object of the store; its file lies under `objects/<key>`. */
const object = file.extend({ key: z.string(), media_type: z.string() })
export type BackupObject = z.infer<typeof object>

const manifest = z.object({
  format: z.literal('longhaul-backup-1'),
  made_at: z.string(),
  version: z.string(),
  database: file,
  /** `objects.jsonl` and its like: one line per file, so that a million of them fit into no one's memory. */
  lists: z.object({ objects: file, logs: file }),
  /** What signs URLs; those given out go on to hold. */
  secret: file.optional(),
  objects: z.object({ count: z.number(), bytes: z.number(), linked: z.number() }),
  /** Outputs that jobs of the copied database name, and that were deleted while the backup was made. */
  deleted_meanwhile: z.array(z.object({ job_id: z.string(), key: z.string() })),
})
export type Manifest = z.infer<typeof manifest>

export const manifestName = 'manifest.json'

/** Written last: a folder without it is no backup. */
export async function readManifest(folder: string): Promise<Manifest> {
  try {
    return manifest.parse(JSON.parse(await readFile(path.join(folder, manifestName), 'utf8')))
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new LonghaulError(
      'backup-unusable',
      missing
        ? `${folder} is no complete backup: it has no ${manifestName}, which is written last.`
        : `The ${manifestName} of ${folder} cannot be read.`,
      { cause },
    )
  }
}

export const parseObject = (line: string): BackupObject => object.parse(JSON.parse(line))
export const parseFile = (line: string): BackupFile => file.parse(JSON.parse(line))
