import { LonghaulError } from '../errors/index.ts'
import { ConfigFields } from './config-fields.ts'
import { parseServiceAccount, driveIdOf } from './drive/parse-service-account.ts'
import type { SourceDescription } from './imports.ts'
import type { SplitConfig } from './source-config.ts'

export interface SourceRules {
  /** Hosts that a service account's key may name for its tokens. */
  readonly tokenHosts: readonly string[]
  readonly inputRoots: readonly string[]
}

const maxUrlLength = 2048
type Parse = (fields: ConfigFields, rules: SourceRules) => SplitConfig
const parsers: Readonly<Record<string, Parse>> = {
  url: parseUrl,
  s3: parseS3,
  google_drive: parseDrive,
  local: (fields) => ({
    shown: { type: 'local', path: fields.required('file_path', 4096) },
    secrets: {},
  }),
}

export const sourceDescriptions = ({ inputRoots }: SourceRules): readonly SourceDescription[] => [
  {
    ...{ type: 'local', supported: inputRoots.length > 0 },
    ...{ required: ['file_path'], optional: [] },
  },
  {
    ...{ type: 'google_drive', supported: true },
    required: ['file_id', 'service_account_file'],
    optional: ['folder_link', 'shared_drive_id', 'subject'],
  },
  {
    ...{ type: 's3', supported: true },
    required: ['bucket_name', 'object_key', 'access_key_id', 'secret_access_key'],
    optional: ['region', 'endpoint_url', 'session_token', 'version_id'],
  },
  {
    ...{ type: 'url', supported: true },
    ...{ required: ['url'], optional: ['auth_config', 'link_only'] },
  },
  { type: 'dropbox', supported: false, required: [], optional: [] },
  { type: 'onedrive', supported: false, required: [], optional: [] },
]

/** Throws 'source-unsupported' and 'invalid-request'; nobody outside is asked. */
export function parseSource(type: string, config: unknown, rules: SourceRules): SplitConfig {
  const known = sourceDescriptions(rules)
  const supported = known.filter((source) => source.supported).map((source) => source.type)
  const parse = parsers[type]
  if (parse === undefined || !supported.includes(type))
    throw new LonghaulError(
      'source-unsupported',
      `Unsupported source type: ${JSON.stringify(type.slice(0, 40))}. This service imports from ${supported.join(', ')}.`,
      { facts: { supported_source_types: supported } },
    )
  const fields = new ConfigFields(config)
  const split = parse(fields, rules)
  fields.check()
  return split
}

function parseUrl(fields: ConfigFields): SplitConfig {
  const text = fields.required('url', maxUrlLength)
  const linkOnly = fields.flag('link_only', false)
  fields.only('verify_ssl', true, 'certificates are always checked')
  fields.only('follow_redirects', true, 'redirects are always followed, five at most')
  const authorization = authorizationOf(fields)
  if (!URL.canParse(text)) {
    if (text !== '') fields.wrong('url', 'Input should be a valid URL', 'url_parsing')
    return { shown: { type: 'url' }, secrets: {} }
  }
  const url = new URL(text)
  if (url.username !== '' || url.password !== '')
    fields.wrong('url', 'a URL must carry no user name and no password; send them in auth_config')
  if (linkOnly && (authorization !== undefined || mayHoldSecret(url)))
    fields.wrong(
      'link_only',
      'a link that needs a secret cannot be registered: it is kept as it is',
    )
  url.hash = ''
  // What a query means is the server's affair: signatures stand there, and tokens.
  const isSealed = url.search !== '' && !linkOnly
  const shown = isSealed ? `${url.origin}${url.pathname}?…` : url.href
  return {
    shown: { type: 'url', url: shown, linkOnly },
    secrets: {
      ...(isSealed ? { url: url.href } : {}),
      ...(authorization === undefined ? {} : { authorization }),
    },
  }
}

const mayHoldSecret = (url: URL): boolean =>
  [...url.searchParams.keys()].some((name) =>
    /sig|token|key|secret|pass|cred|auth|session|jwt|code/i.test(name),
  )

/** `{ username, password }` or `{ token }`. Other headers would follow redirects to strangers. */
function authorizationOf(fields: ConfigFields): string | undefined {
  if (!fields.has('auth_config')) {
    if (fields.flag('auth_required', false))
      fields.wrong('auth_config', 'Field required', 'missing')
    return undefined
  }
  const raw = fields.raw('auth_config')
  const said = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>
  const { username, password = '', token } = said
  if (typeof token === 'string' && /^[\x21-\x7e]{1,8192}$/.test(token)) return `Bearer ${token}`
  if (typeof username === 'string' && username !== '' && typeof password === 'string')
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  if (Object.keys(said).length > 0 || fields.flag('auth_required', false))
    fields.wrong('auth_config', 'Input should hold username and password, or token')
  return undefined
}

function parseS3(fields: ConfigFields): SplitConfig {
  const region = fields.text('region', 64) ?? 'us-east-1'
  const bucket = fields.required('bucket_name', 255)
  const key = fields.required('object_key')
  const versionId = fields.text('version_id')
  const given = fields.text('endpoint_url', maxUrlLength)
  const accessKeyId = fields.required('access_key_id')
  const secretAccessKey = fields.required('secret_access_key')
  const sessionToken = fields.text('session_token', 8192)
  if (!/^[\w-]+$/.test(region)) fields.wrong('region', 'Input should be the name of a region')
  if (bucket !== '' && !/^[\w.-]+$/.test(bucket))
    fields.wrong('bucket_name', 'Input should be the name of a bucket')
  // A URL is not the place for them: whoever reads it on its way takes them for a way up.
  if (key.split('/').some((one) => one === '.' || one === '..'))
    fields.wrong('object_key', 'Input should have no part that is . or ..')
  const endpoint = given ?? `https://s3.${region}.amazonaws.com`
  if (!isPlainOrigin(endpoint))
    fields.wrong(
      'endpoint_url',
      'Input should be an http or https URL without a query',
      'url_parsing',
    )
  return {
    shown: {
      ...{ type: 's3', endpoint: endpoint.replace(/\/+$/, ''), region, bucket, key },
      ...(versionId === undefined ? {} : { versionId }),
    },
    secrets: {
      ...{ accessKeyId, secretAccessKey },
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
  }
}

function isPlainOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && username + password + search + hash === ''
}

function parseDrive(fields: ConfigFields, { tokenHosts }: SourceRules): SplitConfig {
  const account = parseServiceAccount(fields, tokenHosts)
  const id = driveIdOf(fields)
  const driveId = fields.text('shared_drive_id', 256)
  const subject = fields.text('subject', 320)
  return {
    shown: {
      ...{ type: 'google_drive', id },
      ...(driveId === undefined ? {} : { driveId }),
      ...(subject === undefined ? {} : { subject }),
    },
    secrets: { ...account },
  }
}
