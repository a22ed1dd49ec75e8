import { splitWords } from './split-words.ts'

/** One `{name:type=default}` of a template. */
export interface Field {
  readonly name: string
  readonly kind: 'file' | 'files' | 'int' | 'float' | 'str' | 'bool' | 'choice' | 'output'
  readonly choices?: readonly string[]
  /** `.mp4`, or empty. */
  readonly extension?: string
  readonly fallback?: string
}
/** One argument: text and placeholders in turn. */
export type Argument = readonly (string | { readonly field: string })[]

export interface ProgramTemplate {
  readonly command: string
  readonly args: readonly Argument[]
  /** In the order in which they first stand in the template. */
  readonly fields: readonly Field[]
}

// A brace that does not begin like this is the program's own: awk '{print $1}', find -exec … {} ;
const placeholder = /\{([A-Za-z_]\w*)(?::([^{}=]*))?(?:=([^{}]*))?\}/g

/** Reads `ffmpeg -i {video:file} -vf scale={width:int=320}:-2 {small:out.mp4}`; throws a TypeError with a sentence. */
export function parseTemplate(template: string): ProgramTemplate {
  const [command, ...words] = splitWords(template)
  if (command === undefined) throw new TypeError('The command is empty.')
  if (new RegExp(placeholder).test(command))
    throw new TypeError('The program itself cannot be a placeholder.')
  const fields = new Map<string, Field>()
  const bare: string[] = []
  const args = words.map((word): Argument => {
    const parts: (string | { field: string })[] = []
    let end = 0
    for (const match of word.matchAll(placeholder)) {
      const [whole, name = '', type, fallback] = match
      if (match.index > end) parts.push(word.slice(end, match.index))
      end = match.index + whole.length
      parts.push({ field: name })
      if (type === undefined && fallback === undefined) bare.push(name)
      else declare(fields, toField(name, type ?? 'str', fallback))
    }
    if (end < word.length || parts.length === 0) parts.push(word.slice(end))
    return parts
  })
  for (const name of bare) if (!fields.has(name)) fields.set(name, { name, kind: 'str' })
  for (const arg of args) {
    const list = arg.find((part) => typeof part !== 'string' && isList(fields.get(part.field)))
    if (list && arg.length > 1)
      throw new TypeError('A {name:files} must be an argument of its own: it becomes several.')
  }
  return { command, args, fields: [...fields.values()] }
}

const isList = (field: Field | undefined): boolean => field?.kind === 'files'

function declare(fields: Map<string, Field>, field: Field): void {
  const before = fields.get(field.name)
  if (before && JSON.stringify(before) !== JSON.stringify(field))
    throw new TypeError(
      `{${field.name}} is declared twice; write the type once, then {${field.name}}.`,
    )
  fields.set(field.name, field)
}

function toField(name: string, type: string, fallback: string | undefined): Field {
  const rest = fallback === undefined ? {} : { fallback }
  const field = ((): Field => {
    if (type === 'out' || /^out\.\w[\w.]*$/.test(type))
      return { name, kind: 'output', extension: type.slice(3) }
    if (type === 'file' || type === 'files') return { name, kind: type }
    if (type === 'int' || type === 'bool') return { name, kind: type, ...rest }
    if (type === 'float' || type === 'number') return { name, kind: 'float', ...rest }
    if (type === 'str' || type === 'text') return { name, kind: 'str', ...rest }
    if (type.includes('|')) return { name, kind: 'choice', choices: type.split('|'), ...rest }
    throw new TypeError(
      `{${name}:${type}}: the type is file, files, int, float, str, bool, a|b|c, or out.<extension>.`,
    )
  })()
  if (fallback !== undefined && (field.kind === 'output' || field.kind.startsWith('file')))
    throw new TypeError(`{${name}:${type}=…}: a file has no default.`)
  return field
}
