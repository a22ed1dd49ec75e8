import { smoothNoise, type Random } from './random.ts'
import type { Specimen } from './plankton.ts'

/** A rectangle of the camera's frame, in pixels. */
export interface Crop {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export const frame = { width: 1380, height: 1034 } as const

/** One picture of the flow cell: a specimen at a place in the frame, and the light of that moment. */
export interface Shot {
  readonly specimen: Specimen
  readonly x: number
  readonly y: number
  /** Grey of the empty water in the middle of the frame. */
  readonly light: number
}

/** Columns of the sensor that read a little too much or too little, always the same ones. */
const columnPattern = Float64Array.from(
  { length: frame.width },
  (_, x) => 1.2 * (smoothNoise(x, 0.5, 77) - 0.5),
)

/**
 * What the sensor reads of a part of the frame, 8-bit grey, row-major: the lamp's falling light, the specimen's shadow, a fixed
 * pattern of the columns, and noise that differs every time the same place is read.
 */
export function expose(shot: Shot, crop: Crop, random: Random): Uint8Array {
  const pixels = new Uint8Array(crop.width * crop.height)
  for (let row = 0; row < crop.height; row++) {
    const y = crop.y + row
    const v = y / frame.height - 0.5
    for (let column = 0; column < crop.width; column++) {
      const x = crop.x + column
      const u = x / frame.width - 0.5
      const lamp =
        shot.light * (1 + 0.05 * u - 0.07 * v - 0.16 * (u * u + v * v)) +
        1.5 * Math.sin(x / 70) * Math.cos(y / 55)
      const seen = lamp * (1 - shot.specimen.shade({ x: x - shot.x, y: y - shot.y }))
      const noise = random.gaussian() * (0.8 + 0.004 * Math.max(0, seen))
      const grey = Math.round(seen + columnPattern[x]! + noise)
      pixels[row * crop.width + column] = Math.min(255, Math.max(0, grey))
    }
  }
  return pixels
}

/** Where the instrument cuts: the specimen with a margin of water, inside the frame; widths in steps of `step` pixels. */
export function cropAround({ specimen, x, y }: Shot, margin: number, step: number): Crop {
  const halfX = Math.ceil(specimen.halfX + margin)
  const halfY = Math.ceil(specimen.halfY + margin)
  const width = Math.min(
    Math.ceil((2 * halfX) / step) * step,
    Math.floor(frame.width / step) * step,
  )
  const height = Math.min(2 * halfY, frame.height)
  return {
    x: clamp(Math.round(x) - halfX, 0, frame.width - width),
    y: clamp(Math.round(y) - halfY, 0, frame.height - height),
    width,
    height,
  }
}

const clamp = (value: number, min: number, max: number) => Math.min(max, Math.max(min, value))

export function takeShot(specimen: Specimen, random: Random): Shot {
  const room = (size: number, half: number) =>
    size > 2 * half ? random.float(half, size - half) : size / 2
  return {
    specimen,
    x: room(frame.width, specimen.halfX),
    y: room(frame.height, specimen.halfY),
    light: random.float(196, 220),
  }
}
