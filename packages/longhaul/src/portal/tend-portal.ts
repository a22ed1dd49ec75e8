import type { Services } from '../app/services.ts'
import { isLonghaulError } from '../errors/index.ts'
import { applyRules } from './apply-rules.ts'
import { settleUploads } from './settle-uploads.ts'

const activeMs = 100
const idleMs = 1000
const tidyMs = 10 * 60_000

/**
 * Keeps datasets in step with their uploads, and makes the jobs that rules ask for. Every process with the API does it; one
 * that dies between two steps leaves nothing that the next look would not find.
 */
export function startTendingPortal(services: Services): { stop(): Promise<void> } {
  const { database, activity, log, config } = services
  const stopping = new AbortController()
  const loop = (async () => {
    let tidiedAt = performance.now()
    let isBegun = config.rules.length === 0
    while (!stopping.signal.aborted) {
      let isActive = false
      try {
        if (!isBegun) await database.write([{ statement: 'rules.since', params: [] }])
        isBegun = true
        const settled = await settleUploads(services)
        const { moved, left } = await applyRules(services)
        isActive = settled || moved
        if (performance.now() - tidiedAt > tidyMs) {
          tidiedAt = performance.now()
          const forgotten = left
            ? ['portal.forget']
            : ['portal.forget', 'rules.forward', 'rules.forget']
          await database.write(forgotten.map((statement) => ({ statement, params: [] })))
        }
      } catch (error) {
        if (!isLonghaulError(error, 'unavailable'))
          log.error({ err: error }, 'tending datasets failed, trying again')
      }
      if (isActive) activity.note()
      await activity.rest(isActive ? activeMs : idleMs, stopping.signal)
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await loop
    },
  }
}
