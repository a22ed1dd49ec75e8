/** A plate that cools: heat flows between neighbours, the rim is held cold. Temperatures in kelvin, row after row. */
export interface Plate {
  readonly width: number
  readonly height: number
  readonly field: Float64Array<ArrayBuffer>
}

export const coldest = 280
export const hottest = 900
const diffusivity = 0.08

/** A cold plate with three hot bars, a little askew, so that every picture of it is another. */
export function hotPlate(width: number, height: number): Plate {
  const field = new Float64Array(width * height).fill(coldest)
  const bars = [
    { from: 0.12, to: 0.24, tilt: 0.1 },
    { from: 0.42, to: 0.5, tilt: -0.16 },
    { from: 0.68, to: 0.86, tilt: 0.06 },
  ]
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      const [across, down] = [x / width, y / height]
      const hot = bars.some(({ from, to, tilt }) => {
        const moved = across - tilt * (down - 0.5)
        return moved > from && moved < to && down > 0.12 && down < 0.88
      })
      if (hot) field[y * width + x] = hottest
    }
  return { width, height, field }
}

/** The same numbers on every machine: additions and products of doubles in a fixed order. */
export function cool({ width, height, field }: Plate, sweeps: number): void {
  let now = field
  let next = Float64Array.from(field)
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let y = 1; y < height - 1; y++)
      for (let at = y * width + 1, end = at + width - 2; at < end; at++) {
        const here = now[at]!
        const around = now[at - 1]! + now[at + 1]! + (now[at - width]! + now[at + width]!)
        next[at] = here + diffusivity * (around - 4 * here)
      }
    ;[now, next] = [next, now]
  }
  if (now !== field) field.set(now)
}

export const bytesOf = ({ field }: Plate): Uint8Array => new Uint8Array(field.buffer)

export function plateOf(bytes: Uint8Array, width: number, height: number): Plate {
  if (bytes.length !== width * height * 8)
    throw new Error(`${bytes.length} bytes are no plate of ${width} × ${height}`)
  return { width, height, field: new Float64Array(Uint8Array.from(bytes).buffer) }
}

/** Temperatures as a small grey picture, one byte a point: the mean of the points below it. */
export function pictureOf({ width, height, field }: Plate, columns: number, rows: number) {
  const picture = new Uint8Array(columns * rows)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      let [sum, count] = [0, 0]
      const [top, bottom] = [row, row + 1].map((edge) => Math.floor((edge * height) / rows))
      const [left, right] = [column, column + 1].map((edge) => Math.floor((edge * width) / columns))
      for (let y = top!; y < bottom!; y++)
        for (let x = left!; x < right!; x++) {
          sum += field[y * width + x]!
          count++
        }
      const share = (sum / count - coldest) / (hottest - coldest)
      picture[row * columns + column] = Math.round(255 * Math.min(1, Math.max(0, share)))
    }
  return picture
}
