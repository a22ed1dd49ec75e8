import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { percentile, type Figure } from './figure.ts'
import { family, forgetPeaks } from './memory.ts'
import { startService, warmedUp, type Service } from './service.ts'
import { cpuSeconds, startBare, startTusServer } from './upload-servers.ts'

const MiB = 1024 * 1024
const partBytes = 64 * MiB
const tusHeaders = { 'tus-resumable': '1.0.0' }

interface Piece {
  readonly method: 'PUT' | 'PATCH'
  readonly url: string
  readonly start: number
  readonly size: number
  readonly headers?: Readonly<Record<string, string>>
}

/** Bytes into the service over loopback, beside a bare server and beside `@tus/server`, in turns on one machine. */
export async function uploads(bytes = 1024 * MiB, turns = 3): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-bench-upload-'))
  const file = path.join(folder, 'source.bin')
  await writeSource(file, bytes)
  const send = sender(file)
  try {
    await using service = await startService({ MULTIPART_PART_SIZE_MB: String(partBytes / MiB) })
    await warmedUp(service)
    const [bareFolder, tusFolder] = [path.join(folder, 'bare'), path.join(folder, 'tus')]
    await Promise.all([mkdir(bareFolder), mkdir(tusFolder)])
    await using bare = await startBare(bareFolder)
    await using peer = await startTusServer(tusFolder)
    const ours = { cpu: [] as number[], one: [] as number[], four: [] as number[] }
    const theirs = { cpu: [] as number[], one: [] as number[], four: [] as number[] }
    const before = await family(service.pid)
    for (let turn = 0; turn < turns; turn++) {
      ours.cpu.push(await cpuOf(service.pid, () => partsTo(service, bytes, 1, send)))
      theirs.cpu.push(await cpuOf(bare.pid, () => inOrder(barePieces(bare.url, bytes), 1, send)))
      ours.one.push(await rateOf(bytes, () => tusTo(`${service.url}/uploads`, bytes, 1, send)))
      theirs.one.push(await rateOf(bytes, () => tusTo(`${peer.url}/files`, bytes, 1, send)))
      ours.four.push(await rateOf(bytes, () => partsTo(service, bytes, 4, send)))
      theirs.four.push(await rateOf(bytes, () => tusTo(`${peer.url}/files`, bytes, 4, send)))
    }
    await forgetPeaks(before)
    await partsTo(service, bytes, 8, send)
    const peak = (await family(service.pid)).find(({ pid }) => pid === service.pid)?.peak ?? NaN
    const size = `${bytes / MiB} MiB`
    return [
      {
        name: `upload of ${size} in parts of 64 MiB with SHA-256: CPU over a bare server that writes and hashes`,
        ...ratio(ours.cpu, theirs.cpu, 's'),
        target: { atMost: 1.25 },
      },
      {
        name: `upload of ${size} in one stream: speed over @tus/server`,
        ...ratio(ours.one, theirs.one, 'MB/s'),
        target: { atLeast: 1.2 },
      },
      {
        name: `upload of ${size} in four parts at once: speed over @tus/server with four files`,
        ...ratio(ours.four, theirs.four, 'MB/s'),
        target: { atLeast: 1.5 },
      },
      {
        name: 'the service with 8 streams at once: peak',
        value: peak / 1e6,
        unit: 'MB',
        target: { atMost: 200 },
      },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function ratio(ours: readonly number[], theirs: readonly number[], unit: string) {
  const shown = (all: readonly number[]): string => all.map((one) => one.toFixed(1)).join(', ')
  return {
    value: percentile(ours, 0.5) / percentile(theirs, 0.5),
    unit: '×' as const,
    beside: `${shown(ours)} to ${shown(theirs)} ${unit}`,
  }
}

async function cpuOf(pid: number, work: () => Promise<unknown>): Promise<number> {
  const before = await cpuSeconds(pid)
  await work()
  return (await cpuSeconds(pid)) - before
}

async function rateOf(bytes: number, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return bytes / 1e3 / (performance.now() - began)
}

/** Signed parts of one file; then it is given up, so that its job does not run beside what is measured next. */
async function partsTo(service: Service, bytes: number, atOnce: number, send: Send): Promise<void> {
  const started = await fetch(`${service.url}/ingest/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      processor: 'copy',
      files: [{ filename: 'input.bin', size_bytes: bytes }],
    }),
  })
  const text = await started.text()
  if (!started.ok) throw new Error(`start: ${started.status} ${text}`)
  const { job_id, files } = JSON.parse(text) as {
    job_id: string
    files: { part_urls: { part_number: number; url: string }[] }[]
  }
  const pieces = (files[0]?.part_urls ?? []).map(({ part_number, url }): Piece => {
    const start = (part_number - 1) * partBytes
    return { method: 'PUT', url, start, size: Math.min(partBytes, bytes - start) }
  })
  await inOrder(pieces, atOnce, send)
  await fetch(`${service.url}/ingest/${job_id}`, { method: 'DELETE' })
}

function barePieces(url: string, bytes: number): readonly Piece[] {
  return Array.from({ length: Math.ceil(bytes / partBytes) }, (_, n) => {
    const start = n * partBytes
    const headers = { 'upload-offset': String(start) }
    return { method: 'PUT', url, start, size: Math.min(partBytes, bytes - start), headers }
  })
}

/** One upload, or so many at once, each of its share. */
async function tusTo(url: string, bytes: number, atOnce: number, send: Send): Promise<void> {
  const share = bytes / atOnce
  const one = async (_: unknown, n: number): Promise<void> => {
    const created = await fetch(url, {
      method: 'POST',
      headers: {
        ...tusHeaders,
        'upload-length': String(share),
        'upload-metadata': 'filename YQ==',
      },
    })
    if (created.status !== 201) throw new Error(`create: ${created.status} ${await created.text()}`)
    const at = new URL(created.headers.get('location') ?? '', url).href
    await send({
      method: 'PATCH',
      url: at,
      start: n * share,
      size: share,
      headers: {
        ...tusHeaders,
        'upload-offset': '0',
        'content-type': 'application/offset+octet-stream',
      },
    })
  }
  await Promise.all(Array.from({ length: atOnce }, one))
}

type Send = (piece: Piece) => Promise<void>

const sender =
  (file: string): Send =>
  async ({ method, url, start, size, headers }) => {
    const request = http.request(url, {
      method,
      headers: { ...headers, 'content-length': String(size) },
    })
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once('response', resolve)
      request.once('error', reject)
    })
    const source = createReadStream(file, { start, end: start + size - 1, highWaterMark: MiB })
    await Promise.all([pipeline(source, request), answered])
    const answer = await answered
    answer.resume()
    if ((answer.statusCode ?? 500) >= 300) throw new Error(`${method} ${url}: ${answer.statusCode}`)
  }

async function inOrder(pieces: readonly Piece[], atOnce: number, send: Send): Promise<void> {
  const waiting = [...pieces]
  const lane = async (): Promise<void> => {
    for (let piece = waiting.shift(); piece; piece = waiting.shift()) await send(piece)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

async function writeSource(file: string, bytes: number): Promise<void> {
  await using handle = await open(file, 'w')
  const piece = Buffer.alloc(MiB, 'longhaul ')
  for (let at = 0; at < bytes; at += MiB) await handle.write(piece, 0, MiB, at)
}
