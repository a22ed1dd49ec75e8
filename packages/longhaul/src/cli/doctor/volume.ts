import { randomBytes } from 'node:crypto'
import { access, constants, mkdtemp, open, rm, statfs } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../../app/index.ts'
import { networkFileSystemOf } from '../../database/index.ts'
import { diskFloorOf, roomOf } from '../../storage/index.ts'
import { bytes, count, duration } from '../format/quantity.ts'
import { bad, note, ok, type Finding } from './finding.ts'

const probes = 20
/** A disk that needs longer than this for one small write holds up every submission. */
const slowMs = 50

/** The data directory: writable, on a local disk, fast enough, with room. */
export async function examineVolume(config: Config): Promise<readonly Finding[]> {
  const { dataDir } = config
  try {
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const missing = code === 'ENOENT'
    return [
      bad(
        'data directory',
        missing
          ? `there is none at ${dataDir}; name it with --data or LONGHAUL_DATA`
          : `${dataDir} is not writable for this user`,
      ),
    ]
  }
  return [
    await location(config),
    await syncSpeed(dataDir),
    await room(config),
    await inodes(dataDir),
  ]
}

async function location({ dataDir, databaseUrl }: Config): Promise<Finding> {
  const network = await networkFileSystemOf(dataDir)
  if (network === undefined) return ok('data directory', `${dataDir}, writable, on a local disk`)
  return databaseUrl === undefined
    ? bad(
        'data directory',
        `${dataDir} lies on ${network}: SQLite loses data there; use a local disk`,
      )
    : note('data directory', `${dataDir} lies on ${network}; a local disk is faster for workspaces`)
}

/** What a submission costs at least: a small write that is on the disk. */
async function syncSpeed(dataDir: string): Promise<Finding> {
  const folder = await mkdtemp(path.join(dataDir, 'doctor-'))
  try {
    const file = await open(path.join(folder, 'probe'), 'w')
    const times: number[] = []
    for (let probe = 0; probe < probes; probe++) {
      const from = performance.now()
      await file.write(randomBytes(4096))
      await file.datasync()
      times.push(performance.now() - from)
    }
    await file.close()
    times.sort((a, b) => a - b)
    const median = times[Math.floor(probes / 2)] ?? 0
    const p95 = times[Math.floor(probes * 0.95)] ?? median
    const detail = `a small write is safe in ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`
    return p95 <= slowMs
      ? ok('disk speed', detail)
      : note('disk speed', `${detail}: over ${slowMs} ms every submission is held up`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function room({ dataDir, diskFloorBytes }: Config): Promise<Finding> {
  const { free, total } = await roomOf(dataDir)
  const floor = diskFloorOf({ free, total }, diskFloorBytes)
  const detail = `${bytes(free)} of ${bytes(total)} free, floor ${bytes(floor)}`
  if (free >= floor * 2) return ok('room', detail)
  return free >= floor
    ? note('room', `${detail}: soon nothing will be started; longhaul gc --dry-run`)
    : bad('room', `${detail}: nothing is started and no upload taken; longhaul gc --dry-run`)
}

async function inodes(dataDir: string): Promise<Finding> {
  const { ffree, files } = await statfs(dataDir)
  // Some file systems make them as they need them, and say 0.
  if (files === 0) return ok('inodes', 'as many as there is room for')
  const detail = `${count(ffree)} of ${count(files)} free`
  return ffree / files >= 0.02
    ? ok('inodes', detail)
    : bad('inodes', `${detail}: no files can be made soon`)
}

export const ageOf = (time: string): string => duration(Math.max(0, Date.now() - Date.parse(time)))
