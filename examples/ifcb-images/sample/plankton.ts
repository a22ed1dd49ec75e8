import { roughNoise, smoothNoise, type Random } from './random.ts'
import { ellipse, fuse, inside, rim, roundedBox, stroke, type Point } from './shapes.ts'

/** Something in the water, drawn around the origin, lying along x. */
export interface Specimen {
  /** Half of its length and width, in pixels, as far as there is something to see. */
  readonly halfX: number
  readonly halfY: number
  /** How much light it takes away at a point: 0 none, 1 all of it, below 0 where it gathers light around its edge. */
  shade(p: Point): number
}

/** What a cell made of one outline looks like in transmitted light: a dark wall, a body, a bright halo around it. */
function cell(
  distance: number,
  { wall = 0.45, body = 0.2, soft = 1.6 }: { wall?: number; body?: number; soft?: number } = {},
): number {
  return (
    wall * rim(distance + 0.8, soft) +
    body * inside(distance, 2 * soft) -
    0.09 * rim(distance - 2.2 * soft, 1.3 * soft)
  )
}

/** Chloroplasts: dark grains inside, larger where `grain` is larger. Two turned fields hide the grid of each. */
function grains({ x, y }: Point, grain: number, seed: number): number {
  const u = (0.8 * x - 0.6 * y) / grain
  const v = (0.6 * x + 0.8 * y) / grain
  const field =
    (smoothNoise(u, v, seed) + smoothNoise(0.7 * u - 0.7 * v, 0.7 * u + 0.7 * v, seed + 31)) / 2
  return 0.55 * inside(0.52 - field, 0.3)
}

/** A chain of barrel-shaped cells on a slightly bent line, with or without long spines. */
function chain(random: Random, spined: boolean): Specimen {
  const count = random.int(spined ? 3 : 4, spined ? 8 : 14)
  const half = { x: random.float(4, 9), y: random.float(6, 13) }
  const gap = spined ? random.float(2, 4) : random.float(0.5, 3)
  const bend = random.float(-0.002, 0.002)
  const seed = random.int(0, 1e6)
  const pitch = 2 * half.x + gap
  const length = count * pitch
  const centres = Array.from({ length: count }, (_, index): Point => {
    const x = (index + 0.5) * pitch - length / 2
    return { x, y: bend * x * x }
  })
  const reach = spined ? random.float(18, 40) : 0
  const spines = !spined
    ? []
    : centres.flatMap((centre, index) =>
        [-1, 1].map((side) => {
          const root = { x: centre.x + half.x, y: centre.y + side * half.y }
          const lean = (index - count / 2) * random.float(1, 4)
          return [root, { x: root.x + lean, y: root.y + side * reach }] as const
        }),
      )
  return {
    halfX: length / 2 + (spined ? 14 : 3),
    halfY: half.y + reach + Math.abs(bend) * (length / 2) ** 2 + 2,
    shade(p) {
      let nearest = Infinity
      let filling = 0
      for (const [index, centre] of centres.entries()) {
        const distance = roundedBox(p, centre, half.x, half.y, Math.min(half.x, half.y) * 0.45)
        if (distance > nearest) continue
        nearest = distance
        const body = { x: p.x - centre.x, y: p.y - centre.y }
        filling = inside(distance + 2, 3) * grains(body, 3.2, seed + index)
      }
      let dark = Math.min(1, cell(nearest, { wall: 0.5, body: 0.1 }) + filling)
      for (const [root, tip] of spines)
        dark = Math.max(dark, 0.34 * rim(stroke(p, root, tip, 0.1), 1.1))
      return dark
    },
  }
}

/** A pennate diatom: a spindle of glass with a line along it and fine ribs across. */
function pennate(random: Random): Specimen {
  const half = { x: random.float(22, 75), y: random.float(4, 10) }
  const sharp = random.float(0.6, 1.2)
  const ribs = random.float(2.6, 4.5)
  const seed = random.int(0, 1e6)
  return {
    halfX: half.x + 3,
    halfY: half.y + 3,
    shade(p) {
      const t = Math.min(1, Math.abs(p.x) / half.x)
      const distance =
        Math.abs(p.x) > half.x
          ? Math.hypot(Math.abs(p.x) - half.x, p.y)
          : Math.abs(p.y) - half.y * (1 - t * t) ** sharp
      const within = inside(distance + 1, 2)
      const ribbed = 0.1 * (1 + Math.cos((2 * Math.PI * p.x) / ribs)) * within
      const line = 0.22 * rim(p.y, 0.9) * within
      const plastids = within * grains({ x: p.x, y: p.y * 1.5 }, 6, seed) * 0.9
      return Math.min(1, cell(distance, { wall: 0.5, body: 0.08 }) + ribbed + line + plastids)
    },
  }
}

