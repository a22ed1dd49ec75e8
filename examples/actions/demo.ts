/**
 * Direct actions and asset operations as their READMEs show them: starts the services, runs the lines as they are printed, and
 * compares pixels with what was drawn. Exit code 1 when anything differs.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startService } from '../demo-kit/service.ts'
import { assetOperations } from './demo/asset-operations.ts'
import { directActions } from './demo/direct-actions.ts'
import type { Part } from './demo/part.ts'
import { readmeSteps, runSteps } from './demo/readme-steps.ts'

const { values } = parseArgs({ options: { corrupt: { type: 'boolean', default: false } } })

/** One after the other, each with a service of its own. */
const parts: readonly Part[] = [directActions, assetOperations]

let wrong = 0
for (const part of parts) {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-actions-demo-'))
  const beside = await part.open?.()
  const service = await startService(part.serves, {
    dataDir: path.join(folder, 'data'),
    settings: beside?.settings ?? {},
  })
  try {
    console.log(`\n${part.title}\n`)
    const steps = await readmeSteps(part.readme)
    const env = await part.prepare(folder, service.url)
    for (const { line, expected, printed } of await runSteps(steps, folder, {
      URL: service.url,
      ...env,
    })) {
      console.log(`  $ ${line}`)
      if (printed !== '') console.log(`  ${printed}`)
      if (printed !== expected) {
        wrong++
        console.log(`  ✗ it should have printed ${JSON.stringify(expected)}`)
      }
    }
    const check = async (): Promise<void> => {
      console.log('')
      for (const { says, holds } of await part.check(folder, service.url)) {
        if (!holds) wrong++
        console.log(`  ${holds ? '✓' : '✗'} ${says}`)
      }
    }
    await check()
    if (!values.corrupt || part.corrupt === undefined) continue
    console.log(`\nOne result is changed; until now there were ${wrong} differences.`)
    await part.corrupt(folder)
    await check()
  } finally {
    await service.stop()
    await beside?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
console.log(
  wrong === 0 ? '\nverdict  everything is right' : `\nverdict  WRONG: ${wrong} differences`,
)
process.exitCode = wrong === 0 ? 0 : 1
