import { batchItemList, batchView, operationResults } from '@longhaul/protocol'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { startStandIn } from '../../../examples/remove-background/stand-in.ts'
import { filesWith } from './harness/kept-with.ts'
import { startServer } from './harness/server-process.ts'
import { until } from './harness/until.ts'

const example = fileURLToPath(
  new URL('../../../examples/remove-background/remove-background.ts', import.meta.url),
)
const assets = 200
/** After which share of the calls. */
const kills = [0.25, 0.6]
const patienceMs = 180_000

it('a batch of 200 assets survives kill -9: each ends once, each stored answer was one call', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-assets-'))
  const standIn = await startStandIn({ key: 'a-key-to-look-for' })
  const dataDir = path.join(folder, 'data')
  const open = () =>
    startServer({
      sources: [{ kind: 'file', path: example }],
      config: {
        ...{ dataDir, leaseMs: 2000, logLevel: 'debug' },
        outboundAllow: [new URL(standIn.url).host],
        assetApis: { '': { url: standIn.url, key: 'a-key-to-look-for' } },
      },
    })
  let server = await open()
  try {
    const call = async (where: string, body: unknown) => {
      const answer = await fetch(`${server.url}${where}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      expect(answer.status, where).toBeLessThan(300)
      return answer.json()
    }
    const items = Array.from({ length: assets }, (_, n) => ({
      input: { digital_asset_url: `${standIn.url}/samples/n${n}.png` },
    }))
    const batch = batchView.parse(await call('/processors/remove-background/batches', { items }))
    const list = await fetch(`${server.url}/batches/${batch.batch_id}/items?limit=${assets}`)
    const ids = batchItemList.parse(await list.json()).items.map(({ job_id }) => String(job_id))
    const results = async () =>
      operationResults.parse(await call('/api/v2/remove-backgrounds/results', ids))
    /** Whose answers are kept, by the job's newest checkpoint or its result: they must not be asked for again. */
    const answered = async () => {
      const jobs = (await results()).results
      return ids.filter((id) => jobs[id]?.status === 'COMPLETED')
    }
    const kept = new Map<string, number>()
    for (const share of kills) {
      await until(`${share} of the calls`, () => standIn.calls.length >= assets * share, patienceMs)
      for (const id of await answered()) kept.set(id, callsOf(id))
      await server.kill('SIGKILL')
      server = await open()
    }
    const ended = await until(
      'the end',
      async () => {
        const now = await results()
        return now.success_count === assets ? now : undefined
      },
      patienceMs,
    )
    expect(new Set(Object.values(ended.results).map((flow) => flow.original_url)).size).toBe(assets)
    expect(standIn.charged()).toBe(assets)
    // Beside one for each, those that were under way at a kill, ten at most.
    expect(standIn.calls.length).toBeLessThanOrEqual(assets + kills.length * 10)
    for (const [id, calls] of kept) expect(callsOf(id)).toBe(calls)
    const first = await fetch(String(ended.results[ids[0] ?? '']?.processed_url))
    expect(
      Buffer.from(await first.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')
    await server.kill('SIGTERM')
    expect(await filesWith(dataDir, 'a-key-to-look-for')).toEqual([])
  } finally {
    if (server.child.exitCode === null) await server.kill('SIGKILL')
    await standIn.stop()
    await rm(folder, { recursive: true, force: true })
  }

  function callsOf(id: string): number {
    return standIn.calls.filter(({ idempotencyKey }) => idempotencyKey === id).length
  }
})
