import { isTerminal, type Job, type JobId } from './job.ts'
import type { JobWatch } from './job-watch.ts'
import { projectJob } from './projections/index.ts'

/** What is used of a WebSocket. */
export interface Socket {
  readonly bufferedAmount: number
  send(text: string): void
  ping(): void
  close(code: number, reason: string): void
  /** Without a word. */
  terminate(): void
  on(event: 'pong' | 'close' | 'error', listener: () => void): unknown
}

/** `WS /jobs/{id}/progress`: the whole job at once, and again after every change, until it has ended. */
export interface JobSockets {
  readonly size: number
  open(socket: Socket, jobId: JobId): void
  stop(): void
}

const maxUnsentBytes = 64 * 1024
/** Close codes of RFC 6455. */
export const closeCode = { normal: 1000, goingAway: 1001, refused: 1008, tryLater: 1013 } as const

export function createJobSockets(
  watch: Pick<JobWatch, 'watch'>,
  { heartbeatMs = 15_000 } = {},
): JobSockets {
  const open = new Set<Socket>()
  return {
    get size() {
      return open.size
    },
    open(socket, jobId) {
      open.add(socket)
      tellJob(socket, jobId, () => open.delete(socket))
    },
    stop() {
      for (const socket of [...open]) socket.close(closeCode.goingAway, 'The service is stopping.')
    },
  }

  function tellJob(socket: Socket, jobId: JobId, left: () => void): void {
    let said = ''
    let isAlive = true
    const tell = (job: Job | undefined): void => {
      if (job === undefined) return end(closeCode.refused, `Job ${jobId} not found`)
      const isEnd = isTerminal(job.state)
      const text = JSON.stringify(projectJob(job, undefined))
      // Only the newest counts: who is slow hears of it at a later look, but always of the end.
      const isSlow = socket.bufferedAmount > maxUnsentBytes && !isEnd
      if (text !== said && !isSlow) socket.send((said = text))
      if (isEnd) end(closeCode.normal, job.state)
    }
    const unwatch = watch.watch(jobId, tell)
    const heartbeat = setInterval(() => {
      if (!isAlive) return socket.terminate()
      isAlive = false
      socket.ping()
    }, heartbeatMs)
    const leave = (): void => {
      clearInterval(heartbeat)
      unwatch()
      left()
    }
    const end = (code: number, reason: string): void => {
      leave()
      socket.close(code, reason)
    }
    socket.on('pong', () => (isAlive = true))
    socket.on('close', leave)
    socket.on('error', leave)
  }
}
