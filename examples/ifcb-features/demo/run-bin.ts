import { openAsBlob, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { commandOf, descendantsOf, isAlive, type ProcessId } from '../../demo-kit/processes.ts'
import { createProgressBar } from '../../demo-kit/progress-bar.ts'
import { startService, type Service } from '../../demo-kit/service.ts'
import type { SeenProgress } from '../../demo-kit/watch-job.ts'
import { downloadOutputs, type FinishedJob } from '../../ifcb-images/demo/download-outputs.ts'

/** `kill -9` for one of these, once so many images have been analysed. */
export interface Kill {
  readonly victim: 'the process that analyses' | 'the server'
  readonly atImage: number
}

export interface BinRun {
  readonly job: FinishedJob & { readonly started_at: string; readonly completed_at: string }
  /** Images in the order in which they were analysed, with those that were analysed again. */
  readonly analysed: readonly string[]
  readonly kills: readonly Kill[]
  /** What should have ended and has not. */
  readonly left: readonly ProcessId[]
}

/** Sends a bin to the service as a form, lets happen what is planned, and fetches every output into `folder/results`. */
export async function runBin(
  folder: string,
  files: readonly string[],
  parameters: Readonly<Record<string, number>>,
  kills: readonly Kill[],
  onKill: (kill: Kill) => void,
): Promise<BinRun> {
  const witness = path.join(folder, 'witness')
  const start = (): Promise<Service> =>
    startService([path.join(import.meta.dirname, 'witnessed.ts')], {
      dataDir: path.join(folder, 'data'),
      env: { IFCB_WITNESS: witness },
    })
  const analysed = (): string[] => linesOf(witness)
  const orphans: ProcessId[] = []
  const carried: Kill[] = []
  const bar = createProgressBar()
  let service = await start()
  try {
    const id = await submit(service.url, files, parameters)
    for (;;) {
      const { status, progress } = (await ask(`${service.url}/jobs/${id}?view=native`)) as Seen
      if (progress) bar.draw(progress)
      if (['completed', 'failed', 'cancelled'].includes(status)) break
      const due = kills[carried.length]
      if (due && analysed().length >= due.atImage && (await carryOut(due))) {
        carried.push(due)
        onKill(due)
      }
      await after(25)
    }
    bar.end()
    const job = await downloadOutputs(service.url, id, path.join(folder, 'results'))
    if (job.status !== 'completed') throw new Error(`The job is ${job.status}: ${job.error}`)
    const left = [...(await service.stop()), ...orphans.filter(isAlive)]
    return { job: job as BinRun['job'], analysed: analysed(), kills: carried, left }
  } finally {
    await service.stop()
  }

  async function carryOut({ victim }: Kill): Promise<boolean> {
    if (victim === 'the server') {
      orphans.push(...(await service.kill()))
      service = await start()
      return true
    }
    const family = await descendantsOf(service.pid)
    const analyst = family.find((one) => commandOf(one).includes('witnessed.ts'))
    if (analyst === undefined) return false // just now there is none
    process.kill(analyst.pid, 'SIGKILL')
    return true
  }
}

interface Seen {
  readonly status: string
  readonly progress: SeenProgress | null
}

async function submit(
  url: string,
  files: readonly string[],
  parameters: Readonly<Record<string, number>>,
): Promise<string> {
  const form = new FormData()
  for (const file of files) form.append('files', await openAsBlob(file), path.basename(file))
  for (const [name, value] of Object.entries(parameters)) form.append(name, String(value))
  const job = await ask(`${url}/processors/ifcb-features/jobs`, { method: 'POST', body: form })
  return (job as { job_id: string }).job_id
}

async function ask(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(url, init)
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

function linesOf(file: string): string[] {
  try {
    // Who is killed may have written half a line.
    return readFileSync(file, 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}
