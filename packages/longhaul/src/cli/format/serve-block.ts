import type { ActionDescription, ProcessorDescription } from '../../processor/index.ts'
import type { RunnerState } from '../../runners/runner.ts'
import { fileFieldsOf } from '../../processor/index.ts'
import { duration } from './quantity.ts'
import { propertiesOf, signature } from './signature.ts'
import { typeWord } from './type-word.ts'

export interface Served {
  readonly description: ProcessorDescription
  readonly state: RunnerState
  /** 0: jobs run in other processes. */
  readonly slots: number
}

/** One line for each processor: name, signature, and what runs it. A broken one says what is wrong. */
export function processorLines(
  served: readonly Served[],
  broken: readonly { readonly name: string; readonly detail: string }[],
): string[] {
  const names = [
    ...served.map(({ description }) => description.name),
    ...broken.map(({ name }) => name),
  ]
  const nameWidth = Math.max(9, ...names.map((name) => name.length)) + 3
  const signatures = served.map(({ description }) => signatureOf(description))
  // Beyond a width the facts follow where the signature ends: a long one does not push the others away.
  const signatureWidth = Math.min(48, Math.max(...signatures.map((text) => text.length), 0))
  return [
    ...served.map((one, i) => {
      const left = `${one.description.name.padEnd(nameWidth)}${(signatures[i] ?? '').padEnd(signatureWidth)}`
      return `  ${left}   ${factsOf(one)}`
    }),
    ...broken.map(
      ({ name, detail }) =>
        `  ${name.padEnd(nameWidth)}cannot be loaded: ${indented(detail, nameWidth + 4)}`,
    ),
  ]
}

/** Of a service that has no jobs: what may be called. */
const signatureOf = ({ input, output, jobs, actions = [] }: ProcessorDescription): string =>
  jobs === false
    ? `answers at once: ${actions.map(({ name }) => name).join(', ')}`
    : signature(input, output)

/** How a processor's setup went, once it has ended: for those that were not ready when the service started. */
export function stateLine({ description, state, slots }: Served): string {
  return `  ${description.name}   ${factsOf({ description, state, slots })}`
}

function factsOf({ description, state, slots }: Served): string {
  const runtime = description.runtime ?? description.runner ?? 'process'
  if (state.kind === 'broken')
    return `${runtime} · setup failed: ${indented(state.problem.detail, 4)}`
  if (slots === 0) return `${runtime} · run by workers`
  const warm = state.kind === 'ready' ? `warm in ${duration(state.warmMs)}` : 'getting warm'
  return `${runtime} · ${warm} · ${slots} ${slots === 1 ? 'slot' : 'slots'}`
}

const indented = (text: string, by: number): string =>
  text.trimEnd().replaceAll('\n', `\n${' '.repeat(by)}`)

const exampleFiles: readonly (readonly [RegExp, string])[] = [
  [/^image\//, 'cat.png'],
  [/^video\//, 'clip.mp4'],
  [/^audio\//, 'sound.wav'],
  [/^text\//, 'notes.txt'],
]

/** A line to paste: curl with every field that must be given. A processor whose answer is a file saves it under its name. */
export function curlLine(description: ProcessorDescription, url: string): string {
  const { name, input, output, callable, jobs, actions = [] } = description
  if (callable !== undefined)
    return `  curl -H 'content-type: application/json' -d '{"params":{}}' ${url}/run/${name}`
  const [action] = actions
  if (jobs === false && action !== undefined) return callLine(name, action)
  const files = new Map(fileFieldsOf(input).map((field) => [field.name, field]))
  const required = (input['required'] ?? []) as readonly string[]
  const fields = propertiesOf(input).flatMap(([field, schema]) => {
    const file = files.get(field)
    if (file !== undefined) {
      const example =
        exampleFiles.find(([type]) => type.test(file.mediaType ?? ''))?.[1] ?? exampleFor(field)
      return file.required ? [`-F ${field}=@${example}`] : []
    }
    return required.includes(field) && schema['default'] === undefined
      ? [`-F ${field}=${exampleValue(schema)}`]
      : []
  })
  const answer = propertiesOf(output)
  const isFile = answer.length === 1 && typeWord(answer[0]![1]) === 'file'
  const form = fields.length > 0 ? fields.join(' ') : '-X POST'
  return `  curl ${isFile ? '-OJ ' : ''}${form} ${url}/processors/${encodeURIComponent(name)}/run`
}

/** The command knows methods, paths and files. */
function callLine(name: string, { name: action, input, params }: ActionDescription): string {
  const files = new Set(fileFieldsOf(input).map((field) => field.name))
  const words = [params, input].flatMap((schema) => {
    const required = (schema['required'] ?? []) as readonly string[]
    return propertiesOf(schema).flatMap(([field, property]) =>
      required.includes(field) && property['default'] === undefined
        ? [`${field}=${files.has(field) ? `@${exampleFor(field)}` : exampleValue(property)}`]
        : [],
    )
  })
  return `  longhaul call ${[name, action, ...words].join(' ')}`
}

/** Without a media type the field's own name is the best hint: `image: Path` is most likely a picture. */
const exampleFor = (field: string): string =>
  /^(image|img|picture|photo)s?$/i.test(field) ? 'cat.png' : 'FILE'

function exampleValue(schema: Parameters<typeof typeWord>[0]): string {
  const [choice] = (schema['enum'] ?? []) as readonly unknown[]
  if (choice !== undefined) return typeof choice === 'string' ? choice : JSON.stringify(choice)
  const word = typeWord(schema)
  return { int: '1', number: '1.5', bool: 'true', text: 'TEXT' }[word] ?? `'${word.toUpperCase()}'`
}
