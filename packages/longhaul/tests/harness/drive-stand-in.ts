import { createHash, createVerify, generateKeyPairSync } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { startCutServer, type CutAnswer, type CutServer } from './cut-server.ts'
import { serveFile } from './file-server.ts'

/** One file as the Drive API tells it, with its bytes. */
export interface DriveItem {
  readonly id: string
  readonly name: string
  readonly parent?: string
  readonly mimeType?: string
  bytes?: Buffer
  revision?: string
  readonly target?: string
  readonly canDownload?: boolean
  /** In place of what was asked about it, first one first. */
  readonly before?: CutAnswer[]
}
export interface DriveStandIn extends AsyncDisposable {
  readonly server: CutServer
  readonly items: Map<string, DriveItem>
  /** What a caller sends as service_account_file; its host is the stand-in's. */
  readonly key: Record<string, string>
  /** Assertions that were taken. */
  readonly tokens: string[]
  /** Those that were given so far are refused from now on. */
  expire(): void
  readonly asked: string[]
  /** Items on one page of a list. */
  pageSize: number
}

/** The parts of the Drive API that imports use, and the token endpoint: it takes what the account's key has signed, and no more. */
export async function startDriveStandIn(): Promise<DriveStandIn> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const items = new Map<string, DriveItem>()
  const valid = new Set<string>()
  const tokens: string[] = []
  const asked: string[] = []
  const server = await startCutServer(async (request) => {
    const url = new URL(request.url ?? '/', 'http://stand-in')
    asked.push(`${request.method} ${url.pathname}`)
    if (url.pathname === '/token') return token(await text(request))
    if (!valid.has(request.headers.authorization?.replace('Bearer ', '') ?? ''))
      return json(401, { error: { code: 401 } })
    return drive(url, request)
  })
  const tokenUri = `${server.url}/token`

  function token(body: string): CutAnswer {
    const form = new URLSearchParams(body)
    const assertion = form.get('assertion') ?? ''
    const [header = '', claims = '', signature = ''] = assertion.split('.')
    const signed = createVerify('RSA-SHA256')
      .update(`${header}.${claims}`)
      .verify(publicKey, Buffer.from(signature, 'base64url'))
    const head = decoded(header)
    const said = decoded(claims)
    const now = Date.now() / 1000
    const isRight =
      signed &&
      head['alg'] === 'RS256' &&
      head['kid'] === key['private_key_id'] &&
      said['iss'] === key['client_email'] &&
      said['aud'] === tokenUri &&
      said['scope'] === 'https://www.googleapis.com/auth/drive.readonly' &&
      Math.abs(Number(said['iat']) - now) < 300 &&
      Number(said['exp']) - Number(said['iat']) <= 3600 &&
      form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    if (!isRight) return json(400, { error: 'invalid_grant' })
    const access_token = `ya29.${createHash('sha256').update(assertion).update(String(tokens.length)).digest('hex')}`
    valid.add(access_token)
    tokens.push(access_token)
    return json(200, { access_token, expires_in: 3600, token_type: 'Bearer' })
  }

  function drive(url: URL, request: IncomingMessage): CutAnswer {
    if (url.searchParams.get('supportsAllDrives') !== 'true' && !url.pathname.endsWith('/export'))
      return json(404, problem('notFound'))
    if (url.pathname === '/drive/v3/files') return list(url)
    const [, id = '', exported] =
      /^\/drive\/v3\/files\/([^/]+)(\/export)?$/.exec(url.pathname) ?? []
    const item = items.get(id)
    if (item === undefined) return json(404, problem('notFound'))
    const instead = item.before?.shift()
    if (instead !== undefined) return instead
    const bytes = item.bytes ?? Buffer.alloc(0)
    if (exported !== undefined)
      return {
        status: 200,
        headers: { 'transfer-encoding': 'chunked' },
        body: `${url.searchParams.get('mimeType')}:${bytes.toString()}`,
        mayBeCut: true,
      }
    if (url.searchParams.get('alt') !== 'media') return json(200, told(item))
    return serveFile({ bytes }, request)
  }

  function list(url: URL): CutAnswer {
    const [, parent] =
      /^'([^']+)' in parents and trashed=false$/.exec(url.searchParams.get('q') ?? '') ?? []
    const children = [...items.values()].filter((item) => item.parent === parent)
    const from = Number(url.searchParams.get('pageToken') ?? 0)
    const files = children.slice(from, from + standIn.pageSize).map(told)
    const next = from + standIn.pageSize
    return json(200, { files, ...(next < children.length ? { nextPageToken: String(next) } : {}) })
  }

  const key = {
    type: 'service_account',
    client_email: 'importer@project.iam.gserviceaccount.com',
    private_key_id: 'key-id-of-a-test',
    private_key: privateKey,
    token_uri: tokenUri,
  }
  const standIn: DriveStandIn = {
    ...{ server, items, key, tokens, asked, pageSize: 2 },
    expire: () => valid.clear(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
  return standIn
}

export const driveFolder = 'application/vnd.google-apps.folder'
export const driveShortcut = 'application/vnd.google-apps.shortcut'

function told({ id, name, mimeType = 'application/octet-stream', bytes, ...item }: DriveItem) {
  const isNative = mimeType.startsWith('application/vnd.google-apps.')
  return {
    ...{ id, name, mimeType },
    ...(item.canDownload === undefined ? {} : { capabilities: { canDownload: item.canDownload } }),
    ...(item.target === undefined ? {} : { shortcutDetails: { targetId: item.target } }),
    ...(isNative || bytes === undefined
      ? {}
      : {
          size: String(bytes.length),
          md5Checksum: createHash('md5').update(bytes).digest('hex'),
          headRevisionId: item.revision ?? 'r1',
        }),
  }
}

/** As Google words an error. */
export const problem = (reason: string) => ({ error: { errors: [{ reason }] } })
export const json = (status: number, value: unknown): CutAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})
const decoded = (part: string) =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
