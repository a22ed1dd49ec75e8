import { createReadStream, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileFieldsOf, markInputFile, type InputFile } from '../../processor/index.ts'
import type { JsonObject } from '../../support/json.ts'
import type { StagedFile } from '../messages.ts'

const smallBytes = 256 * 1024

export function toInputFile(staged: StagedFile): InputFile {
  // A small one is read sooner than a thread is found that would read it.
  const read = async () =>
    staged.size > smallBytes ? readFile(staged.path, 'utf8') : readFileSync(staged.path, 'utf8')
  return markInputFile({
    name: staged.name,
    path: staged.path,
    uri: staged.uri,
    size: staged.size,
    sha256: staged.sha256,
    stem: path.parse(staged.name).name,
    ...(staged.bin === undefined ? {} : { bin: staged.bin }),
    stream: () => createReadStream(staged.path),
    text: read,
    json: async () => JSON.parse(await read()) as unknown,
  })
}

/** The files of a run message, and its input with those same objects in its file fields. */
export function reviveFiles(
  schema: JsonObject,
  input: JsonObject,
  staged: readonly StagedFile[],
): { input: Record<string, unknown>; inputs: readonly InputFile[] } {
  const inputs = staged.map(toInputFile)
  const byPath = new Map(inputs.map((file) => [file.path, file]))
  const revive = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(revive)
      : isStaged(value)
        ? (byPath.get(value.path) ?? toInputFile(value))
        : value
  const revived: Record<string, unknown> = { ...input }
  for (const { name } of fileFieldsOf(schema))
    if (name in revived) revived[name] = revive(revived[name])
  return { input: revived, inputs }
}

const isStaged = (value: unknown): value is StagedFile =>
  typeof value === 'object' && value !== null && 'path' in value && 'sha256' in value
