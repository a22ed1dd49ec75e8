import type { Block } from '../kernels/kernels.ts'
import { toLanes, inBlocks, type Workspace } from './workspace.ts'

/** The side of the plane that a family of orientations needs: `rows` full, columns 1 … `half` at 0 … half - 1. */
export interface HalfPlane extends Block {
  /** Length of the first axis, all of whose frequencies are here. */
  readonly rows: number
  /** Length of the second axis, of which only frequencies 1 … `half` are here. */
  readonly length: number
  readonly half: number
  /** From one row to the next. */
  readonly stride: number
}

/**
 * The transform of an image, X[ky, kx] = Σ I[y, x] exp(-2πi (ky y / h + kx x / w)), as the two half planes that the filters
 * look at: kx > 0 with rows by ky, and ky > 0 with rows by kx. An image is real, so one half of the coefficients is computed
 * and the other follows as conjugates.
 */
export function spectrumOf(
  space: Workspace,
  pixels: Uint8Array,
  width: number,
  height: number,
): { x: HalfPlane; y: HalfPlane } {
  const { kernels, heap, transformOf, blocks } = space
  const columns = Math.floor(width / 2) + 1
  const stride = toLanes(columns)
  const [result, scratch] = [blocks[0], blocks[4]]

  const byRow = space.plane(toLanes(height) * stride)
  const across = transformOf(width)
  inBlocks(height, (first, lanes) => {
    const input = across.inputOf(result, scratch)
    const f = heap.f64
    const real = Math.min(lanes, height - first)
    for (let x = 0; x < width; x++)
      for (let l = 0; l < real; l++) f[input.re + x * lanes + l] = pixels[(first + l) * width + x]!
    f.fill(0, input.im, input.im + width * lanes)
    across.run(exchanged(result), exchanged(scratch), lanes)
    const to = first * stride
    kernels.transposeRows(shifted(byRow, to), result, columns, stride, lanes)
  })

  const down = transformOf(height)
  const spectrum = space.plane(height * stride)
  inBlocks(columns, (first, lanes) => {
    const input = down.inputOf(result, scratch)
    kernels.gatherRows(input, shifted(byRow, first), height, stride, lanes)
    down.run(exchanged(result), exchanged(scratch), lanes)
    const f = heap.f64
    for (let ky = 0; ky < height; ky++)
      for (let l = 0; l < lanes; l++) {
        const to = ky * stride + first + l
        if (first + l >= stride) break
        f[spectrum.re + to] = f[result.re + ky * lanes + l]!
        f[spectrum.im + to] = f[result.im + ky * lanes + l]!
      }
  })
  return {
    x: planeOfX(space, spectrum, stride, width, height),
    y: planeOfY(space, spectrum, stride, width, height),
  }
}

const exchanged = ({ re, im }: Block): Block => ({ re: im, im: re })
const shifted = ({ re, im }: Block, by: number): Block => ({ re: re + by, im: im + by })

function planeOfX(
  space: Workspace,
  spectrum: Block,
  from: number,
  width: number,
  height: number,
): HalfPlane {
  const half = Math.floor(width / 2)
  const stride = toLanes(half)
  const plane = space.plane(height * stride)
  const f = space.heap.f64
  for (let ky = 0; ky < height; ky++)
    for (let kx = 1; kx <= half; kx++) {
      const at = ky * stride + kx - 1
      f[plane.re + at] = f[spectrum.re + ky * from + kx]!
      f[plane.im + at] = f[spectrum.im + ky * from + kx]!
    }
  return { ...plane, rows: height, length: width, half, stride }
}

function planeOfY(
  space: Workspace,
  spectrum: Block,
  from: number,
  width: number,
  height: number,
): HalfPlane {
  const half = Math.floor(height / 2)
  const stride = toLanes(half)
  const plane = space.plane(width * stride)
  const f = space.heap.f64
  const known = Math.floor(width / 2)
  for (let kx = 0; kx < width; kx++) {
    const mirrored = kx > known
    for (let ky = 1; ky <= half; ky++) {
      const at = kx * stride + ky - 1
      const source = mirrored ? (height - ky) * from + width - kx : ky * from + kx
      const im = f[spectrum.im + source]!
      f[plane.re + at] = f[spectrum.re + source]!
      f[plane.im + at] = mirrored ? -im : im
    }
  }
  return { ...plane, rows: width, length: height, half, stride }
}
