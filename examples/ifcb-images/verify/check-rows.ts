import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { ExpectedBin } from './expect-bin.ts'

export type Row = Record<string, unknown>

export function readRows(
  folder: string,
  names: readonly string[],
  kind: string,
  problems: string[],
): Row[] {
  const files = names.filter((name) => name.startsWith(`${kind}_`) && name.endsWith('.jsonl'))
  return files.sort().flatMap((name) => {
    try {
      const text = readFileSync(path.join(folder, name), 'utf8')
      if (!text.endsWith('\n')) throw new Error('does not end with a line end')
      return text
        .slice(0, -1)
        .split('\n')
        .map((line) => JSON.parse(line) as Row)
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}`)
      return []
    }
  })
}

/** `rois_NNNNN.jsonl`: one row for each image, every field as the .adc and the pixels say. */
export function checkRows(
  bins: readonly ExpectedBin[],
  rows: readonly Row[],
  problems: string[],
): void {
  const byId = new Map(rows.map((row) => [row['roi'], row]))
  const expected = bins.flatMap(({ rois }) => rois)
  if (rows.length !== expected.length || byId.size !== rows.length)
    problems.push(`${rows.length} rows of ${byId.size} images, should be ${expected.length}`)
  for (const { id, row, grey } of expected) {
    const { pixels_sha256, problem, ...rest } = byId.get(id) ?? {}
    const digest = grey ? createHash('sha256').update(grey.pixels).digest('hex') : null
    if (!isDeepStrictEqual(rest, row)) problems.push(`row of ${id} differs from the .adc`)
    if (pixels_sha256 !== digest) problems.push(`row of ${id}: digest of the pixels differs`)
    const reason = (problem as { reason?: unknown } | null | undefined)?.reason
    if (grey ? problem !== null : typeof reason !== 'string')
      problems.push(`row of ${id}: ${grey ? 'reports a problem' : 'does not say what is wrong'}`)
  }
}

/** `bins_NNNNN.jsonl` and the counts of the job's result. */
export function checkBins(
  bins: readonly ExpectedBin[],
  rows: readonly Row[],
  result: unknown,
  problems: string[],
): void {
  if (rows.length !== bins.length)
    problems.push(`${rows.length} bin rows, should be ${bins.length}`)
  for (const bin of bins) {
    const { header, instrument, time, ...counts } = rows.find((row) => row['bin'] === bin.id) ?? {}
    if (!isDeepStrictEqual(counts, bin.counts)) problems.push(`counts of ${bin.id} differ`)
    if (instrument !== bin.instrument || time !== bin.time)
      problems.push(`${bin.id}: instrument or time differs`)
    const values = Object.entries((header as { values?: Row } | undefined)?.values ?? {})
    if (values.length === 0) problems.push(`${bin.id}: nothing of the header`)
    for (const [name, value] of values)
      if (!occurs(value, bin.headerText)) problems.push(`${bin.id}: ${name} is not in the .hdr`)
  }
  const said = result as { bins?: Row[]; rois?: number; unreadable?: number } | null
  const inOrder = (list: readonly Row[]) =>
    list.toSorted((a, b) => (String(a['bin']) < String(b['bin']) ? -1 : 1))
  const readable = bins.flatMap(({ rois }) => rois).filter(({ grey }) => grey).length
  const total = bins.flatMap(({ rois }) => rois).length
  if (
    !isDeepStrictEqual(inOrder(said?.bins ?? []), inOrder(bins.map(({ counts }) => counts))) ||
    said?.rois !== readable ||
    said.unreadable !== total - readable
  )
    problems.push("the job's result counts differ")
}

/** A value of the header stands in its file as a word, or as a number written some way or other. */
function occurs(value: unknown, text: string): boolean {
  if (typeof value === 'number')
    return (text.match(/[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?/g) ?? []).some(
      (word) => Number(word) === value,
    )
  const word = value === null ? 'None' : value === true ? 'True' : value === false ? 'False' : value
  return typeof word === 'string' && text.includes(word)
}
