import { parseBinId, type BinId } from './bin-id.ts'

/** The three files of one bin, by path. */
export interface BinFiles {
  readonly bin: BinId
  readonly hdr: string
  readonly adc: string
  readonly roi: string
}

const kinds = ['hdr', 'adc', 'roi'] as const

/**
 * Sorts loose files into bins, in the order in which the bins first appear. `<bin>.adc.mod`, a corrected .adc, takes the place
 * of `<bin>.adc`. Whatever does not make whole bins comes back as sentences, every one of them, for the person who sent it.
 */
export function groupBins(files: readonly { readonly name: string; readonly path: string }[]): {
  bins: BinFiles[]
  mistakes: string[]
} {
  const found = new Map<string, Map<string, string>>()
  const mistakes: string[] = []
  for (const { name, path } of files) {
    const [, id, kind] = /^(.*?)\.(hdr|adc|adc\.mod|roi)$/.exec(name) ?? []
    if (id === undefined || kind === undefined) {
      mistakes.push(`${name}: not an IFCB file; a bin is a .hdr, an .adc and a .roi file`)
      continue
    }
    const bin = found.get(id) ?? new Map<string, string>()
    if (bin.has(kind)) mistakes.push(`${name}: given twice`)
    found.set(id, bin.set(kind, path))
  }

  const bins: BinFiles[] = []
  for (const [id, paths] of found) {
    const bin = parseBinId(id)
    const [hdr, adc, roi] = [
      paths.get('hdr'),
      paths.get('adc.mod') ?? paths.get('adc'),
      paths.get('roi'),
    ]
    if (bin === undefined)
      mistakes.push(
        `${id}: not a bin's name; expected one like D20130526T094320_IFCB013 or IFCB5_2012_028_081515`,
      )
    else if (hdr === undefined || adc === undefined || roi === undefined) {
      const missing = kinds.filter((kind) => !paths.has(kind) && !(kind === 'adc' && adc))
      mistakes.push(`${id}: ${missing.map((kind) => `.${kind}`).join(' and ')} missing`)
    } else bins.push({ bin, hdr, adc, roi })
  }
  if (files.length === 0) mistakes.push('no files; a bin is a .hdr, an .adc and a .roi file')
  return { bins, mistakes }
}
