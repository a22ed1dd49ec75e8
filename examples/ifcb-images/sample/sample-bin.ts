/** The three files of a made-up bin, and what a reader must find in them. */
export interface SampleBin {
  readonly id: string
  /** Folder of the day in an archive. */
  readonly day: string
  readonly hdr: string
  readonly adc: string
  readonly roi: Uint8Array
  readonly expected: {
    /** Lines of the .adc. */
    readonly lines: number
    /** Images that come out, stitched pairs as one. */
    readonly images: number
    readonly stitched: number
    /** Images whose bytes the .roi does not have. */
    readonly unreadable: number
  }
}

export interface SampleOptions {
  readonly seed: number
  /** Particles that pass the laser. About one in twelve leaves no image. */
  readonly triggers: number
}

/** Grows an .roi: images laid end to end. */
export function createRoiBytes(junk: Uint8Array): {
  readonly size: number
  append(pixels: Uint8Array): number
  toBytes(): Uint8Array
} {
  const pieces: Uint8Array[] = [junk]
  let size = junk.length
  return {
    get size() {
      return size
    },
    /** Answers the offset at which the image begins. */
    append(pixels) {
      const offset = size
      pieces.push(pixels)
      size += pixels.length
      return offset
    },
    toBytes: () => Buffer.concat(pieces),
  }
}
