/** What `GET /jobs/{id}/events` says of a running job. */
export interface SeenProgress {
  readonly stage: string | null
  readonly percent: number | null
  readonly done: number | null
  readonly total: number | null
  readonly rate_per_second: number | null
  readonly eta_seconds: number | null
}
export interface Watched {
  /** Words of the events, in order. */
  readonly types: readonly string[]
  readonly progress: readonly SeenProgress[]
}

const endings = new Set(['completed', 'failed', 'cancelled'])

/** Follows a job's events (text/event-stream) to its end. Speaks plain HTTP, as `curl -N` would. */
export async function watchJob(
  url: string,
  onProgress: (progress: SeenProgress) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Watched> {
  const response = await fetch(url, {
    headers: { accept: 'text/event-stream' },
    signal: signal ?? null,
  })
  if (!response.ok || response.body === null)
    throw new Error(`GET ${url} answered ${response.status}: ${await response.text()}`)
  const types: string[] = []
  const progress: SeenProgress[] = []
  let pending = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    pending += chunk
    const frames = pending.split('\n\n')
    pending = frames.pop() ?? ''
    for (const frame of frames) {
      const field = (name: string) =>
        frame
          .split('\n')
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).replace(/^ /, ''))
          .join('\n')
      const type = field('event')
      if (type === 'progress') {
        const { data } = JSON.parse(field('data')) as { data: SeenProgress }
        progress.push(data)
        onProgress(data)
      } else if (type !== '') types.push(type)
      if (endings.has(type)) return { types, progress }
    }
  }
  throw new Error(`The events of ${url} ended before the job did`)
}
