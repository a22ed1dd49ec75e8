import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { CompatClient } from '../compat/compat-client.ts'
import { UploadError } from '../compat/errors.ts'
import type { DatasetFields } from '../compat/portal/dataset.ts'
import type { Sent } from '../compat/portal/portal-uploads.ts'
import type { SendOptions } from '../compat/portal/send-large.ts'
import { withPace } from '../transfer-pace.ts'
import { fileSource } from './file-source.ts'

const filesAtOnce = 3

/** The first file makes the dataset, the others are added to it; one that fails takes the rest with it. */
export async function uploadDirectory(
  client: CompatClient,
  root: string,
  dataset: DatasetFields,
  options: SendOptions = {},
): Promise<readonly Sent[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort()
  if (names.length === 0) throw new UploadError(`There is no file in ${root}`)
  const sources = await Promise.all(names.map((name) => fileSource(path.join(root, name))))
  const total = sources.reduce((sum, { size }) => sum + size, 0)
  const report = withPace(options.onProgress)
  const sentBytes = sources.map(() => 0)
  const answers = Array.from<Sent>({ length: names.length })
  let stopped = false

  const send = async (index: number, into: DatasetFields): Promise<Sent> => {
    const relativePath = names[index]!.split(path.sep).join('/')
    const answer = await client.uploadFile(
      sources[index]!,
      { ...into, relativePath },
      {
        ...options,
        onProgress: (sent) => {
          sentBytes[index] = sent
          report?.(
            sentBytes.reduce((sum, each) => sum + each, 0),
            total,
          )
        },
      },
    )
    return (answers[index] = answer)
  }
  const first = await send(0, dataset)
  const addedTo = {
    ...dataset,
    datasetIdentifier: dataset.datasetIdentifier ?? first.dataset_uuid,
    addToExisting: true,
  }
  const waiting = [...names.keys()].slice(1).values()
  const lane = async (): Promise<void> => {
    for (const index of waiting) {
      if (stopped) return
      await send(index, addedTo).catch((error: unknown) => {
        stopped = true
        throw error
      })
    }
  }
  await Promise.all(Array.from({ length: filesAtOnce }, lane))
  return answers
}
