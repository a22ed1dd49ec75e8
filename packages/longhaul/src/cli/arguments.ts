import { parseArgs } from 'node:util'
import { parseDuration } from '../support/duration.ts'
import { commonOptions, type Command, type OptionSpecs, type OptionValues } from './command.ts'
import { UsageError } from './exit-code.ts'
import { didYouMean } from '../support/nearest.ts'

/** Splits what follows a command's name into words and options; whatever it does not know, it names. */
export function parseArguments(
  command: Pick<Command, 'options'>,
  args: readonly string[],
): { words: readonly string[]; options: OptionValues<OptionSpecs & typeof commonOptions> } {
  const specs: OptionSpecs = { ...command.options, ...commonOptions }
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { type, short, multiple }]) => [
        name,
        { type, ...(short === undefined ? {} : { short }), multiple: multiple ?? false },
      ]),
    ),
    strict: false, // its own messages suggest nothing
    allowPositionals: true,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined
    if (spec === undefined) {
      throw new UsageError(
        `There is no option ${token.rawName}${didYouMean(token.name, Object.keys(specs), '--')}`,
      )
    }
    if (spec.type === 'string' && (token.value === undefined || isOptionLike(token, specs))) {
      throw new UsageError(
        `${token.rawName} needs a value: ${token.rawName} ${spec.value ?? 'VALUE'}`,
      )
    }
    if (spec.type === 'boolean' && token.value !== undefined) {
      throw new UsageError(`${token.rawName} takes no value, got ${JSON.stringify(token.value)}`)
    }
  }
  return { words: positionals, options: values as OptionValues<OptionSpecs & typeof commonOptions> }
}

/** `--port --open` forgot the port; `--port=--open` meant it. */
const isOptionLike = (
  token: { readonly value?: string | undefined; readonly inlineValue?: boolean | undefined },
  specs: OptionSpecs,
): boolean =>
  token.inlineValue === false &&
  token.value?.startsWith('--') === true &&
  Object.hasOwn(specs, token.value.slice(2))

/** A whole number of an option, at least `min`. */
export function wholeNumber(name: string, text: string | undefined, min = 0): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= min) return value
  throw new UsageError(
    `--${name} must be a whole number of at least ${min}, got ${JSON.stringify(text)}`,
  )
}

/** `90s`, `10min`, `1.5 h`, in milliseconds. */
export function durationMs(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  try {
    return parseDuration(text)
  } catch (error) {
    throw new UsageError(`--${name}: ${(error as Error).message}`)
  }
}
