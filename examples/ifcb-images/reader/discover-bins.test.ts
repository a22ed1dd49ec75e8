import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { discoverBins } from './discover-bins.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'ifcb-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function put(...names: string[]): Promise<void> {
  for (const name of names) {
    const file = path.join(folder, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, '')
  }
}
const three = (base: string) => ['.hdr', '.adc', '.roi'].map((extension) => base + extension)
const modern = 'D20130526T094320_IFCB013'
const old = 'IFCB5_2012_028_081515'

it('descends folders that are named after the bin or `data`', async () => {
  await put(
    ...three(`archive/data/2013/D20130526/${modern}`),
    ...three(`archive/IFCB5_2012_028/${old}`),
  )
  const bins = await discoverBins(path.join(folder, 'archive'))
  expect(bins.map(({ bin }) => bin.id)).toEqual([modern, old])
  expect(bins[1]?.roi).toBe(path.join(folder, 'archive', 'IFCB5_2012_028', `${old}.roi`))
})

it('leaves out beads, skipped and misplaced bins, and bins that are not whole', async () => {
  await put(
    ...three(`archive/beads/${modern}`),
    ...three(`archive/D20130526/skip/${modern}`),
    ...three(`archive/D20130527/${modern}`),
    `archive/${old}.adc`,
    `archive/${old}.roi`,
    'archive/notes.adc',
  )
  expect(await discoverBins(path.join(folder, 'archive'))).toEqual([])
})

it('takes a corrected .adc from beside the root', async () => {
  const corrected = `adcmod/IFCB5_2012_028/${old}.adc.mod`
  await put(...three(`archive/${old}`), ...three(`archive/${modern}`), corrected)
  const bins = await discoverBins(path.join(folder, 'archive'))
  expect(bins.map(({ adc }) => path.relative(folder, adc))).toEqual([
    `archive/${modern}.adc`,
    corrected,
  ])
})
