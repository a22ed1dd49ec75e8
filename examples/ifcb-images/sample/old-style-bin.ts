import { cropAround, expose, takeShot, type Crop, type Shot } from './camera.ts'
import { drawLongSpecimen, drawSpecimen } from './plankton.ts'
import { createRandom, type Random } from './random.ts'
import { createRoiBytes, type SampleBin, type SampleOptions } from './sample-bin.ts'

/**
 * A bin as the first instruments wrote it: 15 columns, one byte before the first image, large particles cut into overlapping
 * images, and now and then a line that is no line.
 */
export function makeOldStyleBin({ seed, triggers }: SampleOptions): SampleBin {
  const random = createRandom(seed)
  const { lines, roi, images, stitched } = record(random, triggers)
  return {
    id: 'IFCB91_2026_200_101500',
    day: 'IFCB91_2026_200',
    hdr: quotedHeader,
    adc: lines.map((text) => `${text}\n`).join(''),
    roi: Buffer.concat([roi, Uint8Array.of(random.int(0, 255))]), // and one byte after the last
    expected: { lines: lines.length, images, stitched, unreadable: 0 },
  }
}

/** A small old bin whose .roi lost its end, as when the instrument loses power; its header is the one of May 2010. */
export function makeCutShortBin({ seed, triggers }: SampleOptions): SampleBin {
  const random = createRandom(seed)
  const { lines, roi, images, stitched, lastOffset } = record(random, triggers)
  return {
    id: 'IFCB91_2026_200_104500',
    day: 'IFCB91_2026_200',
    hdr: sentenceHeader,
    adc: lines.map((text) => `${text}\n`).join(''),
    roi: roi.subarray(0, lastOffset + 100),
    expected: { lines: lines.length, images: images - 1, stitched, unreadable: 1 },
  }
}

function record(random: Random, triggers: number) {
  const roi = createRoiBytes(Uint8Array.of(0))
  const lines: string[] = []
  let [images, stitched, lastOffset, clock] = [0, 0, 0, 0.2]
  for (let trigger = 1; trigger <= triggers; trigger++) {
    clock += random.float(0.3, 2.4)
    const shape = trigger === triggers ? 'whole' : shapeOf(trigger, random)
    if (shape === 'blank') lines.push('')
    if (shape === 'damaged') lines.push(random.pick(damaged)(trigger))
    if (shape === 'no-image')
      lines.push(line(trigger, clock, { x: -11, y: -11, width: 0, height: 0 }, roi.size, random))
    const [shot, crops] = cutsOf(shape, random)
    for (const crop of crops) {
      lastOffset = roi.append(expose(shot, crop, random))
      lines.push(line(trigger, clock, crop, lastOffset, random))
    }
    if (crops.length > 0) images += 1
    if (crops.length > 1) stitched += 1
  }
  return { lines, roi: roi.toBytes(), images, stitched, lastOffset }
}

type Shape = 'whole' | 'pair' | 'chain' | 'no-image' | 'blank' | 'damaged'

/** Each oddity once for certain, then by chance. */
function shapeOf(trigger: number, random: Random): Shape {
  const certain: Record<number, Shape> = {
    3: 'pair',
    5: 'blank',
    6: 'damaged',
    8: 'no-image',
    10: 'chain',
  }
  const chance = random.float(0, 1)
  if (certain[trigger]) return certain[trigger]
  if (chance < 0.06) return 'pair'
  if (chance < 0.075) return 'chain'
  if (chance < 0.15) return 'no-image'
  if (chance < 0.16) return 'blank'
  return chance < 0.175 ? 'damaged' : 'whole'
}

/** Lines as a full disk, a shifted row or a decimal point leaves them. */
const damaged: readonly [(trigger: number) => string, ...((trigger: number) => string)[]] = [
  (trigger) => `${trigger},.5,-.25726318359375,-6.64489`,
  (trigger) => `${trigger},.5,0,0,0,0,0,0,.25,202,673,96.0,45.0,1.0,-.27,`,
  () => ',,,,,,,,,,,,,,,',
]

/** The cuts of one picture. Parts of a pair overlap by more than the 2 pixels that make them one; they lie at different heights. */
function cutsOf(shape: Shape, random: Random): readonly [Shot, readonly Crop[]] {
  const long = shape === 'pair' || shape === 'chain'
  const shot = takeShot((long ? drawLongSpecimen : drawSpecimen)(random), random)
  const whole = cropAround(shot, random.float(8, 20), 1)
  if (shape === 'whole') return [shot, [whole]]
  if (!long) return [shot, []]
  const parts = shape === 'pair' ? 2 : 3
  const share = whole.width / parts
  return [
    shot,
    Array.from({ length: parts }, (_, index): Crop => {
      const left = whole.x + Math.max(0, Math.floor(index * share - random.int(5, 12)))
      const right = whole.x + Math.min(whole.width, Math.ceil((index + 1) * share))
      const top = whole.y + random.int(0, 7)
      const bottom = whole.y + whole.height - random.int(0, 7)
      return { x: left, y: top, width: right - left, height: bottom - top }
    }),
  ]
}

function line(trigger: number, clock: number, crop: Crop, offset: number, random: Random): string {
  const volts = () => short(random.float(-8, 0.3), 14)
  return [
    trigger,
    short(clock, 7), // processing ended
    ...Array.from({ length: 4 }, volts), // fluorescence and scattering, low and high gain
    volts(), // comparator pulse
    short(Math.max(0, clock - 0.16), 7), // trigger opened
    short(clock - 0.05, 7), // frame grabbed
    crop.x,
    crop.y,
    crop.width,
    crop.height,
    offset,
    volts(), // valve status
    '', // the line ends with a comma
  ].join(',')
}

/** As the first acquisition software printed numbers: no zero before the point. */
const short = (value: number, digits: number): string =>
  String(Number(value.toFixed(digits))).replace(/^(-?)0\./, '$1.')

const quotedHeader = [
  '"Imaging FlowCytobot Acquisition Software version 1.0; October 2005"',
  '"Generated sample"',
  '"Not a measurement"',
  '"SyringeStatus =  0"',
  '"Temp Humidity BinarizeThresh PMT1hv(ssc) PMT2hv(chl) BlobSizeThresh"',
  '" 11.4799732421875"," 32.167437512207"," 30"," .675"," .6"," 10"',
  '',
].join('\n')

const sentenceHeader = [
  'Imaging FlowCytobot Acquisition Software version 2.0; May 2010',
  'Sample Date 2026-07-19 10:45:00, generated, not a measurement',
  'run time = 64.5 s   inhibit time = 1.25 s',
  '21.43 temperature,  35.05 humidity',
  '',
].join('\n')
