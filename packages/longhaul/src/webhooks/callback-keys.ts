import { createHmac, randomBytes } from 'node:crypto'
import type { Database } from '../database/database.ts'

/** What callbacks are signed with. */
export interface CallbackKeys {
  /** The owner's own secrets, the one to give away first: a receiver of one owner's cannot forge another's. */
  secretsOf(owner: string): Promise<readonly Buffer[]>
}

/**
 * Owners' secrets are derived from the operator's. Where the operator has set none, one is made when it is first needed and
 * kept in the database, so that all processes have the same.
 */
export function createCallbackKeys(
  database: Database,
  configured: readonly string[],
): CallbackKeys {
  let kept: Promise<readonly string[]> | undefined
  const made = async (): Promise<readonly string[]> => {
    const read = () => database.read<{ secret: string }>('callback.key', [])
    if ((await read()).length === 0) {
      const secret = randomBytes(32).toString('base64url')
      await database.write([{ statement: 'callback.make-key', params: [secret] }])
    }
    return (await read()).map(({ secret }) => secret)
  }
  const masters = (): Promise<readonly string[]> => {
    if (configured.length > 0) return Promise.resolve(configured)
    kept ??= made().catch((error: unknown) => {
      kept = undefined // asked again next time
      throw error
    })
    return kept
  }
  return {
    async secretsOf(owner) {
      return (await masters()).map((master) =>
        createHmac('sha256', master).update(`callbacks of ${owner}`).digest(),
      )
    },
  }
}
