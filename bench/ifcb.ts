import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { parseAdc, type Target } from '../examples/ifcb-images/reader/index.ts'
import { makeNewStyleBin } from '../examples/ifcb-images/sample/new-style-bin.ts'
import type { Figure } from './figure.ts'
import { stagesOf } from './ifcb-stages.ts'

const root = path.join(import.meta.dirname, '..')
const command = path.join(root, 'examples/ifcb-features/command.ts')
const triggers = 330
const many = 5000

/** Features and masks of a generated bin: the command from its start to its last file, and the library by stage. */
export async function ifcb(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-bench-'))
  try {
    const bin = makeNewStyleBin({ seed: 11, triggers })
    const targets = parseAdc(bin.adc, 'D').targets
    const pixels = pixelsIn(targets)
    await writeBin(path.join(folder, 'bin'), bin.id, bin.hdr, bin.adc, bin.roi)
    const large = repeated(bin.adc, bin.roi, many)
    await writeBin(path.join(folder, 'large'), bin.id, bin.hdr, large.adc, large.roi)

    const [one, two] = [
      await runCommand(folder, 'bin', '--threads', '1'),
      await runCommand(folder, 'bin', '--threads', '2'),
    ]
    const whole = await runCommand(folder, 'large', '--threads', '2')
    const stages = stagesOf(bin.roi, targets)
    const perPixel = (microseconds: number) => (microseconds / pixels).toFixed(2)
    const about = `${targets.length} images, ${(pixels / 1e6).toFixed(1)} Mpx`
    return [
      {
        name: 'IFCB: CPU per pixel, everything written, 2 threads',
        value: two.cpu / pixels,
        unit: 'µs',
        target: { atMost: 1.5 },
        beside: `${about}; 1 thread ${perPixel(one.cpu)} µs; wall ${(one.wall / 1e6).toFixed(1)} s on 1, ${(two.wall / 1e6).toFixed(1)} s on 2`,
      },
      {
        name: 'IFCB: wall by CPU on 2 threads',
        value: two.wall / two.cpu,
        unit: '×',
        target: { atMost: 0.6 },
        beside: `1 thread ${(one.wall / one.cpu).toFixed(2)}; ${(two.main / two.cpu).toFixed(2)} of the CPU is the main thread's; time in which others have the processor counts as wall`,
      },
      {
        name: 'IFCB: the library alone, warm, per pixel',
        value: Object.values(stages).reduce((sum, cpu) => sum + cpu, 0) / pixels,
        unit: 'µs',
        target: { atMost: 1.5 },
        beside: Object.entries(stages)
          .map(([name, cpu]) => `${name} ${(cpu / pixels).toFixed(3)}`)
          .join(', '),
      },
      {
        name: `IFCB: memory of a bin of ${many} images, 2 threads`,
        value: whole.rssMB,
        unit: 'MB',
        target: { atMost: 400 },
        beside: `.roi of ${(large.roi.length / 1e6).toFixed(0)} MB; ${perPixel((whole.cpu * pixels) / large.pixels)} µs of CPU per pixel`,
      },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const pixelsIn = (targets: readonly Target[]) =>
  targets.reduce((sum, { width, height }) => sum + width * height, 0)

/** The same images again and again, each time with bytes of their own, until there are `count`. */
function repeated(adc: string, roi: Uint8Array, count: number) {
  const lines = adc.split('\r\n').filter((line) => Number(line.split(',')[15]) > 0)
  const times = Math.ceil(count / lines.length)
  const pieces: string[] = []
  for (let n = 0; n < count; n++) {
    const cells = lines[n % lines.length]!.split(',')
    cells[17] = String(Number(cells[17]) + Math.floor(n / lines.length) * roi.length)
    pieces.push(`${cells.join(',')}\r\n`)
  }
  const bytes = new Uint8Array(times * roi.length)
  for (let n = 0; n < times; n++) bytes.set(roi, n * roi.length)
  const text = pieces.join('')
  return { adc: text, roi: bytes, pixels: pixelsIn(parseAdc(text, 'D').targets) }
}

async function writeBin(folder: string, id: string, hdr: string, adc: string, roi: Uint8Array) {
  await mkdir(folder)
  await writeFile(path.join(folder, `${id}.hdr`), hdr)
  await writeFile(path.join(folder, `${id}.adc`), adc)
  await writeFile(path.join(folder, `${id}.roi`), roi)
}

/** What a process used, told by itself as it ends: all of its threads, from its start. */
const report = `data:text/javascript,${encodeURIComponent(`
  import { isMainThread } from 'node:worker_threads'
  import { writeSync } from 'node:fs'
  if (isMainThread) process.on('exit', () => {
    const { user, system } = process.cpuUsage()
    const main = process.threadCpuUsage()
    const rssMB = process.resourceUsage().maxRSS / 1024
    const used = { cpu: user + system, main: main.user + main.system, rssMB }
    writeSync(2, 'used ' + JSON.stringify(used) + '\\n')
  })`)}`

/** Microseconds and megabytes. */
async function runCommand(folder: string, bin: string, ...options: string[]) {
  const out = await mkdtemp(path.join(folder, 'out-'))
  const began = performance.now()
  const node = ['--conditions=longhaul-source', '--import', report, command]
  const { stderr } = await promisify(execFile)(
    process.execPath,
    [...node, path.join(folder, bin), '--out', out, ...options],
    { maxBuffer: 64 * 1024 * 1024 },
  )
  const wall = (performance.now() - began) * 1000
  const used = /^used (.*)$/m.exec(stderr)?.[1]
  if (used === undefined) throw new Error(`no report of what was used in:\n${stderr}`)
  return { wall, ...(JSON.parse(used) as { cpu: number; main: number; rssMB: number }) }
}
