import path from 'node:path'
import type { ByteSource, Client } from '@longhaul/client'
import { fileSource } from '@longhaul/client/node'
import type { FileReference } from '@longhaul/protocol'
import { bytes, count } from './format/quantity.ts'
import { transferLine } from './format/transfer-line.ts'
import type { InputWords, NamedFile } from './input-words.ts'
import type { Output } from './output.ts'
import type { UploadMemory } from './upload-memory.ts'

/** Uploads the files of an input, going on with what an earlier try left; answers what stands for them in the submission. */
export async function sendFiles(
  client: Client,
  { files }: InputWords,
  memory: UploadMemory,
  output: Output,
  signal: AbortSignal,
): Promise<Readonly<Record<string, FileReference | readonly FileReference[]>>> {
  const sources = new Map<string, ByteSource>()
  // Every file is looked at before the first is sent: a missing one refuses the whole, and nothing has happened.
  for (const { named } of Object.values(files)) {
    for (const file of named)
      if ('path' in file) sources.set(file.path, await fileSource(file.path))
  }
  const total = [...sources.values()].reduce((sum, { size }) => sum + size, 0)
  const sent = new Map<string, number>()
  const line = transferLine('upload')
  let resumed = 0

  const send = async (file: NamedFile): Promise<FileReference> => {
    if ('uri' in file) return file
    const source = sources.get(file.path)!
    const uploaded = await client.upload(source, {
      uploadId: await memory.recall(file.path),
      onStarted: (id) => void memory.remember(file.path, id).catch(() => {}), // only the resuming is lost
      onProgress: (done) => {
        sent.set(file.path, done)
        output.live(
          line(
            [...sent.values()].reduce((sum, each) => sum + each, 0),
            total,
          ),
        )
      },
      signal,
    })
    resumed += uploaded.resumedBytes
    output.object('upload', {
      upload_id: uploaded.uploadId,
      path: file.path,
      name: path.basename(file.path),
      size_bytes: source.size,
      resumed_bytes: uploaded.resumedBytes,
    })
    return { upload_id: uploaded.uploadId, sha256: uploaded.sha256 }
  }

  const references: Record<string, FileReference | FileReference[]> = {}
  for (const [name, { many, named }] of Object.entries(files)) {
    const sentOnes: FileReference[] = []
    for (const file of named) sentOnes.push(await send(file))
    references[name] = many ? sentOnes : sentOnes[0]!
  }
  output.settle()
  if (sources.size > 0) {
    const known = resumed > 0 ? `, ${bytes(resumed)} were there already` : ''
    output.say(
      `  uploaded ${count(sources.size)} ${sources.size === 1 ? 'file' : 'files'}, ${bytes(total)}${known}`,
    )
  }
  return references
}
