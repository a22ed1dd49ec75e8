import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { copySqlite } from './copy-sqlite.ts'

/** Keeps the database as it was: `longhaul.db.schema-3.20261123T083500Z`. One such copy is kept, the newest. */
export async function copyBeforeMigration(file: string, schema: number): Promise<string> {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const copy = `${file}.schema-${schema}.${time}`
  await copySqlite(file, copy)
  for (const older of await copiesOf(file)) if (older !== copy) await rm(older, { force: true })
  return copy
}

async function copiesOf(file: string): Promise<string[]> {
  const { dir, base } = path.parse(path.resolve(file))
  const names = await readdir(dir)
  return names
    .filter(
      (name) =>
        name.startsWith(`${base}.`) && /^\.schema-\d+\.\d{8}T\d{6}Z$/.test(name.slice(base.length)),
    )
    .map((name) => path.join(path.dirname(file), name))
}
