/** What the two diagrams of the report have in common: a frame of fixed size, axes with ticks, and how numbers are put there. */
export const frame = { width: 640, height: 300, left: 58, right: 12, top: 12, bottom: 42 } as const

export interface Axis {
  readonly label: string
  readonly ticks: readonly number[]
  readonly shown: (tick: number) => string
  /** Share of the axis, 0 at its beginning. */
  readonly at: (value: number) => number
}

/** From 0. */
export function linearAxis(label: string, to: number): Axis {
  const step = niceStep(to / 5)
  const count = Math.floor(to / step + 1e-9)
  return {
    label,
    ticks: Array.from({ length: count + 1 }, (_, n) => n * step),
    shown: plain,
    at: (value) => value / to,
  }
}

/** Ticks at 1, 2 and 5 of every power of ten, or at the powers alone where there are many. */
export function logAxis(label: string, from: number, to: number): Axis {
  const [low, high] = [Math.log10(from), Math.log10(Math.max(to, from * 2))]
  const steps = high - low > 3 ? [1] : [1, 2, 5]
  const ticks: number[] = []
  for (let power = Math.floor(low); power <= high; power++)
    for (const step of steps) {
      const tick = step * 10 ** power
      if (tick >= from * 0.999 && Math.log10(tick) <= high + 0.001) ticks.push(tick)
    }
  const at = (value: number): number => (Math.log10(value) - low) / (high - low)
  return { label, ticks, at, shown: steps.length === 1 ? asPower : plain }
}

export const xOf = (axis: Axis, value: number): number =>
  frame.left + axis.at(value) * (frame.width - frame.left - frame.right)
export const yOf = (axis: Axis, value: number): number =>
  frame.height - frame.bottom - axis.at(value) * (frame.height - frame.top - frame.bottom)

/** An SVG of marks within axes; `title` is what a screen reader says. */
export function chart(id: string, title: string, x: Axis, y: Axis, marks: string): string {
  const { width, height, left, right, bottom } = frame
  const base = height - bottom
  const vertical = x.ticks.map((tick) => {
    const at = round(xOf(x, tick))
    return `<path d="M${at} ${base}v5"/><text x="${at}" y="${base + 18}" text-anchor="middle">${x.shown(tick)}</text>`
  })
  const horizontal = y.ticks.map((tick) => {
    const at = round(yOf(y, tick))
    return `<path class="grid" d="M${left} ${at}H${width - right}"/><text x="${left - 6}" y="${at + 4}" text-anchor="end">${y.shown(tick)}</text>`
  })
  return `<svg id="${id}" class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<g class="axes">${horizontal.join('')}<path d="M${left} ${base}H${width - right}"/>${vertical.join('')}
<text x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">${x.label}</text>
<text transform="translate(13 ${(base + frame.top) / 2}) rotate(-90)" text-anchor="middle">${y.label}</text></g>
<g class="marks">${marks}</g></svg>`
}

export const round = (value: number): number => Math.round(value * 100) / 100

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  const step = [1, 2, 5, 10].find((digit) => digit * power >= least) ?? 10
  return step * power
}

const numbers = new Intl.NumberFormat('en', { maximumSignificantDigits: 6 })
const plain = (tick: number): string => numbers.format(tick)

const superscripts = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹']
/** 10³ rather than 1,000. */
const asPower = (tick: number): string =>
  tick < 1
    ? plain(tick)
    : `10${[...String(Math.round(Math.log10(tick)))].map((digit) => superscripts[Number(digit)]).join('')}`
