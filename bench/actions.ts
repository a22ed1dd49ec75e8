import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import sharp from 'sharp'
import { percentile, type Figure } from './figure.ts'
import { load, type LoadReport } from './load.ts'
import { startService, warmedUp } from './service.ts'

const root = path.join(import.meta.dirname, '..')
const connections = 32
const queue = 64
const seconds = 8
const turns = 3

/**
 * `POST /media/image/convert` beside a bare Fastify with sharp that does the same, in turns on the same machine: each reads the
 * same object, and answers the same JPEG. Meanwhile somebody asks how the service is.
 */
export async function actions(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-bench-actions-'))
  try {
    const picture = await somePicture()
    const file = path.join(folder, 'picture.png')
    await writeFile(file, picture)
    await using service = await startService({ ACTION_QUEUE: String(queue) }, [
      path.join(root, 'examples/image-convert/image-convert.ts'),
    ])
    await warmedUp(service)
    const uri = await put(service.url, picture)
    await using peer = await startPeer(folder)
    const ours = { url: `${service.url}/media/image/convert`, body: bodyOf(uri) }
    const bare = { url: `${peer.url}/media/image/convert`, body: bodyOf('s3://bench/picture.png') }
    for (const { url, body } of [ours, bare]) await convert(url, body, 2)

    const ratios: number[] = []
    const reports: LoadReport[] = []
    const health: number[] = []
    for (let turn = 0; turn < turns; turn++) {
      const rest = await convert(bare.url, bare.body, seconds)
      const asking = load({
        ...{ url: `${service.url}/health`, method: 'GET', connections: 2, seconds, pauseMs: 10 },
      })
      const mine = await convert(ours.url, ours.body, seconds)
      health.push(...(await asking).latenciesMs)
      reports.push(mine)
      ratios.push(mine.answers / mine.seconds / (rest.answers / rest.seconds))
    }
    const latencies = reports.flatMap(({ latenciesMs }) => latenciesMs)
    const perSecond =
      reports.reduce((sum, one) => sum + one.answers, 0) /
      reports.reduce((sum, one) => sum + one.seconds, 0)
    // The last of as many as may be here waits for all the others, each at the pace that was seen.
    const bound = ((queue + availableParallelism() + 1) / perSecond) * 1000
    const ratio = percentile(ratios, 0.5)
    return [
      {
        name: 'POST /media/image/convert over bare Fastify + sharp, 32 connections',
        value: ratio,
        unit: '×',
        target: { atLeast: 0.85 },
        beside: `${ratios.map((one) => one.toFixed(2)).join(', ')}; ${perSecond.toFixed(0)} a second`,
      },
      {
        name: 'the same, p99',
        value: percentile(latencies, 0.99),
        unit: 'ms',
        target: { atMost: Math.ceil(bound) },
        beside: `p50 ${percentile(latencies, 0.5).toFixed(0)}; a full queue of ${queue} is the target`,
      },
      {
        name: 'GET /health p99 meanwhile',
        value: percentile(health, 0.99),
        unit: 'ms',
        target: { atMost: 50 },
        beside: `p50 ${percentile(health, 0.5).toFixed(1)}, ${health.length} answers`,
      },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const bodyOf = (uri: string): string => JSON.stringify({ source_uri: uri, target_format: 'jpeg' })

async function convert(url: string, body: string, forSeconds: number): Promise<LoadReport> {
  const report = await load({ url, body, method: 'POST', connections, seconds: forSeconds })
  if (report.errors > 0) throw new Error(`${url}: ${report.errors} errors`)
  return report
}

/** 2 million pixels, as smooth here and rough there as what a camera takes. */
async function somePicture(): Promise<Buffer> {
  const [width, height] = [1600, 1200]
  const data = Buffer.alloc(width * height * 3)
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (const [phase, scale] of [
        [0, 90],
        [2, 60],
        [4, 140],
      ] as const)
        data[to++] =
          128 + 90 * Math.sin(phase + x / scale) * Math.cos(y / 75) + ((x * 31 + y * 17) % 13)
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
}

/** Into the store, by the way that every client has. */
async function put(url: string, bytes: Buffer): Promise<string> {
  const { createClient } = await import('@longhaul/client')
  const client = createClient({ url })
  const blob = new Blob([new Uint8Array(bytes)], { type: 'image/png' })
  const { uri } = await client.upload(new File([blob], 'picture.png'))
  if (uri === undefined) throw new Error('The upload has no URI')
  return uri
}

async function startPeer(folder: string): Promise<AsyncDisposable & { readonly url: string }> {
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'bare-convert.ts'), folder],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
