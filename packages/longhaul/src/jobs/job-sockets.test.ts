import { EventEmitter } from 'node:events'
import { expect, it, vi } from 'vitest'
import { createJobSockets, type Socket } from './job-sockets.ts'
import { jobForTest } from './job-for-test.fixture.ts'
import type { Job } from './job.ts'
import type { JobListener } from './job-watch.ts'

/** A watch whose changes the test announces. */
function script(first: Partial<Job> = {}) {
  let listener: JobListener | undefined
  let job: Job | undefined = jobForTest({ kind: 'batch', ...first })
  return {
    watching: () => listener !== undefined,
    watch: {
      watch(_id: string, listen: JobListener) {
        listener = listen
        queueMicrotask(() => listener?.(job))
        return () => (listener = undefined)
      },
    },
    tell(change: Partial<Job> | undefined) {
      job = change && { ...jobForTest({ kind: 'batch' }), ...change }
      listener?.(job)
    },
  }
}

class FakeSocket extends EventEmitter implements Socket {
  bufferedAmount = 0
  readonly said: { status: string; progress: unknown }[] = []
  readonly pings: number[] = []
  closed: [number, string] | undefined
  send(text: string): void {
    this.said.push(JSON.parse(text) as { status: string; progress: unknown })
  }
  ping(): void {
    this.pings.push(Date.now())
  }
  close(code: number, reason: string): void {
    this.closed = [code, reason]
    this.emit('close')
  }
  terminate(): void {
    this.close(1006, '')
  }
}

it('says the whole job at once and after every change, and closes with its end', async () => {
  const { watch, tell, watching } = script()
  const sockets = createJobSockets(watch)
  const socket = new FakeSocket()
  sockets.open(socket, 'j_1')
  await vi.waitFor(() => expect(socket.said).toHaveLength(1))
  tell({ state: 'running', progress: { percent: 5, updatedAt: 1 } })
  tell({ state: 'running', progress: { percent: 5, updatedAt: 1 } }) // looked at again: nothing new
  tell({ state: 'completed', result: { value: { n: 1 }, outputs: [] } })
  expect(socket.said.map(({ status, progress }) => [status, progress])).toEqual([
    ['queued', null],
    ['processing', { percent: 5 }],
    ['completed', null],
  ])
  expect(socket.closed).toEqual([1000, 'completed'])
  expect([sockets.size, watching()]).toEqual([0, false])
})

it('says only the newest to who is slow, and the end in any case', async () => {
  const { watch, tell } = script()
  const socket = new FakeSocket()
  createJobSockets(watch).open(socket, 'j_1')
  await vi.waitFor(() => expect(socket.said).toHaveLength(1))
  socket.bufferedAmount = 1 << 20
  for (let percent = 1; percent < 50; percent++)
    tell({ state: 'running', progress: { percent, updatedAt: percent } })
  expect(socket.said).toHaveLength(1)
  tell({ state: 'completed' })
  expect(socket.said.map(({ status }) => status)).toEqual(['queued', 'completed'])
})

it('closes with 1008 when the job is deleted', async () => {
  const { watch, tell } = script()
  const socket = new FakeSocket()
  createJobSockets(watch).open(socket, 'j_1')
  await vi.waitFor(() => expect(socket.said).toHaveLength(1))
  tell(undefined)
  expect(socket.closed).toEqual([1008, 'Job j_1 not found'])
})

it('drops who does not answer, keeps who does, and ends all when the service stops', async () => {
  const { watch } = script({ state: 'running' })
  const sockets = createJobSockets(watch, { heartbeatMs: 10 })
  const [deaf, well] = [new FakeSocket(), new FakeSocket()]
  well.ping = () => void well.emit('pong')
  for (const socket of [deaf, well]) sockets.open(socket, 'j_1')
  await vi.waitFor(() => expect(deaf.closed).toEqual([1006, '']))
  expect(sockets.size).toBe(1)
  expect(well.closed).toBeUndefined()
  sockets.stop()
  expect(well.closed?.[0]).toBe(1001)
  expect(sockets.size).toBe(0)
})
