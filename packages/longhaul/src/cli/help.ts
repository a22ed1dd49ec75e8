import { commonOptions, type Command, type OptionSpec } from './command.ts'

/** The page of one command. */
export function commandHelp(command: Command): string {
  const options = Object.entries({ ...command.options, ...commonOptions })
  const rows = options.map(([name, spec]) => [flagOf(name, spec), spec.help] as const)
  return [
    `longhaul ${command.name} ${command.usage}`.trimEnd(),
    '',
    indented(command.summary),
    ...(command.more === undefined ? [] : ['', indented(command.more)]),
    '',
    ...columns(rows),
  ].join('\n')
}

/** The page of the whole program. */
export function generalHelp(summaries: Readonly<Record<string, string>>): string {
  return [
    'longhaul COMMAND [options]      your function, as a service that does not lose work',
    '',
    ...columns(Object.entries(summaries)),
    '',
    '  longhaul COMMAND --help says more. LONGHAUL_URL and LONGHAUL_TOKEN name the service and its key.',
    '  Ends with 0 done · 1 failed · 2 usage · 3 some failed · 4 cancelled · 5 refused · 69 unreachable ·',
    '  124 deadline passed · 130 detached.',
  ].join('\n')
}

const flagOf = (name: string, { short, type, value, multiple }: OptionSpec): string =>
  `${short === undefined ? '' : `-${short}, `}--${name}` +
  (type === 'string' ? ` ${value ?? 'VALUE'}${multiple ? '…' : ''}` : '')

const columns = (rows: readonly (readonly [string, string])[]): string[] => {
  const width = Math.max(...rows.map(([left]) => left.length)) + 3
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`)
}
const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ')
