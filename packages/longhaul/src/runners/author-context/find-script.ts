import { existsSync } from 'node:fs'
import path from 'node:path'

const endings = ['.ts', '.mts', '.js', '.mjs', '.cjs', '.cts']

/** The file of a dotted module name below a folder: `quant.report` is `quant/report.ts`, or `.js` … */
export function scriptOf(module: string, folder: string): string | undefined {
  const base = path.join(folder, ...module.split('.'))
  return endings.map((ending) => base + ending).find((file) => existsSync(file))
}
