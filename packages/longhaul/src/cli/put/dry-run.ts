import type { Client, UploadMemory } from '@longhaul/client'
import { fileSource } from '@longhaul/client/node'
import { bytes, counted } from '../format/quantity.ts'
import type { Output } from '../output.ts'
import type { FileToPut } from './files-to-put.ts'
import { knownUpload } from './known-upload.ts'

/** Names what would be sent; asks the service only what it has. */
export async function dryRun(
  client: Client,
  files: readonly FileToPut[],
  memory: UploadMemory,
  output: Output,
): Promise<void> {
  const total = files.reduce((sum, { size }) => sum + size, 0)
  let [missingFiles, missingBytes] = [0, 0]
  for (const file of files) {
    const known = await knownUpload(
      client,
      memory,
      await fileSource(file.path, { name: file.name }),
    )
    if (known?.status === 'completed') continue
    missingFiles += 1
    missingBytes += file.size - (known?.received_bytes ?? 0)
    output.data(file.name)
  }
  output.object('dry-run', {
    ...{ files: files.length, size_bytes: total },
    ...{ missing_files: missingFiles, missing_bytes: missingBytes },
  })
  output.say(
    `  ${counted(files.length, 'file')}, ${bytes(total)}; ${counted(missingFiles, 'file')}, ${bytes(missingBytes)} to upload. Nothing was sent.`,
  )
}
