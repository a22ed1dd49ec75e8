import { createPrivateKey } from 'node:crypto'
import type { ConfigFields } from '../config-fields.ts'

const field = 'service_account_file'
const maxKeyLength = 16_384
const defaultTokenUri = 'https://oauth2.googleapis.com/token'

/**
 * The key of a service account: the JSON itself, as text or as an object. A path is refused, because whoever names a file of
 * the server could have any of them read as a key.
 */
export function parseServiceAccount(
  fields: ConfigFields,
  tokenHosts: readonly string[],
): Readonly<Record<string, string>> {
  const said = fields.raw(field)
  if (said === undefined || said === null || said === '') {
    fields.wrong(field, 'Field required', 'missing')
    return {}
  }
  const key = typeof said === 'string' ? parsed(said) : said
  const { client_email, private_key, private_key_id, token_uri } = (
    typeof key === 'object' && key !== null ? key : {}
  ) as Record<string, unknown>
  if (typeof client_email !== 'string' || typeof private_key !== 'string') {
    fields.wrong(
      field,
      'Input should be the JSON of a service account key, with client_email and private_key; not a path',
    )
    return {}
  }
  if (client_email.length + private_key.length > maxKeyLength || !isRsaKey(private_key))
    fields.wrong(field, 'private_key should be an RSA key in PEM')
  const tokenUri = typeof token_uri === 'string' ? token_uri : defaultTokenUri
  if (!URL.canParse(tokenUri) || !tokenHosts.includes(new URL(tokenUri).host))
    fields.wrong(field, `token_uri should be at ${tokenHosts.join(' or ')}`)
  return {
    ...{ clientEmail: client_email, privateKey: private_key, tokenUri },
    ...(typeof private_key_id === 'string' ? { privateKeyId: private_key_id.slice(0, 256) } : {}),
  }
}

function parsed(text: string): unknown {
  try {
    return text.length <= maxKeyLength ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}

/** `file_id`, or what `folder_link` or `folder_id` names: `?id=`, `/file/d/<id>`, `/drive/folders/<id>`. */
export function driveIdOf(fields: ConfigFields): string {
  const link = fields.text('folder_link', 2048)
  const fromLink =
    link === undefined ? undefined : /(?:[?&]id=|\/d\/|\/folders\/)([\w-]+)/.exec(link)?.[1]
  if (link !== undefined && fromLink === undefined)
    fields.wrong('folder_link', 'Input should be a link to a file or a folder')
  const id = fromLink ?? fields.text('folder_id', 256) ?? fields.required('file_id', 256)
  if (id !== '' && !/^[\w-]+$/.test(id)) fields.wrong('file_id', 'Input should be an id')
  return id
}
