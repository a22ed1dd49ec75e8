import type { App } from '../app/index.ts'

/** An address that cannot be had is a person's affair, not a stack trace. */
class CannotListen extends Error {
  override name = 'CannotListen'
}

/** Listens where the app is configured to; answers the URL. */
export async function listen(app: App): Promise<string> {
  const { host, port } = app.services.config
  try {
    return await app.listen()
  } catch (cause) {
    const reason = {
      EADDRINUSE: `Port ${port} of ${host} is taken; stop what listens there, or choose another with --port`,
      EADDRNOTAVAIL: `${host} is no address of this machine`,
      EACCES: `Port ${port} needs more rights than this user has; choose one above 1023 with --port`,
      ENOTFOUND: `There is no host ${host}`,
    }[String((cause as { code?: unknown }).code)]
    if (reason === undefined) throw cause
    throw new CannotListen(reason, { cause })
  }
}
