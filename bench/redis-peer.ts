import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { percentile, type Figure } from './figure.ts'
import { load } from './load.ts'
import { freePort, startService, warmedUp } from './service.ts'

const connections = 64
const seconds = 5
const rounds = 3

/** Submit → result of jobs that do nothing, over HTTP: longhaul on SQLite beside BullMQ on Redis, each in turn, several times. */
export async function redisPeer(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-bench-redis-'))
  const children: ChildProcess[] = []
  try {
    const redisPort = await startRedis(folder, children)
    const bullUrl = await startBull(redisPort, children)
    await using service = await startService({ MAX_CONCURRENT_JOBS: String(connections) })
    await warmedUp(service)
    const urls = { longhaul: `${service.url}/processors/noop/run`, bull: bullUrl }
    const seen = { longhaul: [] as number[], bull: [] as number[] }
    for (let round = 0; round <= rounds; round += 1)
      for (const name of ['longhaul', 'bull'] as const) {
        const rate = await rateOf(urls[name])
        if (round > 0) seen[name].push(rate) // the first one warms up
      }
    const middle = (rates: readonly number[]) => percentile(rates, 0.5)
    const [longhaul, bullmq] = [middle(seen.longhaul), middle(seen.bull)]
    return [
      {
        name: `submit → result at ${connections} in flight over HTTP, over BullMQ 6 on Redis (everysec)`,
        value: longhaul / bullmq,
        unit: '×',
        target: { atLeast: 1 },
        beside: `longhaul ${longhaul.toFixed(0)}, BullMQ ${bullmq.toFixed(0)} a second`,
      },
    ]
  } finally {
    for (const child of children.reverse()) await ended(child)
    await rm(folder, { recursive: true, force: true })
  }
}

async function rateOf(url: string): Promise<number> {
  const body = JSON.stringify({ input: {} })
  const { answers, errors, ...report } = await load({
    url,
    method: 'POST',
    body,
    connections,
    seconds,
  })
  if (errors > 0) throw new Error(`${errors} runs failed at ${url}`)
  return answers / report.seconds
}

/** Answers its port. */
async function startRedis(folder: string, children: ChildProcess[]): Promise<number> {
  const port = await freePort()
  const flags = {
    bind: '127.0.0.1',
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
  }
  const child = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  children.push(child)
  await firstLine(child, 'Ready to accept connections').catch((error: unknown) => {
    throw new Error('The peer needs Redis: apt-get install redis-server', { cause: error })
  })
  return port
}

/** Answers the URL of its service. */
async function startBull(redisPort: number, children: ChildProcess[]): Promise<string> {
  const child = spawn(
    process.execPath,
    [
      path.join(import.meta.dirname, 'redis-peer-service.ts'),
      String(redisPort),
      String(connections),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  children.push(child)
  const port = await firstLine(child, '').catch((error: unknown) => {
    throw new Error('The peers are not installed: npm install --prefix bench/peers', {
      cause: error,
    })
  })
  return `http://127.0.0.1:${port.trim()}/`
}

/** Waits for a line of its output that has `word` in it. */
async function firstLine(child: ChildProcess, word: string): Promise<string> {
  return new Promise((heard, failed) => {
    let said = ''
    child.once('error', failed)
    child.once('exit', (code) =>
      failed(new Error(`${child.spawnfile} ended with ${code}: ${said}`)),
    )
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const line = said
        .split('\n')
        .slice(0, -1)
        .find((one) => one.includes(word))
      if (line !== undefined) heard(line)
    })
  })
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  if (child.pid === undefined) return // it was never there
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
