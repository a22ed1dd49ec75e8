import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ConfigOptions } from '../../app/index.ts'
import { freePorts } from '../servers/free-ports.ts'
import { startTestSwift } from '../servers/swift.ts'
import { seededRandom } from '../torture/seeded-random.ts'
import { added, type Blows } from './blows.ts'
import { send } from './cut-request.ts'
import { letTimePass } from './let-time-pass.ts'
import { fileDigest, localJudge, s3Judge, type OutsideJudge } from './outside-judge.ts'
import { UploadServer } from './upload-server.ts'
import { UploadSession } from './session.ts'

export interface UploadTortureOptions {
  /** Each is one upload. */
  readonly runs: number
  readonly seed: number
  readonly on: 'local' | 's3'
  /** After each group of uploads that had one service. */
  readonly onGroup?: (report: UploadTortureReport) => void
}
export interface UploadTortureReport {
  readonly runs: number
  readonly bytes: number
  readonly serverKills: number
  readonly blows: Blows
  readonly findings: readonly string[]
}

/** Uploads that have one service, which is killed between and during their requests. */
const groupSize = 10
/** For each of them. */
const blows = 8

/**
 * Uploads that are cut, repeated, spoilt and sent out of order, to a service that is killed and whose disk is full. When the
 * faults are over, each is resumed to its end; then programs from outside compare what lies in the store with the sources.
 */
export async function tortureUploads(options: UploadTortureOptions): Promise<UploadTortureReport> {
  const swift = options.on === 's3' ? await startTestSwift() : undefined
  if (options.on === 's3' && !swift) throw new Error('There is no S3 server on this machine.')
  let total: UploadTortureReport = { ...empty(), runs: 0 }
  try {
    for (let from = 0; from < options.runs; from += groupSize) {
      const numbers = Array.from(
        { length: Math.min(groupSize, options.runs - from) },
        (_, n) => from + n,
      )
      const store = swift && { s3: swift.s3, bucket: await swift.newBucket() }
      const report = await tortureGroup(numbers, options.seed, store)
      total = sum(total, report)
      options.onGroup?.(total)
    }
    return total
  } finally {
    await swift?.stop()
  }
}

async function tortureGroup(
  numbers: readonly number[],
  seed: number,
  store: Pick<ConfigOptions, 's3' | 'bucket'> | undefined,
): Promise<UploadTortureReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-torture-uploads-'))
  const port = await freePorts(1)
  const dataDir = path.join(folder, 'data')
  const calmFile = path.join(folder, 'calm')
  const random = seededRandom(seed + (numbers[0] ?? 0))
  const server = new UploadServer({
    seed: random.between(0, 1e9),
    config: { dataDir, port, ...store },
    calmFile,
    log: path.join(folder, 'server.log'),
  })
  const findings: string[] = []
  try {
    await server.start()
    const sessions = numbers.map((number) => {
      const own = seededRandom(seed + number)
      return new UploadSession(number, own, (size) => noise(size, seed + number))
    })
    let isOver = false
    const suffering = Promise.all(sessions.map((session) => session.suffer(server.url, blows)))
    const over = suffering.finally(() => (isOver = true))
    while (!isOver) {
      await Promise.race([over, pause(random.between(300, 2500))])
      if (!isOver) await server.killAndStart()
    }
    await over
    await writeFile(calmFile, '')
    await inTurns(sessions, 4, (session) =>
      session.finish(server.url).catch((error: unknown) => void findings.push(String(error))),
    )
    // Of a client that died before it was told its id nobody knows: what it began goes by its age.
    await server.kill()
    letTimePass(dataDir)
    await server.start({ uploadKeepSeconds: 1 })
    await pause(1500)
    await server.clearUp()
    const { s3, bucket = '' } = store ?? {}
    const judge = s3 ? s3Judge(s3, bucket) : localJudge(path.join(dataDir, 'objects'))
    findings.push(...(await judged(sessions, server.url, judge, folder)))
    return {
      runs: sessions.length,
      bytes: sessions.reduce((bytes, { source }) => bytes + source.length, 0),
      serverKills: server.kills,
      blows: added(sessions.map(({ blows }) => blows)),
      findings,
    }
  } finally {
    await server.kill()
    if (findings.length === 0) await rm(folder, { recursive: true, force: true })
  }
}

async function judged(
  sessions: readonly UploadSession[],
  url: string,
  judge: OutsideJudge,
  folder: string,
): Promise<readonly string[]> {
  const findings: string[] = []
  const wanted = new Set<string>()
  for (const session of sessions) {
    const who = `${session.filename} (${session.door.name})`
    const answer = await send({ method: 'GET', url: `${url}/uploads/${session.id}` })
    const { uri = '' } = JSON.parse(answer?.text ?? '{}') as { uri?: string }
    const key = uri.split('/').slice(3).join('/')
    wanted.add(key)
    const file = path.join(folder, 'source')
    await writeFile(file, session.source)
    const [source, stored] = await Promise.all([
      fileDigest(file),
      judge.digestOf(key).catch((error: unknown) => `nothing: ${String(error)}`),
    ])
    if (source !== stored) findings.push(`wrong: ${who} is ${stored}, its source is ${source}`)
  }
  const { keys, others } = await judge.leftovers()
  for (const key of keys) if (!wanted.has(key)) findings.push(`leaked: the object ${key}`)
  for (const other of others) findings.push(`leaked: ${other}`)
  return findings
}

/** Bytes that no store can pack, the same for the same seed. */
function noise(size: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(size / 4))
  let state = (seed * 2654435761) >>> 0 || 1
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[at] = state
  }
  return Buffer.from(words.buffer, 0, size)
}

async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items]
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

const empty = (): UploadTortureReport => ({
  ...{ runs: 0, bytes: 0, serverKills: 0, findings: [] },
  blows: added([]),
})

const sum = (a: UploadTortureReport, b: UploadTortureReport): UploadTortureReport => ({
  runs: a.runs + b.runs,
  bytes: a.bytes + b.bytes,
  serverKills: a.serverKills + b.serverKills,
  blows: added([a.blows, b.blows]),
  findings: [...a.findings, ...b.findings],
})
