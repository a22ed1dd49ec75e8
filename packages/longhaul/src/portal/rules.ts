import { fileFieldsOf, type ProcessorDescription } from '../processor/index.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Rule } from '../app/config.ts'
import type { Services } from '../app/services.ts'

export interface RuledFile {
  readonly name: string
  readonly mediaType: string | null
}

/** The first rule that fits: by media type (`image/*`) or by name (`*.nc`, matched with and without its folders). */
export function ruleFor(rules: readonly Rule[], { name, mediaType }: RuledFile): Rule | undefined {
  const base = name.slice(name.lastIndexOf('/') + 1)
  const type = mediaType?.split(';')[0]?.trim().toLowerCase() ?? ''
  return rules.find(({ match }) =>
    isMediaType(match)
      ? fits(match.toLowerCase(), type)
      : fits(match.toLowerCase(), base.toLowerCase()) ||
        fits(match.toLowerCase(), name.toLowerCase()),
  )
}

/** The registries of media types are closed, so `images/*.png` is a name. */
const isMediaType = (match: string): boolean =>
  /^(application|audio|font|image|message|model|multipart|text|video)\/[\w.+*-]+$/i.test(match) &&
  !/\*\.\w/.test(match)

/** `*` is any run of characters, `?` one. Without backtracking, so that no name costs more than its length times the pattern's. */
function fits(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let from = 0
  while (t < text.length) {
    const wanted = pattern[p]
    if (wanted === '*') {
      star = p++
      from = t
    } else if (wanted === '?' || wanted === text[t]) {
      p++
      t++
    } else if (star !== -1) {
      p = star + 1
      t = ++from
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/** The field that an automatic job's file goes into. */
export function onlyFileField(description: ProcessorDescription): {
  readonly name: string
  readonly many: boolean
} {
  const fields = fileFieldsOf(description.input)
  const [field] = fields
  if (field !== undefined && fields.length === 1) return field
  throw new LonghaulError(
    'invalid-config',
    `A rule gives ${description.name} one file, but it has ${fields.length} file inputs.`,
  )
}

/** A rule that can never hold is a mistake of whoever wrote it. Throws 'invalid-config'. */
export function checkRules({
  config,
  runners,
  broken,
}: Pick<Services, 'config' | 'runners' | 'broken'>): void {
  for (const { match, processor } of config.rules) {
    const runner = runners.get(processor)
    if (runner !== undefined) onlyFileField(runner.description)
    else if (!broken.some(({ name }) => name === processor))
      throw new LonghaulError(
        'invalid-config',
        `The rule ${match}=${processor} names a processor that is not served; there is ${[...runners.keys()].join(', ') || 'none'}.`,
      )
  }
}
