import path from 'node:path'
import { InvalidInputError, type InputFile } from '../processor/index.ts'
import type { BinPaths } from './base-processor.ts'

export interface Bin {
  readonly id: string
  readonly paths: BinPaths
}

/** Files by their bin; those that came without one belong to the others of their stem: `D1.adc`, `D1.roi`, `D1.hdr`. */
export function binsOf(files: readonly InputFile[]): readonly Bin[] {
  const bins = Map.groupBy(files, ({ bin, stem }) => bin ?? stem)
  return [...bins].map(([id, own]) => {
    const byExtension = Map.groupBy(own, ({ name }) => path.extname(name))
    for (const [extension, twins] of byExtension)
      if (twins.length > 1)
        throw new InvalidInputError(
          'files',
          `The bin ${id} has ${twins.length} files ${extension || 'without extension'}: ${twins.map(({ name }) => name).join(', ')}.`,
        )
    return {
      id,
      paths: Object.fromEntries(own.map((file) => [path.extname(file.name), file.path])),
    }
  })
}
