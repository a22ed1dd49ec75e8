/** Signed distances in pixels, negative inside: what the pictures of the sample are drawn with. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A stroke from `a` to `b` whose radius goes from `radiusA` to `radiusB`. */
export function stroke(p: Point, a: Point, b: Point, radiusA: number, radiusB = radiusA): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y]
  const along = ((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy || 1)
  const t = Math.min(1, Math.max(0, along))
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy) - (radiusA + (radiusB - radiusA) * t)
}

/** Near enough to an ellipse's distance for outlines a few pixels wide. */
export function ellipse(p: Point, centre: Point, radiusX: number, radiusY: number): number {
  const [x, y] = [(p.x - centre.x) / radiusX, (p.y - centre.y) / radiusY]
  const [level, steepness] = [Math.hypot(x, y), Math.hypot(x / radiusX, y / radiusY)]
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
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - corner
}

/** Union of two shapes whose seam is rounded over `blend` pixels. */
export function fuse(a: number, b: number, blend: number): number {
  const h = Math.max(blend - Math.abs(a - b), 0) / blend
  return Math.min(a, b) - (h * h * blend) / 4
}

/** 1 on the line where the distance is 0, fading over `width` pixels on both sides. */
export const rim = (distance: number, width: number): number => Math.exp(-((distance / width) ** 2))

/** 1 inside, 0 outside, over `width` pixels. */
export function inside(distance: number, width: number): number {
  const t = Math.min(1, Math.max(0, 0.5 - distance / width))
  return t * t * (3 - 2 * t)
}
