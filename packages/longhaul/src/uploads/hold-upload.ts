import { setTimeout as sleep } from 'node:timers/promises'
import { LonghaulError } from '../errors/index.ts'
import type { UploadContext } from './session.ts'
import type { UploadRow } from './upload-statements.ts'

/** How often whoever writes looks whether another process has taken over. */
const lookMs = 300
/** Having looked so recently is enough. */
const freshMs = 600
/** How long a writer elsewhere, or one that died, is waited for: by then it has looked, or must look before it goes on. */
const patienceMs = 1200

export interface Held {
  /** Aborted when somebody else takes over. */
  readonly signal: AbortSignal
  /** Throws when somebody else has. */
  readonly current: () => Promise<void>
}

/**
 * One writer at a time at the end of an upload: whoever comes stops the one before, waits until that has let go, and
 * begins. In this process by asking it; across processes by a number in the row that only grows, so that a new connection
 * never waits for a dead one.
 */
export function uploadHolders({ database }: UploadContext) {
  const holders = new Map<
    string,
    { readonly stop: AbortController; readonly done: Promise<void> }
  >()
  const fenceOf = async (id: string) => {
    const [row] = await database.read<Pick<UploadRow, 'fence' | 'released'>>('upload.fence', [id])
    return row ?? { fence: 0, released: 0 }
  }

  async function take(id: string): Promise<number> {
    await database.write([{ statement: 'upload.take', params: [id] }])
    const { fence } = await fenceOf(id)
    const until = performance.now() + patienceMs
    while ((await fenceOf(id)).released < fence - 1 && performance.now() < until) await sleep(50)
    return fence
  }

  return {
    isHeld: (id: string): boolean => holders.has(id),
    async hold<T>(id: string, work: (held: Held) => Promise<T>): Promise<T> {
      const before = holders.get(id)
      const stop = new AbortController()
      const { promise: done, resolve: letGo } = Promise.withResolvers<void>()
      const own = { stop, done }
      holders.set(id, own)
      before?.stop.abort(takenOver(id))
      await before?.done
      let fence: number | undefined
      let looking: NodeJS.Timeout | undefined
      try {
        stop.signal.throwIfAborted()
        fence = await take(id)
        const mine = fence
        let seen = performance.now()
        const look = async () => {
          const asked = performance.now()
          if ((await fenceOf(id)).fence !== mine) throw takenOver(id)
          seen = asked
        }
        looking = setInterval(() => look().catch((error: unknown) => stop.abort(error)), lookMs)
        looking.unref()
        return await work({
          signal: stop.signal,
          current: async () => {
            if (performance.now() - seen > freshMs) await look()
          },
        })
      } finally {
        clearInterval(looking)
        // Should this fail, the next one waits a moment longer.
        if (fence !== undefined)
          await database
            .write([{ statement: 'upload.release', params: [fence, id] }])
            .catch(() => {})
        if (holders.get(id) === own) holders.delete(id)
        letGo()
      }
    },
  }
}
export type UploadHolders = ReturnType<typeof uploadHolders>

const takenOver = (id: string) =>
  new LonghaulError(
    'upload-mismatch',
    `Another request goes on with the upload ${id}; this one has ended. What it had brought counts.`,
    { facts: { taken_over: true } },
  )
