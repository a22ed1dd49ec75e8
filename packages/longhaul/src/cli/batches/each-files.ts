import { glob, stat } from 'node:fs/promises'
import path from 'node:path'
import type { JsonObject } from '../../support/json.ts'
import { didYouMean } from '../../support/nearest.ts'
import { fileFieldsOf } from '../../processor/index.ts'
import { UsageError } from '../exit-code.ts'
import type { EachFile } from './each-memory.ts'

/** `--each 'images=scans/*.tif'`: the input that each item's file fills, and which files. */
export interface Each {
  readonly field: string
  readonly pattern: string
}

export function parseEach(text: string, processor: string, schema: JsonObject): Each {
  const [, field = '', pattern = ''] = /^([^=]+)=@?(.+)$/s.exec(text) ?? []
  if (field === '')
    throw new UsageError(`--each is name=PATTERN, as in --each 'image=scans/*.tif', got ${text}`)
  const known = fileFieldsOf(schema).map(({ name }) => name)
  if (known.includes(field)) return { field, pattern }
  throw new UsageError(
    `${processor} has no file input ${field}${didYouMean(field, known) || `; it has ${known.join(', ') || 'none'}`}`,
  )
}

/** Objects that the service has already: `s3://bucket/scans/` with everything below, or a glob from some folder on. */
export function prefixOf(pattern: string): { prefix: string; match?: string } | undefined {
  if (!pattern.startsWith('s3://')) return undefined
  const wild = pattern.search(/[*?]/)
  if (wild === -1) return { prefix: pattern }
  const cut = pattern.lastIndexOf('/', wild) + 1
  return { prefix: pattern.slice(0, cut), match: pattern.slice(cut) }
}

/** Files of this computer that match, in the order of their names. */
export async function filesOfEach({ field, pattern }: Each, cwd: string): Promise<EachFile[]> {
  const files: EachFile[] = []
  for await (const match of glob(pattern, { cwd })) {
    const whole = path.resolve(cwd, match)
    const found = await stat(whole)
    if (!found.isFile()) continue
    const name = path.relative(cwd, whole).split(path.sep).join('/')
    files.push({ path: whole, name, size: found.size, mtimeMs: found.mtimeMs })
  }
  if (files.length === 0) throw new UsageError(`${field}: no file matches ${pattern}`)
  return files.sort((a, b) => (a.name < b.name ? -1 : 1))
}
