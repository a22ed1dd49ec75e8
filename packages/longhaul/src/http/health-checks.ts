import { setTimeout as sleep } from 'node:timers/promises'
import type { Services } from '../app/services.ts'
import type { Statements } from '../database/database.ts'
import { diskFloorOf, isBelowFloor, roomOf, type Room } from '../storage/index.ts'

/** One line of readiness; a failing one says what to do. */
export interface Check {
  ok: boolean
  detail?: string
}

export const healthStatements: Statements = {
  'health.schema': {
    sqlite: 'SELECT max(no) AS no FROM migration',
    postgres: 'SELECT max(no) AS no FROM migration',
  },
}

const answerWithinMs = 5000
const maxSkewMs = 60_000
const inMiB = (bytes: number): string => `${Math.floor(bytes / 1024 ** 2)} MiB`
const fine: Check = { ok: true }
const failing = (detail: string): Check => ({ ok: false, detail })

/** What this process needs to take work, each thing by itself. Never rejects. */
export function createHealthChecks(
  services: Services,
): () => Promise<Readonly<Record<string, Check>>> {
  let schema: number | undefined
  return async () => {
    const [database, store, disk] = await Promise.all([
      checkDatabase(services),
      within(
        async () => (await services.storage.list('', { limit: 1 }), fine),
        'The store does not answer. Look whether it is up, and at S3_ENDPOINT_URL and its keys where it is S3.',
      ),
      checkDisk(services),
    ])
    const { now, ...answers } = database
    const checks: Record<string, Check> = { database: answers, store, disk }
    if (now !== undefined) {
      checks['clock'] = checkClock(now)
      checks['migrations'] = await within(async () => {
        const found = await schemaOf(services)
        schema ??= found
        return checkSchema(found, schema)
      }, 'The schema of the database cannot be read. `longhaul doctor` says what is there.')
    }
    checks['processors'] = checkProcessors(services)
    return checks
  }
}

type DatabaseCheck = Check & { readonly now?: { readonly database: number; readonly here: number } }

async function checkDatabase({ engine }: Services): Promise<DatabaseCheck> {
  return within<DatabaseCheck>(async () => {
    const before = Date.now()
    const database = await engine.now()
    await engine.queues()
    return { ok: true, now: { database, here: before } }
  }, 'The database does not answer. Look whether it is up, and at DATABASE_URL; jobs go on when it is back.')
}

/** Only the database's clock decides; a host whose own is wrong signs URLs that are expired and shows wrong times. */
export function checkClock({
  database,
  here,
}: {
  readonly database: number
  readonly here: number
}): Check {
  const skewMs = here - database
  if (Math.abs(skewMs) <= maxSkewMs) return fine
  const seconds = Math.round(Math.abs(skewMs) / 1000)
  const way = skewMs > 0 ? 'ahead of' : 'behind'
  return failing(
    `This host's clock is ${seconds} s ${way} the database's. Set it right (NTP): signed URLs depend on it.`,
  )
}

async function schemaOf({ database }: Services): Promise<number> {
  const [row] = await database.read<{ no: number | null }>('health.schema', [])
  return Number(row?.no ?? 0)
}

export function checkSchema(found: number, atStart: number): Check {
  if (found > atStart)
    return {
      ok: true,
      detail: `The database was upgraded from schema ${atStart} to ${found} by a newer version; restart this process with that version.`,
    }
  if (found === atStart && found > 0) return fine
  return failing(
    `The database has schema ${found}, and had ${atStart} when this process first looked. Was an older copy restored? Restart this process.`,
  )
}

async function checkDisk({ config, storage }: Services): Promise<Check> {
  const rooms = await Promise.all([
    roomOf(config.dataDir).catch(() => undefined),
    storage.freeBytes().catch(() => undefined),
  ])
  const short = rooms.find(
    (room): room is Room => room !== undefined && isBelowFloor(room, config.diskFloorBytes),
  )
  if (short === undefined) return fine
  const floor = inMiB(diskFloorOf(short, config.diskFloorBytes))
  return failing(
    `${inMiB(short.free)} are free where data is kept. Below ${floor} no job is started and no upload taken: free some room (longhaul gc), or set LONGHAUL_DISK_FLOOR_MB.`,
  )
}

/** One broken processor takes nothing from the others; none that works is no service. */
function checkProcessors({ runners, broken }: Services): Check {
  const kinds = [...runners.values()].map((runner) => runner.state().kind)
  const starting = kinds.filter((kind) => kind === 'starting').length
  if (starting > 0) return failing(`setup is running in ${starting} of ${kinds.length} processors`)
  if (kinds.includes('ready') || kinds.length + broken.length === 0) return fine
  return failing('no processor works; GET /processors says why')
}

async function within<T extends Check>(
  question: () => Promise<T>,
  otherwise: string,
): Promise<T | Check> {
  const late = new AbortController()
  try {
    return await Promise.race([
      question(),
      sleep(answerWithinMs, failing(otherwise), { signal: late.signal }),
    ])
  } catch {
    return failing(otherwise)
  } finally {
    late.abort()
  }
}
