import type { FastifyInstance } from 'fastify'

/**
 * Which methods a path has. The router itself only knows "this method, this path"; a 405 has to name the others.
 * Asked after nothing matched, so it may look at every route.
 */
export function collectRoutes(app: FastifyInstance): (path: string) => string[] {
  const routes = new Map<string, { readonly matches: RegExp; readonly methods: Set<string> }>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? { matches: toPattern(url), methods: new Set<string>() }
    for (const name of [method].flat()) known.methods.add(name)
    routes.set(url, known)
  })
  return (path) => {
    const found = new Set<string>()
    for (const { matches, methods } of routes.values())
      if (matches.test(path)) for (const method of methods) found.add(method)
    return [...found].sort()
  }
}

function toPattern(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part === '*') return '.*'
    return part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  })
  return new RegExp(`^${parts.join('/')}/?$`)
}
