import { isServiceError } from '@longhaul/client'
import type { Environment } from '../app/config.ts'
import { parseArguments } from './arguments.ts'
import type { Context } from './command.ts'
import { commands, summaries } from './commands/index.ts'
import { exitCode, exitCodeOf, Interrupted, UsageError, type ExitCode } from './exit-code.ts'
import { commandHelp, generalHelp } from './help.ts'
import { didYouMean } from '../support/nearest.ts'
import { createOutput, type Output, type Sink } from './output.ts'

export interface Surroundings {
  readonly env: Environment
  readonly cwd: string
  readonly stdout: Sink
  readonly stderr: Sink
  /** See Context. */
  readonly interruption: () => AbortSignal
}

/** Runs one command line to its exit code. Never throws: every failure is a line on stderr and a code. */
export async function dispatch(argv: readonly string[], around: Surroundings): Promise<ExitCode> {
  const [name, ...rest] = argv
  const { stdout, stderr } = around
  if (name === undefined) {
    stderr.write(`${generalHelp(summaries)}\n`)
    return exitCode.usage
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    const [of] = rest
    if (of !== undefined) return dispatch([of, '--help'], around)
    stdout.write(`${generalHelp(summaries)}\n`)
    return exitCode.done
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load === undefined) {
    const hint = didYouMean(name, Object.keys(commands), 'longhaul ')
    stderr.write(`longhaul: There is no command ${name}${hint}\n  longhaul --help lists them\n`)
    return exitCode.usage
  }

  // Before the words are understood --json must already hold, so that a program can read the mistake.
  let output = createOutput({ stdout, stderr, quiet: false, json: rest.includes('--json') })
  try {
    const command = await load()
    const { words, options } = parseArguments(command, rest)
    if (options['help'] === true) {
      stdout.write(`${commandHelp(command)}\n`)
      return exitCode.done
    }
    const { json = false, quiet = false } = options as { json?: boolean; quiet?: boolean }
    output = createOutput({ stdout, stderr, quiet, json })
    const { env, cwd, interruption } = around
    const context: Context = { env, cwd, output, interruption }
    const code = await command.run({ ...context, words, options })
    output.settle()
    return code
  } catch (error) {
    const code = exitCodeOf(error)
    explain(error, code, name, output)
    return code
  }
}

function explain(error: unknown, code: ExitCode, command: string, output: Output): void {
  output.settle()
  if (error instanceof Interrupted) return output.say(error.message)
  const message = error instanceof Error ? error.message : String(error)
  output.object('error', {
    exit_code: code,
    message,
    ...(isServiceError(error)
      ? { code: error.code, status: error.status, problem: error.problem }
      : {}),
  })
  output.complain(`longhaul: ${message}`)
  if (error instanceof UsageError) output.complain(`  longhaul ${command} --help shows how`)
  if (code === exitCode.failed && !isExpected(error))
    output.complain(String((error as Error).stack))
}

/** An error with words for a person, or of the system; anything else is a bug, and its stack is the best there is. */
const isExpected = (error: unknown): boolean =>
  error instanceof Error &&
  ('syscall' in error || !/^(Error|\w*TypeError|ReferenceError|RangeError)$/.test(error.name))
