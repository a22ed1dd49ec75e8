import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { BinFiles } from './bin-files.ts'
import { parseBinId } from './bin-id.ts'

/** Beads are calibration runs; what an operator moved into `skip` is not data. */
const skipped = new Set(['skip', 'beads'])

/**
 * Finds the whole bins below an archive's root, sorted by id. Every folder on the way must be called `data` or be a part of the bin's name
 * (`2013`, `D2013`, `D20130526`): archives keep copies elsewhere. A corrected `../adcmod/<day>/<bin>.adc.mod` beside the root
 * replaces the bin's .adc.
 */
export async function discoverBins(root: string): Promise<BinFiles[]> {
  const bins: BinFiles[] = []
  const visit = async (folder: string, components: readonly string[]): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true })
    const names = new Set(entries.filter((entry) => entry.isFile()).map((entry) => entry.name))
    for (const name of names) {
      const bin = name.endsWith('.adc') ? parseBinId(name.slice(0, -'.adc'.length)) : undefined
      if (bin === undefined || !names.has(`${bin.id}.hdr`) || !names.has(`${bin.id}.roi`)) continue
      if (!components.every((part) => part === 'data' || bin.id.includes(part))) continue
      const beside = path.join(root, '..', 'adcmod', bin.dayDirectory, `${bin.id}.adc.mod`)
      const corrected = await stat(beside).then(
        (found) => found.isFile(),
        () => false,
      )
      const base = path.join(folder, bin.id)
      bins.push({
        bin,
        hdr: `${base}.hdr`,
        adc: corrected ? beside : `${base}.adc`,
        roi: `${base}.roi`,
      })
    }
    for (const entry of entries)
      if (entry.isDirectory() && !skipped.has(entry.name))
        await visit(path.join(folder, entry.name), [...components, entry.name])
  }
  await visit(root, [])
  return bins.sort((a, b) => (a.bin.id < b.bin.id ? -1 : 1))
}
