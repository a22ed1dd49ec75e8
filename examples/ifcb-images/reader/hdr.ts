/**
 * What a .hdr says about the whole bin. `context` is its free text; the other names are the instrument's own, or for old
 * files these: temperature (degrees C), humidity (percent), runTime and inhibitTime (seconds), binarizeThreshold and
 * blobSizeThreshold (integers), scatteringPhotomultiplierSetting and fluorescencePhotomultiplierSetting (volts).
 */
export interface Header {
  readonly context: readonly string[]
  readonly values: Readonly<Record<string, HeaderValue>>
}
export type HeaderValue = string | number | boolean | null

/** Reads any of the three variants; text that is none of them is kept whole as context. */
export function parseHeader(text: string): Header {
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd())
  while (lines.at(-1) === '') lines.pop()
  if (/^[Ss]oftwareVersion:/.test(lines[0] ?? '')) return keyedLines(lines)
  if (
    lines[0] === 'Imaging FlowCytobot Acquisition Software version 2.0; May 2010' &&
    lines[1]?.startsWith('Sample Date')
  )
    return sentences(lines)
  return quotedTable(lines)
}

/** D style: `key: value`. A line with no separator, or with more than one, says nothing reliable. */
function keyedLines(lines: readonly string[]): Header {
  const values: [string, HeaderValue][] = []
  for (const line of lines) {
    const [key, value, ...more] = line.split(': ')
    if (key !== undefined && value !== undefined && more.length === 0)
      values.push([key, literal(value)])
  }
  return { context: lines.slice(0, 1), values: Object.fromEntries(values) }
}

/** Version 2.0 of May 2010: `run time = 1200.5 s   inhibit time = 31.2 s`, `21.4 temperature,  35.1 humidity`. */
function sentences(lines: readonly string[]): Header {
  const text = lines.join('\n')
  const number = String.raw`([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)`
  const times = new RegExp(`run time = ${number} s\\s+inhibit time = ${number}`).exec(text)
  const air = new RegExp(`${number} temperature,\\s+${number} humidity`).exec(text)
  return {
    context: [...lines],
    values: {
      ...(times ? { runTime: Number(times[1]), inhibitTime: Number(times[2]) } : {}),
      ...(air ? { temperature: Number(air[1]), humidity: Number(air[2]) } : {}),
    },
  }
}

const oldNames: Record<string, readonly [name: string, integer: boolean]> = {
  Temp: ['temperature', false],
  Humidity: ['humidity', false],
  BinarizeThresh: ['binarizeThreshold', true],
  'PMT1hv(ssc)': ['scatteringPhotomultiplierSetting', false],
  'PMT2hv(chl)': ['fluorescencePhotomultiplierSetting', false],
  BlobSizeThresh: ['blobSizeThreshold', true],
}

/** I style: quoted lines of context, then a line of column names and a line of values. */
function quotedTable(lines: readonly string[]): Header {
  const unquoted = lines.map((line) => line.replaceAll('"', '').trim())
  if (lines.length < 6) return { context: unquoted, values: {} }
  const names = words(unquoted.at(-2))
  const cells = words(lines.at(-1)!.replaceAll(/[",]/g, ' '))
  const values: [string, HeaderValue][] = []
  for (const [index, name] of names.entries()) {
    const known = oldNames[name]
    const number = Number(cells[index] ?? NaN)
    if (known && Number.isFinite(number))
      values.push([known[0], known[1] ? Math.trunc(number) : number])
  }
  return { context: unquoted.slice(0, -2), values: Object.fromEntries(values) }
}

const words = (line: string): string[] => line.split(/\s+/).filter(Boolean)

/** A number, True, False or None as the instrument's software prints them; anything else stays text. */
function literal(text: string): HeaderValue {
  const trimmed = text.trim()
  if (trimmed === 'True') return true
  if (trimmed === 'False') return false
  if (trimmed === 'None') return null
  // A leading zero makes it a serial number, not a quantity.
  if (/^[+-]?(0|[1-9]\d*)$/.test(trimmed)) {
    const number = Number(trimmed)
    return Number.isSafeInteger(number) ? number : trimmed
  }
  if (/^[+-]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?$/.test(trimmed)) {
    const number = Number(trimmed)
    return Number.isFinite(number) ? number : trimmed
  }
  return trimmed
}
