import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { Services } from '../app/services.ts'

const pages = ['/openapi.json', '/docs', '/docs/*', '/redoc', '/redoc/redoc.standalone.js']

/** They say how one connection is used, not what the answer is. */
const ofTheConnection = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date'])

/**
 * The pages that describe the routes registered after this call. They are a little service of their own, which comes into
 * being when somebody reads one: it is a fifth of all code of the service, and most processes never need it.
 */
export function addDocumentation(app: FastifyInstance, services: Services): void {
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => {
    if (route.method !== 'HEAD' && !pages.includes(route.url)) routes.push(route)
  })
  let opening: Promise<FastifyInstance> | undefined
  const open = async (): Promise<FastifyInstance> => {
    const { openDocumentationPages } = await import('./documentation-pages.ts')
    return openDocumentationPages(routes, services)
  }
  app.addHook('onClose', async () => (await opening?.catch(() => undefined))?.close())

  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const from = await (opening ??= open())
    const { url, headers } = request
    const page = await from.inject({ method: 'GET', url, headers })
    if (page.statusCode === 404) return reply.callNotFound()
    for (const [name, value] of Object.entries(page.headers))
      if (value !== undefined && !ofTheConnection.has(name)) void reply.header(name, value)
    return reply
      .code(page.statusCode)
      .send(page.rawPayload.length > 0 ? page.rawPayload : undefined)
  }
  for (const url of pages)
    app.get(url, { schema: { hide: true }, config: { access: 'public' } }, answer)
}
