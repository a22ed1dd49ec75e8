import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as after } from 'node:timers/promises'
import { descendantsOf, isAlive, type ProcessId } from './processes.ts'

const root = path.resolve(import.meta.dirname, '../..')
const cli = path.join(root, 'packages/longhaul/src/cli/main.ts')

/** A running `longhaul serve`, on a port of its own. */
export interface Service {
  readonly url: string
  readonly pid: number
  /** Ends it as Ctrl-C would. Answers the processes that should be gone and are not. */
  stop(): Promise<readonly ProcessId[]>
  /** `kill -9`. Answers the processes that it had started, which should not outlive it. */
  kill(): Promise<readonly ProcessId[]>
}

/**
 * Starts the real command, `longhaul serve … --port 0 --data <dataDir>`, as a child, and waits until it serves.
 * Throws with what it printed when it does not.
 */
export async function startService(
  args: readonly string[],
  options: {
    readonly dataDir: string
    readonly cwd?: string
    readonly python?: string
    /** Variables that the processors may see. */
    readonly env?: Readonly<Record<string, string>>
    /** Of the service itself. */
    readonly settings?: Readonly<Record<string, string>>
  },
): Promise<Service> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=longhaul-source',
      cli,
      'serve',
      ...args,
      ...Object.keys(options.env ?? {}).flatMap((name) => ['--env', name]),
      '--port',
      '0',
      '--data',
      options.dataDir,
      '--json',
    ],
    {
      cwd: options.cwd ?? root,
      // Settings of whoever runs the demo must not decide how it ends.
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        LOG_LEVEL: 'warn',
        ...backends(),
        ...options.env,
        ...options.settings,
        ...(options.python === undefined ? {} : { LONGHAUL_PYTHON: options.python }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const printed: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => printed.push(text))
  const pid = child.pid ?? 0
  const exited = once(child, 'exit')
  const release = endTogether(() => child.kill('SIGTERM'))

  const served = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      printed.push(`${line}\n`)
      const said = servedLine(line)
      if (said) return said
    }
    return undefined
  })()
  const tooLong = setTimeout(() => child.kill('SIGKILL'), 30_000)
  const said = await served
  clearTimeout(tooLong)
  child.stdout.resume()
  if (said === undefined || said.broken.length > 0) {
    child.kill('SIGKILL')
    throw new Error(`longhaul serve did not start:\n${printed.join('')}`)
  }

  let stopping: Promise<readonly ProcessId[]> | undefined
  const stop = async (): Promise<readonly ProcessId[]> => {
    const family = [...(await descendantsOf(pid))]
    child.kill('SIGTERM')
    const patience = setTimeout(() => child.kill('SIGKILL'), 20_000)
    await exited
    clearTimeout(patience)
    release()
    // What it left behind gets two seconds to be gone.
    for (let waited = 0; waited < 2000 && family.some(isAlive); waited += 50) await after(50)
    return family.filter(isAlive)
  }
  const kill = async (): Promise<readonly ProcessId[]> => {
    const family = await descendantsOf(pid)
    child.kill('SIGKILL')
    await exited
    release()
    return family
  }
  return { url: said.url, pid, stop: () => (stopping ??= stop()), kill }
}

/** Where rows and bytes are kept is the one thing that a demo takes over. */
function backends(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name === 'DATABASE_URL' || /^S3_/.test(name)),
  )
}

function servedLine(line: string): { url: string; broken: readonly unknown[] } | undefined {
  try {
    const said = JSON.parse(line) as { object?: string; url?: string; broken?: unknown[] }
    return said.object === 'served' && said.url
      ? { url: said.url, broken: said.broken ?? [] }
      : undefined
  } catch {
    return undefined
  }
}

/** Whoever ends this process, by a signal or a mistake, ends the service too. Answers how to undo that. */
function endTogether(end: () => void): () => void {
  const leave = () => process.exit(1)
  process.on('exit', end)
  process.on('SIGINT', leave)
  process.on('SIGTERM', leave)
  return () => {
    process.off('exit', end)
    process.off('SIGINT', leave)
    process.off('SIGTERM', leave)
  }
}
