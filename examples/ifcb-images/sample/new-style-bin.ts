import { cropAround, expose, takeShot, type Crop, type Shot } from './camera.ts'
import { drawLongSpecimen, drawSpecimen } from './plankton.ts'
import { createRandom, type Random } from './random.ts'
import { createRoiBytes, type SampleBin, type SampleOptions } from './sample-bin.ts'

/** A bin as instruments since 2012 write it: 24 columns, CRLF, keyed header, images from byte 0, no stitching. */
export function makeNewStyleBin({ seed, triggers }: SampleOptions): SampleBin {
  const random = createRandom(seed)
  const roi = createRoiBytes(new Uint8Array(0))
  const lines: string[] = []
  let images = 0
  let clock = 0.5
  for (let trigger = 1; trigger <= triggers; trigger++) {
    clock += random.float(0.4, 3.2)
    const crops: [Shot, Crop][] = []
    if (!random.chance(1 / 12)) {
      const split = random.chance(0.06)
      const shot = takeShot((split ? drawLongSpecimen : drawSpecimen)(random), random)
      const crop = cropAround(shot, random.float(8, 22), 8)
      crops.push([shot, crop])
      // Two overlapping cuts of one trigger: here they stay two images.
      if (split) crops.push([shot, { ...crop, width: Math.ceil(crop.width / 16) * 8 }])
    }
    for (const [shot, crop] of crops) {
      lines.push(line(trigger, clock, crop, roi.append(expose(shot, crop, random)), random))
      images += 1
    }
    if (crops.length === 0)
      lines.push(line(trigger, clock, { x: 0, y: 0, width: 0, height: 0 }, roi.size, random))
  }
  return {
    id: 'D20260719T101500_IFCB901',
    day: 'D20260719',
    hdr: header(clock, triggers),
    adc: lines.map((text) => `${text}\r\n`).join(''),
    roi: roi.toBytes(),
    expected: { lines: lines.length, images, stitched: 0, unreadable: 0 },
  }
}

function line(trigger: number, clock: number, crop: Crop, offset: number, random: Random): string {
  const volts = (max: number) => random.float(0, max).toFixed(6)
  const grabbed = clock + random.float(0.01, 0.03)
  const inhibited = trigger * 0.021
  return [
    trigger,
    clock.toFixed(6),
    ...[0.2, 0.9, 0.004, 0.01].map(volts), // PMTA..PMTD, integrated
    ...[1.5, 4.5, 0.05, 0.05].map(volts), // PeakA..PeakD
    random.int(1, 60), // time of flight
    grabbed.toFixed(6),
    (grabbed + random.float(0.02, 0.05)).toFixed(6),
    crop.x,
    crop.y,
    crop.width,
    crop.height,
    offset,
    random.int(0, 1), // comparator
    random.int(10, 200), // start point
    random.int(5, 400), // signal length
    0, // status
    clock.toFixed(6), // run time
    inhibited.toFixed(6), // inhibit time
  ].join(',')
}

function header(seconds: number, triggers: number): string {
  return [
    'softwareVersion: 4.0.5.1',
    'imagingSoftware: generated sample, not a measurement',
    'SampleSource: seeded',
    'sampleNumber: 1',
    `runTime: ${seconds.toFixed(6)}`,
    `inhibitTime: ${(triggers * 0.021).toFixed(6)}`,
    `triggerCount: ${triggers}`,
    'SyringeSampleVolume: 5.0',
    'debubbleWithSample: True',
    'runBeads: False',
    'operator: None',
    'temperature: 23.4125',
    'humidity: 31.75',
    'PMTAhighVoltage: 0.65',
    'PMTBhighVoltage: 0.7',
    'binarizeThreshold: 20',
    'minimumBlobArea: 150',
    'gpsLatitude: 41.325',
    'gpsLongitude: -70.5667',
    '',
  ].join('\r\n')
}
