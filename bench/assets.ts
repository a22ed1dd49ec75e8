import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startStandIn } from '../examples/remove-background/stand-in.ts'
import { percentile, type Figure } from './figure.ts'
import { family, forgetPeaks } from './memory.ts'
import { startService, warmedUp, type Service } from './service.ts'

const operation = path.join(import.meta.dirname, 'processors/assets.ts')
const pageIds = 100
/** Until then the service has made its buffers and compiled its code: what comes after is growth. */
const warmUpShare = 0.5

/** Many assets in one request to system C's second version, against the stand-in of the example. */
export async function assets(count = 10_000): Promise<readonly Figure[]> {
  const standIn = await startStandIn({ key: 'bench' })
  try {
    await using service = await startService(
      {
        ASSET_API_URL: standIn.url,
        ASSET_API_KEY: 'bench',
        LONGHAUL_OUTBOUND_ALLOW: new URL(standIn.url).host,
      },
      [operation],
    )
    await warmedUp(service)
    const urls = (n: number) =>
      Array.from({ length: n }, (_, i) => `${standIn.url}/samples/n${i % 50}.png?asset=${i}`)
    await post(service, '/api/v2/remove-backgrounds', { image_urls: urls(10) })
    await until(() => standIn.calls.length >= 10)

    const began = performance.now()
    const started = await post(service, '/api/v2/remove-backgrounds', { image_urls: urls(count) })
    const submitMs = performance.now() - began
    const { flow_ids: ids } = started as { flow_ids: readonly string[] }
    const own = async () => (await family(service.pid)).filter(({ pid }) => pid === service.pid)
    await until(() => standIn.calls.length >= count * warmUpShare)
    await forgetPeaks(await own())
    const [before] = await own()
    const pages: number[] = []
    for (let n = 0; standIn.charged() < count + 10; n += 1) {
      const from = (n * pageIds) % count
      const asked = performance.now()
      await post(service, '/api/v2/remove-backgrounds/results', ids.slice(from, from + pageIds))
      pages.push(performance.now() - asked)
      await pause(250)
    }
    const seconds = (performance.now() - began) / 1000
    const [after] = await own()
    return [
      {
        name: `${count} assets: submitted in one request`,
        value: submitMs,
        unit: 'ms',
        target: { atMost: 2000 },
        beside: `${(count / seconds).toFixed(0)} assets per second to their end, ${standIn.calls.length - 10} calls`,
      },
      {
        name: `${count} assets: page of ${pageIds} results meanwhile, p95`,
        value: percentile(pages, 0.95),
        unit: 'ms',
        target: { atMost: 50 },
        beside: `p50 ${percentile(pages, 0.5).toFixed(1)} ms, ${pages.length} pages`,
      },
      {
        name: `${count} assets: growth of the service in the second half`,
        value: ((after?.peak ?? 0) - (before?.now ?? 0)) / 1e6,
        unit: 'MB',
        target: { atMost: 50 },
        beside: `peak ${((after?.peak ?? 0) / 1e6).toFixed(0)} MB`,
      },
    ]
  } finally {
    await standIn.stop()
  }
}

async function post({ url }: Service, where: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${url}${where}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`POST ${where}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(20)
}
