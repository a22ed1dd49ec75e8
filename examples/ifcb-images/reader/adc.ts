import { maxTarget, type BinId } from './bin-id.ts'

/**
 * One usable line of an .adc: where an image lies in the camera's frame and in the .roi file.
 * `x`, `y`, `width`, `height` in pixels, `offset` in bytes from the start of the .roi.
 */
export interface Target {
  /** 1-based line number in the .adc, which is the ROI's number. */
  readonly number: number
  /** Particle that triggered the camera; one trigger may own several targets. */
  readonly trigger: number
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly offset: number
}

export interface Adc {
  /** Ascending by number. */
  readonly targets: readonly Target[]
  /** All lines, usable or not. */
  readonly lines: number
  /** Triggers of which the camera kept no image: width or height 0. */
  readonly withoutImage: number
  /** Blank lines, too few columns, or a column that is no integer. */
  readonly malformed: number
}

/**
 * Positions of the columns (0-based) that are the same in every software version of a style. The others are triggers' times
 * and photomultiplier readings (volts); their meaning varies, so they are not read.
 */
const columns = {
  I: { trigger: 0, x: 9, y: 10, width: 11, height: 12, offset: 13 },
  D: { trigger: 0, x: 13, y: 14, width: 15, height: 16, offset: 17 },
} as const

/** "12.0" is no integer: a reader that accepts it would take a shifted row for a good one. */
const integer = /^\s*[+-]?\d+\s*$/

/**
 * Reads a whole .adc: CSV without header, one line per target, LF or CRLF. A line that is not usable is skipped but keeps its
 * number, so that numbers stay what they are in every other reader (WHOIGit/ifcb-features v1.3.0).
 */
export function parseAdc(text: string, style: BinId['style']): Adc {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop() // what follows the last line end is no line
  if (lines.length > maxTarget)
    throw new RangeError(`An .adc has at most ${maxTarget} lines, this one ${lines.length}`)

  const targets: Target[] = []
  let withoutImage = 0
  let malformed = 0
  for (const [index, line] of lines.entries()) {
    const target = parseLine(line, style, index + 1)
    if (target === undefined) malformed += 1
    else if (target.width === 0 || target.height === 0) withoutImage += 1
    else targets.push(target)
  }
  return { targets, lines: lines.length, withoutImage, malformed }
}

function parseLine(line: string, style: BinId['style'], number: number): Target | undefined {
  const cells = line.split(',')
  const at = columns[style]
  const values = [at.trigger, at.x, at.y, at.width, at.height, at.offset].map((column) => {
    const cell = cells[column]
    return cell !== undefined && integer.test(cell) ? Number(cell) : NaN
  })
  // Beyond 2^53 nothing is a position in a file that exists.
  if (!values.every(Number.isSafeInteger)) return undefined
  const [trigger, x, y, width, height, offset] = values as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return { number, trigger, x, y, width, height, offset }
}
