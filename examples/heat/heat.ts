import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { defineProcessor, file, z } from 'longhaul'
import { bytesOf, cool, hotPlate, pictureOf, plateOf } from './plate.ts'

const [columns, rows] = [72, 40]

/** A hot plate cools. What would take hours elsewhere is kept at every checkpoint, so nothing that dies costs more than one. */
export default defineProcessor({
  name: 'heat',
  version: '1.0',
  description: 'Lets a hot plate cool and measures it at every step.',
  input: {
    steps: z.int().min(1).default(400),
    sweeps: z.int().min(1).default(60).describe('of the whole plate, a step'),
    width: z.int().min(16).max(4096).default(240),
    height: z.int().min(16).max(4096).default(136),
    seconds_between_checkpoints: z.number().positive().default(60),
    ledger: z
      .string()
      .default('')
      .describe('where the steps that were really taken are written down'),
  },
  output: { field: file(), mean: z.number(), measured: z.int() },
  async run(ctx) {
    const { input, outputs, progress, checkpoint, attempt, workspace } = ctx
    const { steps, width, height } = input
    const kept = path.join(workspace, 'field.f64')
    const first = (ctx.restored as { readonly step: number } | undefined)?.step ?? 0
    const plate = first > 0 ? plateOf(readFileSync(kept), width, height) : hotPlate(width, height)
    const measurements = outputs.records(
      'measurements',
      z.object({ step: z.int(), mean: z.number(), hottest: z.number() }),
    )
    const frames = outputs.shards('frames')
    // Outside the service, which must not be its own witness.
    const note = (line: object): void => {
      if (input.ledger !== '')
        appendFileSync(input.ledger, `${JSON.stringify({ attempt, ...line })}\n`)
    }

    for (let step = first; step < steps; step++) {
      const began = performance.now()
      note({ began: step })
      cool(plate, input.sweeps)
      await measurements.write({ step, ...measure(plate.field) })
      if (step % 8 === 0)
        await frames.add(
          `frame-${String(step).padStart(5, '0')}.pgm`,
          pgm(pictureOf(plate, 144, 80), 144),
        )
      const picture = Buffer.from(pictureOf(plate, columns, rows)).toString('base64')
      progress({ stage: 'steps', done: step + 1, total: steps, detail: { picture, columns } })
      note({ ended: step, ms: performance.now() - began })
      // Asked only when a checkpoint is due, so the field is written no more often than that.
      const keep = (): { step: number } => {
        writeFileSync(kept, bytesOf(plate))
        return { step: step + 1 }
      }
      await checkpoint(keep, {
        files: ['field.f64'],
        every: `${input.seconds_between_checkpoints} s`,
      })
    }
    return {
      field: await outputs.write('field.f64', bytesOf(plate)),
      mean: measure(plate.field).mean,
      measured: measurements.count,
    }
  },
})

function measure(field: Float64Array): { mean: number; hottest: number } {
  let [sum, hottest] = [0, 0]
  for (const kelvin of field) {
    sum += kelvin
    hottest = Math.max(hottest, kelvin)
  }
  return { mean: sum / field.length, hottest }
}

const pgm = (picture: Uint8Array, width: number): Buffer =>
  Buffer.concat([Buffer.from(`P5 ${width} ${picture.length / width} 255\n`), picture])
