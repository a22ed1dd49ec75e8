import type { Instance } from '../../app/index.ts'
import { lastBackup } from '../../backup/index.ts'
import { findGarbage } from '../../garbage/index.ts'
import { findOrphans, reapOrphans } from '../../runners/index.ts'
import { bytes, count, duration } from '../format/quantity.ts'
import { bad, note, ok, type Finding } from './finding.ts'
import { ageOf } from './volume.ts'

const skewMs = 60_000
const hourMs = 60 * 60 * 1000
const oldBackupMs = 26 * hourMs

/** The rows: whether the clock agrees, counters are right, workers alive, and a backup fresh. */
export async function examineDatabase({
  config,
  database,
  engine,
}: Instance): Promise<readonly Finding[]> {
  const before = Date.now()
  const skew = Math.abs((await engine.now()) - (before + Date.now()) / 2)
  const drift = await engine.recount()
  const workers = await engine.workers()
  const now = await engine.now()
  const lost = workers.filter(({ seenAt }) => now - seenAt > config.leaseMs)
  return [
    skew <= skewMs
      ? ok('clock', `${duration(skew)} from the database's`)
      : bad(
          'clock',
          `${duration(skew)} from the database's: set it right (NTP); signed URLs depend on it`,
        ),
    drift.length === 0
      ? ok('counters', 'agree with the jobs')
      : {
          ...bad('counters', `${drift.length} lanes differ from the jobs they count`),
          fix: async () => `${(await engine.recount({ mend: true })).length} lanes were set right`,
        },
    lost.length === 0
      ? ok('workers', `${count(workers.length)} known, all heard of within a lease`)
      : bad(
          'workers',
          `${lost.map(({ id, seenAt }) => `${id} was last heard of ${duration(now - seenAt)} ago`).join('; ')}: start it again, its jobs were moved on`,
        ),
    ...(database.dialect === 'sqlite' ? [await backupAge(config.dataDir)] : []),
  ]
}

async function backupAge(dataDir: string): Promise<Finding> {
  const backup = await lastBackup(dataDir)
  if (backup === undefined) return note('backup', 'none was made; longhaul backup DIR')
  const old = Date.now() - Date.parse(backup.at) > oldBackupMs
  const detail = `made ${ageOf(backup.at)} ago in ${backup.folder}`
  return old ? bad('backup', `${detail}: more than a day old`) : ok('backup', detail)
}

/** What dead processes left: on this host, and in the store. */
export async function examineLeftovers(instance: Instance): Promise<readonly Finding[]> {
  const { config, engine } = instance
  const isLive = async (attemptId: string): Promise<boolean> => {
    const [id = '', attempt] = attemptId.split('.')
    const [job] = await engine.get([id], 'everyone')
    return job?.state === 'running' && job.attempt === Number(attempt)
  }
  const orphans = await findOrphans(config.dataDir, isLive)
  let items = 0
  let size = 0
  for await (const garbage of findGarbage(instance, { minAgeMs: hourMs })) {
    items++
    size += garbage.bytes
  }
  return [
    orphans.length === 0
      ? ok('processes', 'none was left behind by a dead worker')
      : {
          ...bad('processes', `${orphans.join(', ')} were left behind by a dead worker`),
          fix: async () => `killed ${(await reapOrphans(config.dataDir, isLive)).join(', ')}`,
        },
    items === 0
      ? ok('leftovers', 'none: everything in the store belongs to somebody')
      : note(
          'leftovers',
          `${count(items)} of ${bytes(size)} belong to no job; longhaul gc --dry-run`,
        ),
  ]
}
