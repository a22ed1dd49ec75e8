import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { parquetWriter, type WriterFiles } from '../packages/longhaul/src/writers/index.ts'
import type { Figure } from './figure.ts'

const rows = 1_000_000
const columns = Array.from({ length: 30 }, (_, index) => `feature_${index}`)

/** A table of 30 floats a row, as the features of images: how fast it is written, and what it holds in memory meanwhile. */
export async function parquet(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-bench-'))
  try {
    const schema = z.object(Object.fromEntries(columns.map((name) => [name, z.number()])))
    let bytes = 0
    const files: WriterFiles = {
      pathFor: (name) => Promise.resolve(path.join(folder, name)),
      give: async (_, file) => {
        bytes += (await stat(file)).size
        await rm(file)
      },
    }
    const writer = parquetWriter(files, 'features', { maxBytes: 64 * 1024 * 1024, schema })
    const made = measured()
    const before = process.memoryUsage().rss
    let peak = before
    const cpu = process.cpuUsage()
    const ofThread = process.threadCpuUsage()
    const began = performance.now()
    for (let n = 0; n < rows; n++) {
      await writer.write(made[n % made.length])
      if (n % 20_000 === 0) peak = Math.max(peak, process.memoryUsage().rss)
    }
    await writer.finish()
    const seconds = (performance.now() - began) / 1000
    const used = secondsOf(process.cpuUsage(cpu))
    const usedHere = secondsOf(process.threadCpuUsage(ofThread))
    const MB = 1e6
    return [
      {
        name: `Parquet: rows of 30 floats, ${rows / 1e6} million`,
        value: rows / seconds,
        unit: 'per second',
        target: { atLeast: 200_000 },
        beside: `zstd to ${(bytes / (rows * 240)).toFixed(2)} of the values, ${used.toFixed(1)} s of CPU, of which ${usedHere.toFixed(1)} s in the thread of the code; schema checked`,
      },
      {
        name: 'Parquet: memory above the start, at most',
        value: (peak - before) / MB,
        unit: 'MB',
        target: { atMost: 250 },
        beside: `${((rows * 240) / MB).toFixed(0)} MB of values written`,
      },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const secondsOf = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1e6

/** Like measurements: smooth, noisy, some constant, some rounded. */
function measured(): readonly Readonly<Record<string, number>>[] {
  let state = 1
  const noise = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  return Array.from({ length: 10_000 }, (_, n) =>
    Object.fromEntries(
      columns.map((name, at) => {
        const value = Math.sin(n / 100 + at) * 1000 + noise()
        return [name, at % 5 === 0 ? 0.5 : at % 5 === 1 ? Math.round(value) : value]
      }),
    ),
  )
}
