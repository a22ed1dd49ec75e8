/** Signed distances in pixels, negative inside: what the pictures of the sample are drawn with. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A stroke from `a` to `b` whose radius goes from `radiusA` to `radiusB`. */
export function stroke(p: Point, a: Point, b: Point, radiusA: number, radiusB = radiusA): number {
  const dx = b.x - a.x
  const dy = b.y - a.y
  const along = ((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy || 1)
  const t = Math.min(1, Math.max(0, along))
  return length(p.x - a.x - t * dx, p.y - a.y - t * dy) - (radiusA + (radiusB - radiusA) * t)
}

/** Near enough to an ellipse's distance for outlines a few pixels wide. */
export function ellipse(p: Point, centre: Point, radiusX: number, radiusY: number): number {
  const x = (p.x - centre.x) / radiusX
  const y = (p.y - centre.y) / radiusY
  const level = length(x, y)
  const steepness = length(x / radiusX, y / radiusY)
  return steepness === 0 ? -Math.min(radiusX, radiusY) : (level * (level - 1)) / steepness
}

export function roundedBox(
  p: Point,
  centre: Point,
  halfX: number,
  halfY: number,
  corner: number,
): number {
  const dx = Math.abs(p.x - centre.x) - halfX + corner
  const dy = Math.abs(p.y - centre.y) - halfY + corner
  return length(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - corner
}

/** Union of two shapes whose seam is rounded over `blend` pixels. */
export function fuse(a: number, b: number, blend: number): number {
  const h = Math.max(blend - Math.abs(a - b), 0) / blend
  return Math.min(a, b) - (h * h * blend) / 4
}

/** 1 on the line where the distance is 0, fading over `width` pixels on both sides. */
export function rim(distance: number, width: number): number {
  const steps = distance / width
  return Math.abs(steps) > 4 ? 0 : Math.exp(-steps * steps)
}

/** 1 inside, 0 outside, over `width` pixels. */
export function inside(distance: number, width: number): number {
  const t = Math.min(1, Math.max(0, 0.5 - distance / width))
  return t * t * (3 - 2 * t)
}

/** Math.hypot is careful with huge numbers, and many times slower. */
const length = (x: number, y: number): number => Math.sqrt(x * x + y * y)
