/**
 * The inner loops, of which there are two builds: TypeScript, and WebAssembly with two float64 at a time. Every operation is
 * rounded the same in both, in the same order, so results are equal bit for bit.
 *
 * All of them work on one heap of float64 and are told positions in it (`at`: an index, not bytes). A block is `rows` rows of
 * `lanes` numbers without gaps: as many transforms side by side as it has lanes, a multiple of four.
 */
export interface Kernels {
  readonly heap: Heap
  /** block[r][l] = source[r][l] * gain[r][l] * wedge[r][l], re and im; source, gain and wedge have rows of `stride`. */
  filterRows(
    block: Block,
    source: Block,
    gain: number,
    wedge: number,
    rows: number,
    stride: number,
    lanes: number,
  ): void
  /** block[r][l] = source[r * stride + l], re and im. */
  gatherRows(block: Block, source: Block, rows: number, stride: number, lanes: number): void
  /** target[l * stride + r] = block[r][l], re and im. */
  transposeRows(target: Block, block: Block, rows: number, stride: number, lanes: number): void
  /** target[r][l] = source[r][l] * factor[r]; `factors` is pairs of re and im. May be in place. */
  scaleRows(target: Block, source: Block, factors: number, rows: number, lanes: number): void
  /**
   * One pass of a transform of radix `radix` (2, 3, 4, 5 or any odd number): `butterflies` of them, on runs of `stride`
   * neighbours. `twiddles`: radix - 1 pairs for each butterfly; `roots`: what `rootsOf` gives, for the odd ones above 5.
   */
  pass(
    radix: number,
    target: Block,
    source: Block,
    butterflies: number,
    stride: number,
    twiddles: number,
    roots: number,
  ): void
  /**
   * Of four responses (scales) at `count` points: amplitude of the first, energy before the noise is taken off, sum and
   * maximum of amplitudes. Point r, l of the blocks goes to r * stride + l of each of `out`.
   */
  energy(
    out: { amplitude: number; energy: number; sum: number; maximum: number },
    responses: readonly [Block, Block, Block, Block],
    rows: number,
    stride: number,
    lanes: number,
  ): void
}

/** Where real and imaginary parts begin. */
export interface Block {
  readonly re: number
  readonly im: number
}

/** Float64s that are handed out from the bottom up and taken back by lowering `top`. */
export interface Heap {
  /** New after every `allocate`: do not keep it. */
  readonly f64: Float64Array
  top: number
  /** Position of `length` numbers, even, whatever is in them. */
  allocate(length: number): number
}

/** At the bottom of the heap: sums and differences of each pair of inputs of a large odd radix, four lanes of them. */
export const oddScratch = 1024
