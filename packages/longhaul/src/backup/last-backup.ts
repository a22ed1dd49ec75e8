import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

const fileOf = (dataDir: string): string => path.join(dataDir, 'last-backup.json')

export interface LastBackup {
  readonly at: string
  readonly folder: string
}

/** Remembers in the data directory when it was last backed up: the service and `doctor` tell the age. */
export async function noteBackup(dataDir: string, backup: LastBackup): Promise<void> {
  await writeFile(fileOf(dataDir), `${JSON.stringify(backup)}\n`, { mode: 0o600 })
}

/** Undefined where none was made, or nobody can tell. */
export async function lastBackup(dataDir: string): Promise<LastBackup | undefined> {
  try {
    const { at, folder } = JSON.parse(await readFile(fileOf(dataDir), 'utf8')) as LastBackup
    return Number.isNaN(Date.parse(at)) ? undefined : { at, folder }
  } catch {
    return undefined
  }
}
