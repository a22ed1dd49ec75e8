import { open, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Figure } from './figure.ts'
import { family, forgetPeaks, type Resident } from './memory.ts'
import { resultOf, startService, submit, warmedUp, type Service } from './service.ts'

const MB = 1e6

/** 5 GB go in through signed parts, through a processor, and out again; nobody may hold them in memory. */
export async function largeFiles(
  inputBytes = 5e9,
  env: Readonly<Record<string, string>> = {},
  where = '',
): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-bench-file-'))
  try {
    await using service = await startService(env)
    await warmedUp(service)
    const file = path.join(folder, 'input.bin')
    await writeFile(file, '')
    await truncate(file, 1e6)
    await roundTrip(service, file, 1e6)
    await pause(2000)

    const before = await family(service.pid)
    await forgetPeaks(before)
    const watch = watchPeaks(service.pid)
    await truncate(file, inputBytes)
    await roundTrip(service, file, inputBytes)
    const peaks = await watch.stop()

    const growth = (who: Resident): number =>
      who.peak - (before.find(({ pid }) => pid === who.pid)?.now ?? 0)
    const grown = (title: string, who: readonly Resident[]): Figure => ({
      name: `${title}: growth by a job with ${(2 * inputBytes) / 1e9} GB of inputs and outputs${where}`,
      value: Math.max(...who.map(growth)) / MB,
      unit: 'MB',
      target: { atMost: 100 },
      beside: `peak ${Math.max(...who.map(({ peak }) => peak / MB)).toFixed(0)} MB`,
    })
    return [
      grown(
        'service',
        peaks.filter(({ pid }) => pid === service.pid),
      ),
      grown(
        'its processes',
        peaks.filter(({ pid }) => pid !== service.pid),
      ),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Peaks of everything that lives meanwhile, also of what is started in between. */
function watchPeaks(pid: number) {
  const peaks = new Map<number, Resident>()
  let stopped = false
  const watching = (async () => {
    while (!stopped) {
      for (const one of await family(pid)) peaks.set(one.pid, one)
      await pause(100)
    }
  })()
  return {
    stop: async (): Promise<readonly Resident[]> => {
      stopped = true
      await watching
      return [...peaks.values()]
    },
  }
}

async function roundTrip(service: Service, file: string, size: number): Promise<void> {
  const upload = await uploadFile(service, file, size)
  const id = await submit(service, 'copy', { source: { upload_id: upload } })
  await resultOf(service, id, 100)
  const answer = await fetch(`${service.url}/jobs/${id}/outputs/copy.bin`)
  let received = 0
  for await (const chunk of answer.body ?? []) received += (chunk as Uint8Array).length
  if (received !== size) throw new Error(`Sent ${size} bytes, got ${received} back`)
}

export async function uploadFile(service: Service, file: string, size: number): Promise<string> {
  const json = { method: 'POST', headers: { 'content-type': 'application/json' } }
  const started = await fetch(`${service.url}/uploads`, {
    ...json,
    body: JSON.stringify({ filename: 'input.bin', size_bytes: size }),
  })
  const upload = (await started.json()) as {
    upload_id: string
    part_size_bytes: number
    part_urls: { part_number: number; url: string }[]
  }
  await using handle = await open(file)
  for (const { part_number: number, url } of upload.part_urls) {
    const start = (number - 1) * upload.part_size_bytes
    const part = Buffer.alloc(Math.min(upload.part_size_bytes, size - start))
    await handle.read(part, 0, part.length, start)
    const sent = await fetch(url, { method: 'PUT', body: part })
    if (!sent.ok) throw new Error(`part ${number}: ${sent.status} ${await sent.text()}`)
  }
  const completed = await fetch(`${service.url}/uploads/${upload.upload_id}/complete`, {
    ...json,
    body: '{}',
  })
  if (!completed.ok) throw new Error(`complete: ${completed.status} ${await completed.text()}`)
  return upload.upload_id
}
