import { encodePng } from '../../ifcb-images/reader/index.ts'

/**
 * A mask of 0 and 1 as the picture that archives keep: 8-bit grey, 0 and 255. Takes the mask's memory with it: what threads
 * send is collected so late that the masks of a large bin would all be in memory at its end.
 */
export function maskPng(width: number, height: number, mask: Uint8Array<ArrayBuffer>): Buffer {
  for (let at = 0; at < mask.length; at++) mask[at] = mask[at] === 0 ? 0 : 255
  const png = encodePng({ width, height, pixels: mask })
  mask.buffer.transfer(0)
  return png
}
