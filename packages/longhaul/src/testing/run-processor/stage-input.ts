import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describeProcessor, fileFieldsOf, type Processor } from '../../processor/index.ts'
import type { StagedFile } from '../../runners/messages.ts'
import type { Json, JsonObject } from '../../support/json.ts'

/** A file of an input: a path, or a name with its content. */
export type TestFile = string | { readonly name: string; readonly content: string | Uint8Array }
/** What a submission would hold; file fields take test files. */
export type TestInput = Readonly<Record<string, unknown>>

/** Copies the files of an input into the workspace, where a worker would put them. */
export async function stageInput(
  processor: Processor,
  given: TestInput,
  workspace: string,
): Promise<{ readonly input: JsonObject; readonly inputs: readonly StagedFile[] }> {
  const schema = describeProcessor(processor)['input'] as JsonObject
  const input: Record<string, unknown> = { ...given }
  const inputs: StagedFile[] = []
  for (const { name, many } of fileFieldsOf(schema)) {
    const value = given[name]
    if (value === undefined || value === null) continue
    const staged: StagedFile[] = []
    for (const file of [value].flat() as TestFile[]) {
      const one = await stageFile(file, path.join(workspace, 'inputs', String(inputs.length)))
      staged.push(one)
      inputs.push(one)
    }
    input[name] = many ? staged : staged[0]
  }
  return { input: input as Record<string, Json>, inputs }
}

async function stageFile(file: TestFile, folder: string): Promise<StagedFile> {
  await mkdir(folder, { recursive: true })
  const name = typeof file === 'string' ? path.basename(file) : file.name
  const target = path.join(folder, path.basename(name))
  if (typeof file === 'string') await copyFile(file, target)
  else await writeFile(target, file.content)
  const bytes = await readFile(target)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { name, path: target, uri: pathToFileURL(target).href, size: bytes.length, sha256 }
}
