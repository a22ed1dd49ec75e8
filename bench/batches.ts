import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { percentile, type Figure } from './figure.ts'
import { family, forgetPeaks } from './memory.ts'
import { startService, warmedUp, type Service } from './service.ts'

interface Batch {
  readonly batch_id: string
  readonly status: string
  readonly counts: Readonly<Record<string, number>>
}

/** What a batch costs beside its processor's work, and whether a very large one is in anybody's way. */
export async function batches(items = 10_000, manyItems = 100_000): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-bench-batch-'))
  try {
    const files = await filesOf(folder, items)
    await using service = await startService({ LONGHAUL_INPUT_ROOTS: folder })
    await warmedUp(service)
    await ended(service, await submit(service, 'length', { items: files.slice(0, 100) }))
    return [await costOfItems(service, files), ...(await manyAtOnce(service, manyItems))]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function costOfItems(service: Service, files: readonly string[]): Promise<Figure> {
  const before = await cpuSeconds(service.pid)
  const began = performance.now()
  const batch = await ended(service, await submit(service, 'length', { items: files }))
  const seconds = (performance.now() - began) / 1000
  if (batch.counts['completed'] !== files.length)
    throw new Error(`Not every item completed: ${JSON.stringify(batch.counts)}`)
  const cpu = (await cpuSeconds(service.pid)) - before
  return {
    name: `batch of ${files.length} files of 10 kB: CPU of all processes per item`,
    value: (cpu * 1000) / files.length,
    unit: 'ms',
    target: { atMost: 4 },
    beside: `${(files.length / seconds).toFixed(0)} items per second`,
  }
}

/** With the queue paused: a thousand of them are jobs, the rest waits. */
async function manyAtOnce(service: Service, count: number): Promise<readonly Figure[]> {
  await send(service, 'PATCH', '/queues/noop', { paused: true })
  const items = Array.from({ length: count }, (_, n) => ({ input: {}, name: `${n}` }))
  const own = async () => (await family(service.pid)).filter(({ pid }) => pid === service.pid)
  await pause(2000)
  const [before] = await own()
  await forgetPeaks(await own())
  const batch = await submit(service, 'noop', { items })
  const pages: number[] = []
  for (let n = 0; n < 50; n++) {
    const began = performance.now()
    await send(service, 'GET', `/batches/${batch}/items?cursor=${n * 1000}`)
    pages.push(performance.now() - began)
  }
  await pause(5000)
  const [after] = await own()
  await send(service, 'POST', `/batches/${batch}/cancel`, {})
  const grown = ((after?.now ?? 0) - (before?.now ?? 0)) / 1e6
  return [
    {
      name: `batch of ${count}: page of 100 items, p95`,
      value: percentile(pages, 0.95),
      unit: 'ms',
      target: { atMost: 50 },
    },
    {
      name: `batch of ${count}: growth of the service once it has been taken`,
      value: grown,
      unit: 'MB',
      target: { atMost: 100 },
      beside: `peak ${((after?.peak ?? 0) / 1e6).toFixed(0)} MB while the body was read`,
    },
  ]
}

async function filesOf(folder: string, count: number): Promise<string[]> {
  const text = 'x'.repeat(10_000)
  const uris: string[] = []
  for (let n = 0; n < count; n++) {
    const file = path.join(folder, String(n % 100), `${n}.txt`)
    if (n < 100) await mkdir(path.dirname(file))
    await writeFile(file, text)
    uris.push(pathToFileURL(file).href)
  }
  return uris
}

async function submit(service: Service, processor: string, body: object): Promise<string> {
  const made = (await send(service, 'POST', `/processors/${processor}/batches`, body)) as Batch
  return made.batch_id
}

async function ended(service: Service, id: string): Promise<Batch> {
  for (;;) {
    const batch = (await send(service, 'GET', `/batches/${id}`)) as Batch
    if (batch.status !== 'running') return batch
    await pause(500)
  }
}

async function send(
  { url }: Service,
  method: string,
  where: string,
  body?: object,
): Promise<unknown> {
  const answer = await fetch(`${url}${where}`, {
    method,
    ...(body && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

/** User and system time of a process and all its descendants, with those that have ended. */
async function cpuSeconds(pid: number): Promise<number> {
  let ticks = 0
  for (const one of await family(pid)) {
    const stat = await readFile(`/proc/${one.pid}/stat`, 'utf8').catch(() => '')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // utime, stime, and both of children that were waited for; a tick is 10 ms on Linux.
    for (const at of [11, 12, 13, 14]) ticks += Number(fields[at] ?? 0)
  }
  return ticks / 100
}
