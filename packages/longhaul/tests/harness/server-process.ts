import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { AppOptions } from '../../src/app/index.ts'

const entry = fileURLToPath(new URL('./serve.ts', import.meta.url))

export interface ServerProcess {
  readonly url: string
  readonly child: ChildProcess
  /** What it wrote to stderr so far. */
  readonly errors: () => string
  kill(signal: NodeJS.Signals): Promise<void>
}

/** A real service in its own process. The caller kills it. */
export async function startServer(
  options: AppOptions,
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const child = spawn(
    process.execPath,
    ['--conditions=longhaul-source', entry, JSON.stringify(options)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    },
  )
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const url = await Promise.race([
    once(lines, 'line').then(([line]) => line as string),
    ended.then(() => {
      throw new Error(`the server ended before it listened: ${errors}`)
    }),
  ])
  return {
    url,
    child,
    errors: () => errors,
    async kill(signal) {
      child.kill(signal)
      await ended
    },
  }
}
