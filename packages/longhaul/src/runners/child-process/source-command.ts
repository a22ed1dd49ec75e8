import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LonghaulError } from '../../errors/index.ts'
import type { ProcessorDescription } from '../../processor/index.ts'
import { compiledCodeFolder } from '../../support/compiled-code.ts'
import type { ProcessorSource, RunnerOptions } from '../runner.ts'
import { pythonFor } from './python-interpreter.ts'

export interface Command {
  readonly command: string
  /** Node takes its heap limit from the command line, and nowhere else. */
  readonly argsFor: (memoryBytes?: number) => readonly string[]
  /** Whether that is so here: a child started with one limit cannot have another. */
  readonly limitsHeap?: true
  /** Whether the process that was asked for a description goes no further, because it is not the one to run it. */
  readonly onlyDescribes: (description: ProcessorDescription) => boolean
  /** The description may name the interpreter behind a launcher (a shim of pyenv, say). */
  readonly mayRedirect?: boolean
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
  if (isScript(name)) return nodeCommand(file, cwd)
  if (name.endsWith('.py')) return pythonCommand(file, cwd, pythonFor(file, python))
  if (executable)
    return { command: file, argsFor: () => [], onlyDescribes: () => false, cwd, env: {} }
  throw new LonghaulError(
    'processor-broken',
    `${name} is no processor: serve a .ts, .js, .mjs or .py file, or an executable that speaks the processor protocol (chmod +x).`,
  )
}

export const isScript = (name: string): boolean => /\.[cm]?[jt]s$/.test(name)

/** `what` a child of ours is given to load: a file, or the folder of a callable. */
export function nodeCommand(what: string, cwd: string, env: Command['env'] = {}): Command {
  const conditions = fromSource ? ['--conditions=longhaul-source'] : []
  const compiled = compiledCodeFolder()
  return {
    command: process.execPath,
    limitsHeap: true,
    argsFor: (memoryBytes) => [
      ...conditions,
      ...(memoryBytes === undefined ? [] : [heapLimit(memoryBytes)]),
      '--enable-source-maps',
      nodeChild,
      what,
    ],
    onlyDescribes: ({ runner, memory_bytes, jobs }) =>
      runner === 'inline' || runner === 'thread' || memory_bytes !== undefined || jobs === false,
    cwd,
    env: compiled === undefined ? env : { ...env, NODE_COMPILE_CACHE: compiled },
  }
}

export function pythonCommand(
  what: string,
  cwd: string,
  command: string,
  env: Command['env'] = {},
): Command {
  return {
    command,
    mayRedirect: true,
    argsFor: () => ['-m', 'longhaul.child', what],
    onlyDescribes: () => false,
    cwd,
    env: {
      ...env,
      PYTHONPATH: [pythonFolder, process.env['PYTHONPATH']].filter(Boolean).join(path.delimiter),
    },
  }
}

const heapLimit = (memoryBytes: number): string =>
  `--max-old-space-size=${Math.ceil(memoryBytes / 2 ** 20)}`

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
