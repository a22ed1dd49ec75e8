import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LonghaulError } from '../../errors/index.ts'
import type { ProcessorSource, RunnerOptions } from '../runner.ts'
import { pythonFor } from './python-interpreter.ts'

export interface Command {
  readonly command: string
  readonly args: readonly string[]
  /** The current directory while code is imported and set up: the folder of the served file. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

const here = import.meta.url
/** Running from the sources, or from the build? The child is then of the same kind. */
const fromSource = here.endsWith('.ts')
const nodeChild = fileURLToPath(new URL(`./node-child.${fromSource ? 'ts' : 'js'}`, here))
/** Beside the package's own code: `python/` of the repository, or its copy in the build. */
const pythonFolder = fileURLToPath(
  new URL(fromSource ? '../../../../../python' : '../../python', here),
)

/** The program that speaks the processor protocol for a served file. Throws 'processor-broken'. */
export function commandFor(
  source: Extract<ProcessorSource, { kind: 'file' }>,
  { python }: Pick<RunnerOptions, 'python'>,
): Command {
  const file = path.resolve(source.path)
  const name = path.basename(file)
  let executable: boolean
  try {
    if (!statSync(file).isFile()) throw new Error('it is not a file')
    executable = isExecutable(file)
  } catch (cause) {
    throw new LonghaulError('processor-broken', `${name} cannot be read: ${reason(cause)}`, {
      cause,
    })
  }
  const cwd = path.dirname(file)
  if (/\.[cm]?[jt]s$/.test(name)) {
    const conditions = fromSource ? ['--conditions=longhaul-source'] : []
    return {
      command: process.execPath,
      args: [...conditions, '--enable-source-maps', nodeChild, file],
      cwd,
      env: {},
    }
  }
  if (name.endsWith('.py')) {
    return {
      command: pythonFor(file, python),
      args: ['-m', 'longhaul.child', file],
      cwd,
      env: {
        PYTHONPATH: [pythonFolder, process.env['PYTHONPATH']].filter(Boolean).join(path.delimiter),
      },
    }
  }
  if (executable) return { command: file, args: [], cwd, env: {} }
  throw new LonghaulError(
    'processor-broken',
    `${name} is no processor: serve a .ts, .js, .mjs or .py file, or an executable that speaks the processor protocol (chmod +x).`,
  )
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const reason = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ENOENT' ? 'there is no such file' : message
}