/** Needles that overlap at their tips and move along each other. */
function needles(random: Random): Specimen {
  const count = random.int(2, 4)
  const half = random.float(26, 42)
  const overlap = random.float(6, 14)
  const pitch = 2 * half - overlap
  const parts = Array.from({ length: count }, (_, index) => ({
    x: (index - (count - 1) / 2) * pitch,
    y: (index % 2 === 0 ? -1 : 1) * 1.6,
  }))
  return {
    halfX: (count * pitch + overlap) / 2 + 3,
    halfY: 8,
    shade(p) {
      let dark = -0.02
      for (const part of parts) {
        const t = Math.min(1, Math.abs(p.x - part.x) / half)
        const distance = Math.hypot(
          Math.max(0, Math.abs(p.x - part.x) - half),
          Math.max(0, Math.abs(p.y - part.y) - 2.2 * (1 - t * t)),
        )
        const speck = 0.25 * rim(Math.abs(p.x - part.x) - half * 0.4, 7) * rim(p.y - part.y, 1.4)
        dark = Math.max(dark, 0.5 * rim(distance, 1.3) - 0.05 * rim(distance - 4, 2) + speck)
      }
      return dark
    },
  }
}

/** A centric diatom seen from above: a disc with a double wall, pores in rays, grains of chloroplast. */
function disc(random: Random): Specimen {
  const radius = random.float(14, 38)
  const rays = random.int(18, 40)
  const seed = random.int(0, 1e6)
  return {
    halfX: radius + 3,
    halfY: radius + 3,
    shade(p) {
      const from = Math.hypot(p.x, p.y)
      const distance = from - radius
      const within = inside(distance + 4, 3)
      const pores =
        0.07 * within * (1 + Math.cos(rays * Math.atan2(p.y, p.x)) * Math.cos(from * 1.9))
      const inner = 0.22 * rim(distance + 4.5, 1.1)
      const spots = within * grains(p, 4.5, seed) * 1.1
      return Math.min(1, cell(distance, { wall: 0.6, body: 0.07 }) + inner + pores + spots)
    },
  }
}

/** A dinoflagellate with three horns. */
function horned(random: Random): Specimen {
  const size = random.float(9, 15)
  const horn = random.float(28, 52)
  const seed = random.int(0, 1e6)
  return {
    halfX: size + horn,
    halfY: size * 1.9,
    shade(p) {
      const body = ellipse(p, { x: 0, y: 0 }, size * 1.1, size)
      const ends: readonly Point[] = [
        { x: size + horn - 3, y: 0 },
        { x: -size - horn * 0.55, y: size * 1.2 },
        { x: -size - horn * 0.4, y: -size * 1.2 },
      ]
      let distance = body
      for (const end of ends)
        distance = fuse(distance, stroke(p, { x: 0, y: end.y * 0.35 }, end, 4.2, 0.7), 5)
      const girdle = -0.2 * rim(p.x + 1, 1.3) * inside(body + 1, 2)
      const plates = inside(distance + 1, 2) * 0.5 * roughNoise(p.x / 5, p.y / 5, seed)
      return Math.min(0.95, cell(distance, { wall: 0.35, body: 0.28 }) + plates + girdle)
    },
  }
}

/** A round or oval cell, dense and textured, sometimes with the groove of a dinoflagellate. */
function oval(random: Random): Specimen {
  const half = { x: random.float(8, 24), y: 0 }
  half.y = half.x * random.float(0.6, 1)
  const groove = random.chance(0.5)
  const seed = random.int(0, 1e6)
  const density = random.float(0.2, 0.45)
  return {
    halfX: half.x + 3,
    halfY: half.y + 3,
    shade(p) {
      const distance = ellipse(p, { x: 0, y: 0 }, half.x, half.y)
      const within = inside(distance + 1, 3)
      const texture = within * (0.55 * roughNoise(p.x / 4, p.y / 4, seed) - 0.1)
      const cut = groove ? -0.3 * rim(p.x - 0.12 * p.y, 1.4) * within : 0
      return Math.min(0.95, cell(distance, { wall: 0.4, body: density }) + texture + cut)
    },
  }
}

