import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Step {
  readonly line: string
  /** What the README shows below it. */
  readonly expected: string
}

/** The lines after `$` in the `console` blocks of a README, each with what is printed below it. */
export async function readmeSteps(readme: string): Promise<readonly Step[]> {
  const blocks = (await readFile(readme, 'utf8')).matchAll(/^```console\n([^]*?)^```/gm)
  const steps = [...blocks].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const [line = '', ...below] = step.trimEnd().split('\n')
        return { line, expected: below.join('\n') }
      }),
  )
  if (steps.length === 0) throw new Error(`${readme} has no line to run`)
  return steps
}

/** As a person types them, in that folder; one that fails says so in what it printed. */
export async function runSteps(
  steps: readonly Step[],
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<readonly (Step & { readonly printed: string })[]> {
  const ran = []
  for (const step of steps) {
    const settings = { cwd: folder, env: { PATH: process.env['PATH'], ...env } }
    const printed = await run('bash', ['-c', step.line], settings).then(
      ({ stdout }) => stdout.trimEnd(),
      (error: unknown) => `failed: ${(error as Error).message.split('\n')[0]}`,
    )
    ran.push({ ...step, printed })
  }
  return ran
}
