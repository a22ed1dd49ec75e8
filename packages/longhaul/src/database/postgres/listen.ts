import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { ClientConfig } from 'pg'

export interface Listening {
  /** What a NOTIFY carried. */
  onMessage(payload: string): void
  /** Listening has begun, or begun again: what was said in between is not known. */
  onStart(): void
}

/** Listens on a connection of its own until the returned function is called; comes back with backoff when it breaks. */
export function listen(config: ClientConfig, channel: string, listening: Listening): () => void {
  const stopped = new AbortController()
  let client: pg.Client | undefined
  void (async () => {
    for (let waitMs = 50; !stopped.signal.aborted; waitMs = Math.min(waitMs * 2, 2_000)) {
      client = new pg.Client(config)
      const broken = new Promise<void>((done) => {
        client?.once('error', () => done())
        client?.once('end', () => done())
      })
      client.on('notification', ({ payload }) => listening.onMessage(payload ?? ''))
      try {
        await client.connect()
        await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
        waitMs = 25
        listening.onStart()
        await broken
      } catch {
        // Not there yet: again after a while.
      }
      await client.end().catch(() => undefined)
      await sleep(waitMs, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined)
    }
  })()
  return () => {
    stopped.abort()
    void client?.end().catch(() => undefined)
  }
}
