/** `npm run bench`: the promises in numbers, measured on the built command. `-- --check` exits 1 when one is missed. */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { meets, table, type Figure } from './figure.ts'
import { footprint } from './footprint.ts'
import { largeFiles } from './large-files.ts'
import { responsiveness } from './responsiveness.ts'
import { submitRate } from './submit-rate.ts'
import { submitToCode } from './submit-to-code.ts'

const measurements = { footprint, submitToCode, submitRate, responsiveness, largeFiles }

const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean' } },
  allowPositionals: true,
})
const chosen = Object.entries(measurements).filter(
  ([name]) => positionals.length === 0 || positionals.includes(name),
)
if (chosen.length === 0) {
  console.error(`Measure one of ${Object.keys(measurements).join(', ')}, or nothing for all`)
  process.exit(2)
}

execFileSync('npm', ['run', '-s', 'build'], {
  cwd: path.join(import.meta.dirname, '..'),
  stdio: 'inherit',
})
const figures: Figure[] = []
for (const [name, measure] of chosen) {
  console.error(`measuring ${name} …`)
  figures.push(...(await measure()))
}
console.log(table(figures))
if (values.check && !figures.every(meets)) process.exit(1)
