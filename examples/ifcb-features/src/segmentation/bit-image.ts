/**
 * A black and white image, 32 pixels to a word (pixel x is bit x % 32), inside a frame of clear words and rows, so that every
 * pixel has eight neighbours. Neighbourhoods are computed for 32 pixels at once.
 */
export interface BitImage {
  readonly words: Uint32Array
  /** Words from one row to the next, frame included. */
  readonly stride: number
  /** Rows without the frame. */
  readonly rows: number
}

/** `margin` clear pixels are added on every side. */
export function packBits(
  mask: Uint8Array,
  width: number,
  height: number,
  margin: number,
): BitImage {
  const stride = Math.ceil((width + 2 * margin) / 32) + 2
  const rows = height + 2 * margin
  const words = new Uint32Array(stride * (rows + 2))
  for (let y = 0; y < height; y++) {
    const row = stride * (y + margin + 1) + 1
    for (let x = 0; x < width; x++)
      if (mask[y * width + x] !== 0) words[row + ((x + margin) >> 5)]! |= 1 << ((x + margin) & 31)
  }
  return { words, stride, rows }
}

/** Sets mask pixels to 1 or 0; the margin is left behind. */
export function unpackBits(
  { words, stride }: BitImage,
  mask: Uint8Array,
  width: number,
  height: number,
  margin: number,
): void {
  for (let y = 0; y < height; y++) {
    const row = stride * (y + margin + 1) + 1
    for (let x = 0; x < width; x++)
      mask[y * width + x] = (words[row + ((x + margin) >> 5)]! >>> ((x + margin) & 31)) & 1
  }
}

/** Clears everything outside of the image of `width` and `height` that was packed with this margin. */
export function clearMargin(
  { words, stride, rows }: BitImage,
  width: number,
  height: number,
  margin: number,
): void {
  for (let row = 0; row < rows + 2; row++) {
    const y = row - 1 - margin
    for (let word = 0; word < stride; word++) {
      const first = 32 * (word - 1) - margin
      const from = Math.max(0, -first)
      const to = Math.min(32, width - first)
      const inside =
        y < 0 || y >= height || from >= 32 || to <= from
          ? 0
          : (~0 << from) & (to === 32 ? ~0 : ~(~0 << to))
      words[row * stride + word]! &= inside
    }
  }
}

/** The pixel itself or one of its 4 neighbours. */
export function dilateCross(image: BitImage): BitImage {
  const { words: a, stride } = image
  return mapWords(
    image,
    (i) =>
      a[i]! |
      a[i - stride]! |
      a[i + stride]! |
      ((a[i]! << 1) | (a[i - 1]! >>> 31)) |
      ((a[i]! >>> 1) | (a[i + 1]! << 31)),
  )
}

/** The pixel itself and all of its 4 neighbours. */
export function erodeCross(image: BitImage): BitImage {
  const { words: a, stride } = image
  return mapWords(
    image,
    (i) =>
      a[i]! &
      a[i - stride]! &
      a[i + stride]! &
      ((a[i]! << 1) | (a[i - 1]! >>> 31)) &
      ((a[i]! >>> 1) | (a[i + 1]! << 31)),
  )
}

/** A new image whose every word is computed from the old one. */
export function mapWords(image: BitImage, word: (index: number) => number): BitImage {
  const { stride, rows } = image
  const words = new Uint32Array(image.words.length)
  for (let y = 1; y <= rows; y++)
    for (let i = y * stride + 1; i < (y + 1) * stride - 1; i++) words[i] = word(i)
  return { words, stride, rows }
}
