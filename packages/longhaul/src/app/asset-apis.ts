import { LonghaulError } from '../errors/index.ts'

/** Where an operation's API is, and what it is paid with. */
interface AssetApi {
  readonly url: string
  readonly key: string
}

/** By the last word of the variables, in lower case with `-`; the empty word is for every other operation. */
export type AssetApis = Readonly<Record<string, Partial<AssetApi>>>

/**
 * `ASSET_API_URL` and `ASSET_API_KEY`, and for one operation alone `ASSET_API_URL_REMOVE_BACKGROUND` and its key. System C
 * called them `REDACTED_SERVICE_API_…`.
 */
export function readAssetApis(
  env: Readonly<Record<string, string | undefined>>,
  mistakes: string[],
): AssetApis {
  const apis: Record<string, { url?: string; key?: string }> = {}
  for (const prefix of ['REDACTED_SERVICE_API', 'ASSET_API'])
    for (const [name, text] of Object.entries(env)) {
      const [, what, suffix = ''] = new RegExp(`^${prefix}_(URL|KEY)(?:_(\\w+))?$`).exec(name) ?? []
      if (what === undefined || !text) continue
      const api = (apis[wordOf(suffix)] ??= {})
      if (what === 'URL') {
        if (/^https?:\/\/./.test(text) && URL.canParse(text)) api.url = text.replace(/\/+$/, '')
        else mistakes.push(`${name} must be an http or https URL`)
        // What goes into a header must be able to; it is not quoted here.
      } else if (/^[\x21-\x7e]+$/.test(text)) api.key = text
      else mistakes.push(`${name} must be printable ASCII without spaces`)
    }
  return apis
}

/** Throws 'invalid-config' with the names of what is missing. */
export function assetApiOf(apis: AssetApis, operation: string): AssetApi {
  const own = apis[wordOf(operation)] ?? {}
  const url = own.url ?? apis['']?.url
  // The key of one API is no other API's business.
  const key = own.key ?? (own.url === undefined ? apis['']?.key : undefined)
  if (url !== undefined && key !== undefined) return { url, key }
  const missing = [
    ...(url === undefined ? ['ASSET_API_URL'] : []),
    ...(key === undefined ? ['ASSET_API_KEY'] : []),
  ]
  throw new LonghaulError(
    'invalid-config',
    `The operation ${operation} calls an API: set ${missing.join(' and ')}.`,
    { facts: { mistakes: missing } },
  )
}

const wordOf = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