/** A ciliate: a cone with a crown of hairs. */
function ciliate(random: Random): Specimen {
  const half = { x: random.float(16, 28), y: random.float(10, 17) }
  const seed = random.int(0, 1e6)
  const count = random.int(11, 17)
  const hairs = Array.from({ length: count }, (_, index) => {
    const t = (index / (count - 1)) * 2 - 1
    const root = { x: half.x - 3 - Math.abs(t) * 3, y: t * half.y * 0.95 }
    const reach = random.float(9, 15)
    return [root, { x: root.x + reach, y: root.y + t * 9 + random.float(-3, 3) }] as const
  })
  return {
    halfX: half.x + 15,
    halfY: half.y + 9,
    shade(p) {
      const t = Math.min(1, Math.max(0, (p.x + half.x) / (2 * half.x)))
      const width = half.y * Math.sqrt(t) * (1 - 0.12 * t)
      const distance = Math.max(
        Math.abs(p.y) - width,
        Math.abs(p.x) - half.x + 0.12 * Math.abs(p.y),
      )
      const texture = inside(distance + 1, 3) * (0.7 * roughNoise(p.x / 5, p.y / 5, seed) - 0.12)
      let dark = cell(distance, { wall: 0.35, body: 0.22 }) + texture
      for (const [root, tip] of hairs)
        dark = Math.max(dark, 0.4 * rim(stroke(p, root, tip, 0.1), 1))
      return Math.min(0.95, dark)
    },
  }
}

/** A thread of long glassy cells, almost empty, with walls across. */
function thread(random: Random): Specimen {
  const half = { x: random.float(60, 130), y: random.float(3.5, 8) }
  const cells = random.int(3, 7)
  const bend = random.float(-0.0015, 0.0015)
  const seed = random.int(0, 1e6)
  return {
    halfX: half.x + 4,
    halfY: half.y + 4 + Math.abs(bend) * half.x ** 2,
    shade({ x, y }) {
      const p = { x, y: y - bend * x * x }
      const distance = roundedBox(p, { x: 0, y: 0 }, half.x, half.y, half.y * 0.6)
      const within = inside(distance + 0.5, 2)
      const phase = ((x + half.x) / (2 * half.x)) * cells
      const across = Math.abs(phase - Math.round(phase)) * ((2 * half.x) / cells)
      const walls = 0.42 * rim(across, 1.1) * within
      const spots = within * grains(p, 3.8, seed) * 0.8
      return Math.min(0.95, cell(distance, { wall: 0.48, body: 0.03 }) + walls + spots)
    },
  }
}

/** Detritus: torn, uneven, without an outline of its own. */
function flake(random: Random): Specimen {
  const size = random.float(10, 32)
  const flat = random.float(0.5, 0.95)
  const seed = random.int(0, 1e6)
  return {
    halfX: size * 1.25,
    halfY: size * 1.25 * flat,
    shade(p) {
      const torn = (roughNoise(p.x / 9, p.y / 9, seed) - 0.5) * size * 1.1
      const distance = ellipse(p, { x: 0, y: 0 }, size, size * flat) + torn
      const body = inside(distance, 5) * (0.15 + 0.6 * roughNoise(p.x / 3, p.y / 3, seed + 9))
      return Math.min(0.9, body - 0.03 * rim(distance - 6, 3))
    },
  }
}

/** A small cell out of focus: a grey spot in a bright ring. */
function spot(random: Random): Specimen {
  const radius = random.float(3, 8)
  const depth = random.float(0.25, 0.6)
  return {
    halfX: radius * 3,
    halfY: radius * 3,
    shade({ x, y }) {
      const from = Math.hypot(x, y) / radius
      return depth * Math.exp(-from * from) - 0.08 * Math.exp(-(((from - 2) / 0.5) ** 2))
    },
  }
}

const kinds: readonly [(random: Random) => Specimen, ...((random: Random) => Specimen)[]] = [
  (random) => chain(random, false),
  (random) => chain(random, true),
  pennate,
  pennate,
  needles,
  disc,
  horned,
  oval,
  oval,
  oval,
  ciliate,
  thread,
  flake,
  flake,
  spot,
  spot,
]

/** Something at random, turned by a random angle. */
export function drawSpecimen(random: Random): Specimen {
  return turned(random.pick(kinds)(random), random.float(-Math.PI, Math.PI))
}

/** A long thing lying nearly along x: what the old instruments cut in two. */
export function drawLongSpecimen(random: Random): Specimen {
  const kind = random.pick([thread, (r: Random) => chain(r, true), needles])
  return turned(kind(random), random.float(-0.3, 0.3))
}

function turned(specimen: Specimen, angle: number): Specimen {
  const [c, s] = [Math.cos(angle), Math.sin(angle)]
  return {
    halfX: Math.abs(c) * specimen.halfX + Math.abs(s) * specimen.halfY,
    halfY: Math.abs(s) * specimen.halfX + Math.abs(c) * specimen.halfY,
    shade: ({ x, y }) => specimen.shade({ x: c * x + s * y, y: c * y - s * x }),
  }
}
