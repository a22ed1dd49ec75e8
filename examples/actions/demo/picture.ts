export const width = 240
export const height = 160

const cells = [
  [60, 50, 34, [196, 92, 60]],
  [150, 70, 48, [70, 150, 120]],
  [95, 120, 26, [120, 90, 190]],
  [205, 125, 22, [210, 180, 70]],
] as const

/** Round cells on a pale ground, three bytes a pixel; the same every time. */
export function drawCells(): Buffer {
  const data = Buffer.alloc(width * height * 3)
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const cell = cells.find(([cx, cy, radius]) => Math.hypot(x - cx, y - cy) < radius)
      const shade = cell ? 1 - Math.hypot(x - cell[0], y - cell[1]) / cell[2] / 3 : 1
      for (const value of cell?.[3] ?? [236, 232, 224 + (x + y) / 16]) data[to++] = value * shade
    }
  return data
}

/** ITU-R 601-2 in whole numbers. */
export function greyOf(rgb: Buffer): Buffer {
  const grey = Buffer.alloc(rgb.length / 3)
  for (let i = 0; i < grey.length; i++) {
    const [red = 0, green = 0, blue = 0] = rgb.subarray(i * 3, i * 3 + 3)
    grey[i] = (red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16
  }
  return grey
}

export interface Difference {
  readonly largest: number
  readonly mean: number
}

/** The whole range where there are not even as many values. */
export function difference(a: Buffer, b: Buffer): Difference {
  if (a.length !== b.length) return { largest: 255, mean: 255 }
  let [largest, sum] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    const one = Math.abs((a[i] ?? 0) - (b[i] ?? 0))
    largest = Math.max(largest, one)
    sum += one
  }
  return { largest, mean: sum / a.length }
}
