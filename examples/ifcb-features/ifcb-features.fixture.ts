import { makeNewStyleBin } from '../ifcb-images/sample/new-style-bin.ts'

/** A bin as its three files, for tests of a processor. */
export interface TinyBin {
  readonly id: string
  readonly files: readonly { readonly name: string; readonly content: string | Uint8Array }[]
}

export const filesOf = ({
  id,
  hdr,
  adc,
  roi,
}: {
  readonly id: string
  readonly hdr: string
  readonly adc: string
  readonly roi: Uint8Array
}): TinyBin => ({
  id,
  files: [
    { name: `${id}.hdr`, content: hdr },
    { name: `${id}.adc`, content: adc },
    { name: `${id}.roi`, content: roi },
  ],
})

/** Numbers of images by what is odd about them. */
export interface OddBin extends TinyBin {
  /** All that have a row in the table. */
  readonly images: number
  readonly twoDiscs: number
  readonly noBlob: number
  readonly oneRow: number
  readonly truncated: number
}

/**
 * A generated bin with six lines more: two discs, nothing but grey, a line that is cut, one without numbers, an image one pixel
 * high, and one that the .roi does not hold whole.
 */
export function makeOddBin(triggers: number): OddBin {
  const sample = makeNewStyleBin({ seed: 3, triggers })
  const roi = Buffer.concat([sample.roi, twoDiscs(), Buffer.alloc(width * height, 190)])
  const { lines, images } = sample.expected
  const [some = ''] = sample.adc.split('\r\n')
  const withPlace = (...place: [width: number, height: number, offset: number]): string =>
    some
      .split(',')
      .map((cell, column) => String(place[column - 15] ?? cell))
      .join(',')
  const odd = [
    withPlace(width, height, sample.roi.length),
    withPlace(width, height, sample.roi.length + width * height),
    '17,0.5,half a li',
    withPlace(NaN, 20, 0),
    withPlace(64, 1, 0),
    withPlace(80, 80, roi.length - 100),
  ]
  const bin = filesOf({ ...sample, adc: `${sample.adc}${odd.join('\r\n')}\r\n`, roi })
  const numbers = {
    twoDiscs: lines + 1,
    noBlob: lines + 2,
    oneRow: lines + 5,
    truncated: lines + 6,
  }
  return { ...bin, images: images + 4, ...numbers }
}

const [width, height] = [96, 48]

/** The left one is the larger. */
function twoDiscs(): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)]
    const dark = Math.hypot(x - 26, y - 24) < 14 || Math.hypot(x - 70, y - 24) < 10
    return dark ? 60 : 200
  })
}
