import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { KeptRows } from './row-group.ts'
import type { PlacedGroup } from './table-file.ts'

/**
 * What a checkpoint keeps of a table beside its file: rows that fill no row group yet, and what the footer will say of the
 * groups that are written. A file that only grows, of JSON lines; a line of a group makes the rows before it obsolete.
 *
 * Refused: to end the row group at every checkpoint, as the bytes would then depend on when that was.
 */
type Line =
  | { readonly group: string; readonly rows: number }
  | {
      readonly columns: readonly (readonly [levels: string, values: string])[]
      readonly rows: number
    }

const line = (value: Line): string => `${JSON.stringify(value)}\n`

export const groupLine = ({ rows, metadata }: PlacedGroup): string =>
  line({ rows, group: metadata.toString('base64') })

export const rowsLine = ({ rows, columns }: KeptRows): string =>
  line({
    rows,
    columns: columns.map(({ levels, values }) => [
      levels.toString('base64'),
      values.toString('base64'),
    ]),
  })

export async function readJournal(
  path: string,
): Promise<{ readonly groups: readonly PlacedGroup[]; readonly tail: readonly KeptRows[] }> {
  const groups: PlacedGroup[] = []
  let tail: KeptRows[] = []
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const said = JSON.parse(text) as Line
    if ('group' in said) {
      groups.push({ rows: said.rows, metadata: Buffer.from(said.group, 'base64') })
      tail = []
    } else {
      const columns = said.columns.map(([levels, values]) => ({
        levels: Buffer.from(levels, 'base64'),
        values: Buffer.from(values, 'base64'),
      }))
      tail.push({ rows: said.rows, columns })
    }
  }
  return { groups, tail }
}
