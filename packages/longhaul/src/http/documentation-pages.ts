import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { fastify, type FastifyInstance, type RouteOptions } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { completeDocument, partOf, type OpenApiDocument } from './openapi.ts'
import { schemaController } from './validation.ts'

// Nothing from elsewhere: the pages must work, and tell nobody, on a machine without the internet.
const pagePolicy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * `/openapi.json` has every route; `/docs` and `/redoc` show the native ones, `/docs/compat` those of the older systems.
 * `routes` are described, not served.
 */
export async function openDocumentationPages(
  routes: readonly RouteOptions[],
  services: Services,
): Promise<FastifyInstance> {
  const { serviceName, serviceVersion } = services.config
  const app: FastifyInstance = fastify({
    schemaController,
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2048 },
  })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: serviceName,
        version: serviceVersion,
        description: 'Processing functions as durable, queue-backed services.',
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }, {}],
    },
    // What stands once more below each processor is described there with the processor's own schema.
    transform: (route) =>
      jsonSchemaTransform(
        route.url.startsWith('/processors/:processor/')
          ? { ...route, schema: { ...route.schema, hide: true } }
          : route,
      ),
    transformObject: jsonSchemaTransformObject,
  })
  // What is hidden may stand beside another route of the same name, told apart by a header.
  for (const { method, url, schema } of routes)
    if (schema?.hide !== true)
      app.route({ method, url, schema: schema ?? {}, handler: async () => undefined })

  const document = (): OpenApiDocument =>
    completeDocument(app.swagger() as unknown as OpenApiDocument, services.runners)
  app.get('/openapi.json', { schema: { hide: true } }, async () => document())
  await addSwaggerPage(app, '/docs', () => partOf(document(), 'native'))
  await addSwaggerPage(app, '/docs/compat', () => partOf(document(), 'compat'))
  addRedocPage(app, serviceName)
  await app.ready()
  return app
}

async function addSwaggerPage(
  pages: FastifyInstance,
  routePrefix: string,
  read: () => OpenApiDocument,
): Promise<void> {
  await pages.register(async (scope) => {
    await scope.register(swaggerUi, {
      routePrefix,
      staticCSP: pagePolicy,
      transformSpecification: () => read(),
      transformSpecificationClone: false,
      uiConfig: {
        layout: 'BaseLayout',
        docExpansion: 'list',
        defaultModelsExpandDepth: -1,
        tryItOutEnabled: true,
        validatorUrl: null,
      },
    })
  })
}

function addRedocPage(pages: FastifyInstance, title: string): void {
  let script: Promise<string> | undefined
  pages.get('/redoc', { schema: { hide: true } }, async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', pagePolicy)
      .send(
        `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(title)}</title>` +
          '<meta name="viewport" content="width=device-width"><style>body{margin:0}</style>' +
          '<redoc spec-url="/docs/json"></redoc><script src="/redoc/redoc.standalone.js"></script></html>',
      ),
  )
  pages.get('/redoc/redoc.standalone.js', { schema: { hide: true } }, async (_request, reply) => {
    script ??= readRedoc()
    return reply.type('text/javascript; charset=utf-8').send(await script)
  })
}

/** From the built package's assets, or the development dependency. */
async function readRedoc(): Promise<string> {
  const places = [
    () => new URL('../assets/redoc.standalone.js', import.meta.url),
    () => createRequire(import.meta.url).resolve('redoc/bundles/redoc.standalone.js'),
  ]
  for (const place of places) {
    try {
      const text = await readFile(place(), 'utf8')
      // The page's only picture from elsewhere.
      return text.replaceAll('https://cdn.redoc.ly/redoc/logo-mini.svg', 'data:,')
    } catch {
      // The other place has it.
    }
  }
  throw new LonghaulError('not-found', 'ReDoc is not installed here; /docs shows the same.')
}

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)
