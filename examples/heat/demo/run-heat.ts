import { createHash } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'
import type { Fleet } from './fleet.ts'
import { publishing, type Kill } from './kills.ts'
import type { Picture } from './picture.ts'

/** A kill that was carried out. */
export interface Carried extends Pick<Kill, 'victim'> {
  readonly step: number
  readonly picture: Picture | undefined
}
export interface HeatRun {
  readonly job: HeatJob
  /** Name, size and SHA-256 of the bytes that were downloaded. */
  readonly outputs: readonly (readonly [name: string, bytes: number, sha256: string])[]
  /** Words of the job's events, in order. */
  readonly events: readonly string[]
  readonly texts: Readonly<Record<string, string>>
  readonly kills: readonly Carried[]
  readonly seconds: number
}
interface HeatJob {
  readonly job_id: string
  readonly status: string
  readonly attempt: number
  readonly failures: number
  readonly checkpoint_at: string | null
  readonly result: unknown
  readonly problem: { readonly detail: string } | null
  readonly progress: {
    readonly done: number | null
    readonly detail: { readonly picture: string; readonly columns: number } | null
  } | null
}

/** Submits the plate, lets what is planned happen to it, and fetches what came out. */
export async function runHeat(
  fleet: Fleet,
  input: object,
  kills: readonly Kill[],
  onPicture: (picture: Picture, step: number) => void,
): Promise<HeatRun> {
  const began = performance.now()
  const { job_id: id } = (await ask('/processors/heat/jobs', { input })) as HeatJob
  const carried: Carried[] = []
  const waiting = [...kills]
  let killing: Promise<unknown> | undefined
  let step = 0
  let picture: Picture | undefined
  let job: HeatJob
  const last = kills.length === 0 ? undefined : carry(publishing)
  for (;;) {
    job = (await ask(`/jobs/${id}?view=native`)) as HeatJob
    const { done, detail } = job.progress ?? { done: null, detail: null }
    if (done !== null && done !== step && detail) {
      step = done
      picture = { columns: detail.columns, points: Buffer.from(detail.picture, 'base64') }
      onPicture(picture, step)
    }
    if (['completed', 'failed', 'cancelled'].includes(job.status)) break
    const due = waiting[0]
    const hasCheckpoint = job.checkpoint_at !== null
    if (!killing && due && hasCheckpoint && job.status === 'running' && step >= due.atStep)
      killing = carry(due)
        .then((done) => done && waiting.shift())
        .finally(() => (killing = undefined))
    await after(80)
  }
  await killing
  // One that was ordered and never obeyed is missing among those carried out.
  await Promise.race([last, after(2000)])
  if (job.status !== 'completed')
    throw new Error(`the job is ${job.status}: ${job.problem?.detail ?? 'without a reason'}`)

  const listed = (await ask(`/jobs/${id}/outputs`)) as { outputs: readonly { name: string }[] }
  const outputs: HeatRun['outputs'][number][] = []
  const texts: Record<string, string> = {}
  for (const { name } of listed.outputs) {
    const bytes = await fetchBytes(`/jobs/${id}/outputs/${name}`)
    outputs.push([name, bytes.length, createHash('sha256').update(bytes).digest('hex')])
    if (/\.jsonl?$/.test(name)) texts[name] = bytes.toString('utf8')
  }
  const seconds = (performance.now() - began) / 1000
  return { job, outputs, events: await eventsOf(id), texts, kills: carried, seconds }

  async function carry({ victim, carryOut }: Kill): Promise<boolean> {
    const done = await carryOut(fleet)
    if (done) carried.push({ victim, step, picture })
    return done
  }

  /** The server may just have been killed: asked again until there is one. */
  async function request(route: string, init: RequestInit = {}): Promise<Response> {
    const end = performance.now() + 60_000
    for (;;) {
      try {
        const response = await fetch(fleet.url + route, init)
        if (response.status < 500) {
          if (response.ok) return response
          throw new Error(`${route} answered ${response.status}: ${await response.text()}`)
        }
      } catch (error) {
        if (!(error instanceof TypeError)) throw error
      }
      if (performance.now() > end) throw new Error(`no server answered ${route} for a minute`)
      await after(50)
    }
  }

  async function ask(route: string, body?: object): Promise<unknown> {
    const json = { method: 'POST', headers: { 'content-type': 'application/json' } }
    // The key: sent again after an answer that was lost, it is still one job.
    const key = { ...json.headers, 'idempotency-key': `heat-${began}` }
    const init = body ? { ...json, headers: key, body: JSON.stringify(body) } : {}
    return (await request(route, init)).json()
  }

  async function fetchBytes(route: string): Promise<Buffer> {
    return Buffer.from(await (await request(route)).arrayBuffer())
  }

  async function eventsOf(jobId: string): Promise<readonly string[]> {
    const headers = { accept: 'text/event-stream' }
    const text = await (await request(`/jobs/${jobId}/events`, { headers })).text()
    return [...text.matchAll(/^event: ?(.+)$/gm)].map(([, word]) => word ?? '')
  }
}
