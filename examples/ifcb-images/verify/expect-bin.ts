import { readFileSync } from 'node:fs'

/** What must come out of one target of a bin, worked out from the three files alone. */
export interface ExpectedRoi {
  readonly id: string
  readonly row: Readonly<Record<string, unknown>>
  /** Undefined when the .roi does not hold all of it. */
  readonly grey:
    { readonly width: number; readonly height: number; readonly pixels: Buffer } | undefined
}
export interface ExpectedBin {
  readonly id: string
  readonly instrument: number
  readonly time: string
  readonly headerText: string
  readonly counts: Readonly<Record<string, unknown>>
  readonly rois: readonly ExpectedRoi[]
}

interface Line {
  number: number
  trigger: number
  left: number
  top: number
  right: number
  bottom: number
  offset: number
}

/** Reads `<base>.hdr`, `.adc` and `.roi` whole; written from the formats' description and nothing else. */
export function expectBin(base: string): ExpectedBin {
  const id = base.slice(base.lastIndexOf('/') + 1)
  const old = id.startsWith('IFCB')
  const roi = readFileSync(`${base}.roi`)
  const rows = readFileSync(`${base}.adc`, 'latin1').replaceAll('\r', '').split('\n')
  if (rows.at(-1) === '') rows.pop()

  const first = old ? 9 : 13
  const lines: Line[] = []
  let withoutImage = 0
  for (const [index, row] of rows.entries()) {
    const cells = row.split(',')
    const wanted = [cells[0], ...cells.slice(first, first + 5)]
    if (wanted.length < 6 || !wanted.every((cell) => /^ *[-+]?[0-9]+ *$/.test(cell ?? ''))) continue
    const [trigger, left, top, width, height, offset] = wanted.map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    if (width * height === 0) withoutImage++
    else
      lines.push({
        number: index + 1,
        trigger,
        left,
        top,
        right: left + width,
        bottom: top + height,
        offset,
      })
  }

  const time = timeOf(id, old)
  const rois: ExpectedRoi[] = []
  let stitched = 0
  for (const [index, line] of lines.entries()) {
    if (old && index > 0 && belongTogether(lines[index - 1]!, line)) continue
    const next = lines[index + 1]
    const second = old && next && belongTogether(line, next) ? next : undefined
    const parts = second ? [line, second] : [line]
    const grey = composite(parts, roi)
    const [left, top] = [
      Math.min(...parts.map((p) => p.left)),
      Math.min(...parts.map((p) => p.top)),
    ]
    const target = String(line.number).padStart(5, '0')
    if (grey && second) stitched++
    rois.push({
      id: `${id}_${target}`,
      grey,
      row: {
        roi: `${id}_${target}`,
        bin: id,
        target: line.number,
        trigger: line.trigger,
        x: left,
        y: top,
        width: Math.max(...parts.map((p) => p.right)) - left,
        height: Math.max(...parts.map((p) => p.bottom)) - top,
        byte_offset: line.offset,
        stitched_with: second?.number ?? null,
        time,
        image: grey ? `${id}/${id}_${target}.png` : null,
      },
    })
  }
  const readable = rois.filter(({ grey }) => grey).length
  return {
    id,
    time,
    instrument: Number(/IFCB(\d+)/.exec(id)?.[1]),
    headerText: readFileSync(`${base}.hdr`, 'latin1'),
    rois,
    counts: {
      bin: id,
      lines: rows.length,
      rois: readable,
      stitched,
      unreadable: rois.length - readable,
      without_image: withoutImage,
      malformed_lines: rows.length - lines.length - withoutImage,
    },
  }
}

function belongTogether(a: Line, b: Line): boolean {
  const overlapX = Math.min(a.right - b.left, b.right - a.left)
  const overlapY = Math.min(a.bottom - b.top, b.bottom - a.top)
  return a.trigger === b.trigger && overlapX > 2 && overlapY > 2
}

/** Later parts cover earlier ones; what none covers takes the mean of its neighbours, a half going to the even number. */
function composite(parts: readonly Line[], roi: Buffer): ExpectedRoi['grey'] {
  const left = Math.min(...parts.map((part) => part.left))
  const top = Math.min(...parts.map((part) => part.top))
  const width = Math.max(...parts.map((part) => part.right)) - left
  const height = Math.max(...parts.map((part) => part.bottom)) - top
  for (const { offset, left, right, top, bottom } of parts)
    if (
      offset < 0 ||
      right < left ||
      bottom < top ||
      offset + (right - left) * (bottom - top) > roi.length
    )
      return undefined

  const canvas = new Int16Array(width * height).fill(-1)
  for (const part of parts) {
    let from = part.offset
    for (let y = part.top; y < part.bottom; y++)
      for (let x = part.left; x < part.right; x++)
        canvas[(y - top) * width + (x - left)] = roi[from++]!
  }
  const beside = new Set<number>()
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (canvas[y * width + x] !== -1) continue
      if (x > 0) beside.add(y * width + x - 1)
      if (x + 1 < width) beside.add(y * width + x + 1)
      if (y > 0) beside.add((y - 1) * width + x)
      if (y + 1 < height) beside.add((y + 1) * width + x)
    }
  let [sum, count] = [0n, 0n]
  for (const index of beside)
    if (canvas[index]! >= 0) [sum, count] = [sum + BigInt(canvas[index]!), count + 1n]
  let fill = 0n
  if (count > 0n) {
    const rest = (sum % count) * 2n
    fill = sum / count
    if (rest > count || (rest === count && fill % 2n === 1n)) fill += 1n
  }
  const pixels = Buffer.from(canvas.map((grey) => (grey === -1 ? Number(fill) : grey)))
  return { width, height, pixels }
}

function timeOf(id: string, old: boolean): string {
  const digits = old
    ? /^IFCB\d+_(\d{4})_(\d{3})_(\d\d)(\d\d)(\d\d)$/.exec(id)
    : /^D(\d{4})(\d{4})T(\d\d)(\d\d)(\d\d)_/.exec(id)
  if (!digits) throw new Error(`${id} is not a bin's name`)
  const [, year, day, ...clock] = digits
  const midnight = old
    ? Date.UTC(Number(year), 0, 1) + (Number(day) - 1) * 86_400_000
    : Date.UTC(Number(year), Number(day!.slice(0, 2)) - 1, Number(day!.slice(2)))
  return `${new Date(midnight).toISOString().slice(0, 10)}T${clock.join(':')}Z`
}
