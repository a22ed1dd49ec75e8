import { encodePng } from '../../ifcb-images/reader/index.ts'

/** A mask of 0 and 1 as the picture that archives keep: 8-bit grey, 0 and 255. */
export function maskPng(width: number, height: number, mask: Uint8Array): Buffer {
  return encodePng({ width, height, pixels: mask.map((set) => (set === 0 ? 0 : 255)) })
}
