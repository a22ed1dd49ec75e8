import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { AttemptLog, readAttemptLog, type AttemptLogLine } from './attempt-log.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-log-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function linesOf(file: string): Promise<AttemptLogLine[]> {
  const lines: AttemptLogLine[] = []
  for await (const line of readAttemptLog(file)) lines.push(line)
  return lines
}

it('gives back what was written, in order, whatever the text', async () => {
  const file = path.join(folder, 'deep', 'down', '1.log')
  const log = new AttemptLog(file)
  const texts = ['plain', '', 'two\nlines', 'sep\u2028arator', '🌊', '\u0000']
  for (const text of texts) log.write({ from: 'stdout', text })
  log.write({ from: 'log', level: 'warn', text: 'x', fields: { a: 1 } })
  await log.close()
  const lines = await linesOf(file)
  expect(lines.map(({ text }) => text)).toEqual([...texts, 'x'])
  expect(lines.at(-1)).toMatchObject({ from: 'log', level: 'warn', fields: { a: 1 } })
  expect(lines.every(({ at }) => at > 0)).toBe(true)
})

it('makes no file when nothing is said, and reads a log that is not there as empty', async () => {
  const file = path.join(folder, '1.log')
  await new AttemptLog(file).close()
  expect(await readdir(folder)).toEqual([])
  expect(await linesOf(file)).toEqual([])
})

it('keeps head and tail of a long log, says how much is missing, and stays below its limit', async () => {
  const file = path.join(folder, '1.log')
  const maxBytes = 64 * 1024
  const log = new AttemptLog(file, { maxBytes })
  for (let index = 0; index < 5000; index++) {
    log.write({ from: 'stdout', text: `line ${index} ${'x'.repeat(60)}` })
    if (index % 100 === 0) await new Promise(setImmediate)
  }
  await log.close()
  let bytes = 0
  for (const name of await readdir(folder)) bytes += (await stat(path.join(folder, name))).size
  expect(bytes).toBeLessThanOrEqual(maxBytes)
  const lines = await linesOf(file)
  expect(lines[0]?.text).toMatch(/^line 0 /)
  expect(lines.at(-1)?.text).toMatch(/^line 4999 /)
  const gaps = lines.filter(({ gap_bytes }) => gap_bytes !== undefined)
  expect(gaps).toHaveLength(1)
  expect(gaps[0]?.gap_bytes).toBeGreaterThan(300_000)
  const numbers = lines
    .filter(({ from }) => from === 'stdout')
    .map(({ text }) => Number(text.split(' ')[1]))
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
})

it('can be read while it is written', async () => {
  const file = path.join(folder, '1.log')
  const log = new AttemptLog(file)
  log.write({ from: 'stderr', text: 'first' })
  await expect.poll(() => linesOf(file), { timeout: 10_000 }).toHaveLength(1)
  log.write({ from: 'stderr', text: 'second' })
  await log.close()
  expect(await linesOf(file)).toHaveLength(2)
})

it('asks its writers to wait for the disk', async () => {
  const log = new AttemptLog(path.join(folder, '1.log'))
  expect(log.pressure).toBeUndefined()
  for (let index = 0; index < 40; index++)
    log.write({ from: 'stdout', text: 'x'.repeat(64 * 1024) })
  expect(log.pressure).toBeInstanceOf(Promise)
  await log.pressure
  expect(log.pressure).toBeUndefined()
  await log.close()
})

it('costs the log, not the attempt, when it cannot be written', async () => {
  await writeFile(path.join(folder, 'file'), '')
  const log = new AttemptLog(path.join(folder, 'file', '1.log'))
  log.write({ from: 'stdout', text: 'lost' })
  await log.close()
  log.write({ from: 'stdout', text: 'too late' })
})
