import type { Block } from '../kernels/kernels.ts'
import { scales } from './filters.ts'
import type { HalfPlane } from './spectrum.ts'
import { toLanes, inBlocks, type Workspace } from './workspace.ts'

/** Of one orientation, per pixel; pixel (p along the first axis, q along the second) is at q * stride + p. */
export interface Responses {
  /** |EO| of the finest scale. */
  readonly amplitude: number
  /** Before the noise is taken off. */
  readonly energy: number
  /** Of the amplitudes of all scales. */
  readonly sum: number
  readonly maximum: number
  readonly stride: number
}

/** Memory for a family of orientations; those of one family use it one after the other. */
export function createResponses(space: Workspace, plane: HalfPlane) {
  const { kernels, heap, blocks, transformOf } = space
  const stride = toLanes(plane.rows)
  const halfway = Array.from({ length: scales }, () => space.plane(plane.stride * stride))
  const field = () => heap.allocate(plane.length * stride)
  const out = { amplitude: field(), energy: field(), sum: field(), maximum: field() }
  const first = transformOf(plane.rows)
  const second = transformOf(plane.length)
  const scratch = blocks[4]
  const results = [blocks[0], blocks[1], blocks[2], blocks[3]] as const

  /** Filters the spectrum, transforms it back along both axes and measures the four responses. */
  return (gains: readonly number[], wedge: number): Responses => {
    for (const [scale, target] of halfway.entries())
      inBlocks(plane.half, (column, lanes) => {
        const result = results[0]
        const input = first.inputOf(result, scratch)
        const gain = gains[scale]! + column
        const source = shifted(plane, column)
        kernels.filterRows(input, source, gain, wedge + column, plane.rows, plane.stride, lanes)
        first.run(result, scratch, lanes)
        kernels.transposeRows(shifted(target, column * stride), result, plane.rows, stride, lanes)
      })
    inBlocks(plane.rows, (row, lanes) => {
      for (const [scale, from] of halfway.entries()) {
        const result = results[scale]!
        const input = second.inputOf(result, scratch)
        for (const part of [input.re, input.im]) {
          heap.f64.fill(0, part, part + lanes)
          heap.f64.fill(0, part + (plane.half + 1) * lanes, part + plane.length * lanes)
        }
        const rows = shifted(input, lanes) // frequency 0 has no response
        kernels.gatherRows(rows, shifted(from, row), plane.half, stride, lanes)
        second.run(result, scratch, lanes)
      }
      kernels.energy(
        {
          amplitude: out.amplitude + row,
          energy: out.energy + row,
          sum: out.sum + row,
          maximum: out.maximum + row,
        },
        results,
        plane.length,
        stride,
        lanes,
      )
    })
    return { ...out, stride }
  }
}

const shifted = ({ re, im }: Block, by: number): Block => ({ re: re + by, im: im + by })
