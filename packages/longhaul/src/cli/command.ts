import type { Environment } from '../app/config.ts'
import type { ExitCode } from './exit-code.ts'
import type { Output } from './output.ts'

export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** What stands for the value in the help: `--port N`. */
  readonly value?: string
  readonly help: string
}
export type OptionSpecs = Readonly<Record<string, OptionSpec>>
export type OptionValues<S extends OptionSpecs> = {
  readonly [K in keyof S]?: S[K] extends { type: 'boolean' }
    ? boolean
    : S[K] extends { multiple: true }
      ? readonly string[]
      : string
}

/** What a command may use of the outside. */
export interface Context {
  readonly env: Environment
  readonly cwd: string
  readonly output: Output
  /** From the first use on, Ctrl-C aborts this signal (with Interrupted) instead of ending the process; a second one ends it. */
  interruption(): AbortSignal
}
export interface Invocation<S extends OptionSpecs> extends Context {
  readonly words: readonly string[]
  readonly options: OptionValues<S>
}
export interface Command<S extends OptionSpecs = OptionSpecs> {
  readonly name: string
  /** After the name: `PROCESSOR [name=value…]`. */
  readonly usage: string
  readonly summary: string
  /** What else to know, and examples; shown by --help. */
  readonly more?: string
  readonly options: S
  run(invocation: Invocation<S>): Promise<ExitCode>
}

/** Types the option values of a command by its own table. */
export const defineCommand = <const S extends OptionSpecs>(command: Command<S>): Command => command

/** Every command has these. */
export const commonOptions = {
  json: { type: 'boolean', help: 'one JSON object per line on stdout, for programs' },
  quiet: { type: 'boolean', short: 'q', help: 'no words and no bars on stderr; errors stay' },
  help: { type: 'boolean', short: 'h', help: 'this page' },
} as const satisfies OptionSpecs

/** Commands that talk to a running service have these too. */
export const serviceOptions = {
  url: {
    type: 'string',
    value: 'URL',
    help: 'the service; else LONGHAUL_URL, else that of `login`, else http://127.0.0.1:8000',
  },
  token: {
    type: 'string',
    value: 'KEY',
    help: 'its key; better in LONGHAUL_TOKEN, where no one else sees it',
  },
} as const satisfies OptionSpecs
