import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../app/config.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Scope } from '../jobs/engine.ts'
import { allows, isLoopback, type Keys, type KeyScope } from '../keys/index.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose objects the request makes. */
    owner: string
    /** Whose objects it sees. */
    scope: Scope
  }
  interface FastifyContextConfig {
    /**
     * What a key must allow here. `public`: needs none; `signed`: the URL carries its own permission.
     * @default read for GET and HEAD, else submit
     */
    access?: 'public' | 'signed' | KeyScope
  }
}

const localOwner = 'local'

/**
 * Every request has an owner: that of its key, or `local` where no key is needed. None is needed with `open`, and as long as
 * no key exists on connections from this machine.
 */
export function authenticate(app: FastifyInstance, config: Config, keys: Keys): void {
  app.decorateRequest('owner', '')
  app.decorateRequest<Scope | null>('scope', null)
  app.addHook('onRequest', async (request, reply) => {
    request.owner = localOwner
    request.scope = { owner: localOwner }
    const reading = request.method === 'GET' || request.method === 'HEAD'
    const access = request.routeOptions.config.access ?? (reading ? 'read' : 'submit')
    if (request.is404 || access === 'public' || access === 'signed') return

    const token = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (token !== undefined) {
      const holder = await keys.verify(token)
      if (holder) {
        if (!allows(holder.scopes, access))
          throw new LonghaulError(
            'forbidden',
            `This key has the scope ${holder.scopes.join(' ')}; ${request.method} here needs ${access}.`,
          )
        request.owner = holder.owner
        request.scope = holder.scopes.includes('admin') ? 'everyone' : { owner: holder.owner }
        return
      }
    }
    if (config.open) return
    if (token === undefined && isFromHere(request) && !(await keys.exist())) {
      refuseOtherSites(request, config)
      return
    }
    void reply.header('www-authenticate', 'Bearer realm="longhaul"')
    throw new LonghaulError(
      'unauthorized',
      token === undefined
        ? 'This service needs a key: send Authorization: Bearer <key>; its operator makes one with longhaul keys create.'
        : 'This key is not known, or was revoked.',
    )
  })
}

const isFromHere = ({ socket }: FastifyRequest): boolean =>
  isLoopback(socket.localAddress ?? '127.0.0.1') && isLoopback(socket.remoteAddress ?? '')

/**
 * Without keys, being on this machine is the permission, and a web page of somebody else in a local browser is on this
 * machine too. Browsers say where a request comes from (`Sec-Fetch-Site`), and a rebound DNS name shows in `Host`.
 */
function refuseOtherSites(request: FastifyRequest, { publicUrl }: Config): void {
  const { hostname } = request
  const expected = publicUrl === undefined ? undefined : new URL(publicUrl).hostname
  if (!isLoopback(hostname) && hostname !== expected)
    throw new LonghaulError(
      'forbidden',
      `Without a key this service answers to localhost only, not to ${hostname}. Set PUBLIC_URL if that is its name, or make a key.`,
    )
  if (request.headers['sec-fetch-site'] === 'cross-site' && request.method !== 'GET')
    throw new LonghaulError(
      'forbidden',
      'Another web site sent this request. Make a key to allow that: longhaul keys create.',
    )
}
