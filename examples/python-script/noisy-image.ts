import { createRandom } from '../ifcb-images/sample/random.ts'

/** A grey ramp with a disc and a lot of noise, as 8-bit PGM (P5). The same seed makes the same bytes. */
export function makeNoisyPgm(width: number, height: number, seed: number): Buffer {
  const random = createRandom(seed)
  const pixels = Buffer.alloc(width * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const inDisc = Math.hypot(x - width / 2, y - height / 2) < height / 3
      const grey = 80 + (80 * x) / width + (inDisc ? 60 : 0) + 40 * random.gaussian()
      pixels[y * width + x] = Math.min(255, Math.max(0, Math.round(grey)))
    }
  return Buffer.concat([Buffer.from(`P5 ${width} ${height} 255\n`), pixels])
}
