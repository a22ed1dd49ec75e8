import type { App, AppOptions } from './create-app.ts'

/**
 * Everything in one process: API, engine, worker and storage below `config.dataDir`. Jobs start as soon as it resolves.
 * A processor that cannot be loaded does not stop it (`app.services.broken`); throws 'invalid-config'.
 *
 * @example
 * await using app = await createApp({ sources: [{ kind: 'file', path: 'thumbs.py' }], config: { dataDir: '/tmp/lh' } })
 * const url = await app.listen({ port: 0 })
 */
export async function createApp(options: AppOptions): Promise<App> {
  // Loaded on demand: a processor's child process imports the public entry too and must not pay for a server.
  const { createApp: create } = await import('./create-app.ts')
  return create(options)
}
