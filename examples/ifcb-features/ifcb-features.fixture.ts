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

/**
 * A generated bin with four lines more than it should have: one that is cut, one without numbers, an image one pixel high, and
 * one that the .roi does not hold whole.
 */
export function makeOddBin(triggers: number): TinyBin & {
  readonly images: number
  readonly oneRow: number
  readonly truncated: number
} {
  const sample = makeNewStyleBin({ seed: 3, triggers })
  const { lines, images } = sample.expected
  const [some = ''] = sample.adc.split('\r\n').filter((line) => !line.split(',').includes('0,0'))
  const withPlace = (width: number, height: number, offset: number): string =>
    some.split(',').with(15, `${width}`).with(16, `${height}`).with(17, `${offset}`).join(',')
  const odd = [
    '17,0.5,half a li',
    withPlace(NaN, 20, 0),
    withPlace(64, 1, 0),
    withPlace(80, 80, sample.roi.length - 100),
  ]
  const bin = filesOf({ ...sample, adc: `${sample.adc}${odd.join('\r\n')}\r\n` })
  return { ...bin, images, oneRow: lines + 3, truncated: lines + 4 }
}
