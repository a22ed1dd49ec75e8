import {
  queueList,
  queueView,
  serviceStatus,
  workerList,
  workerView,
  type QueueChange,
  type QueueList,
  type QueueView,
  type ServiceStatus,
  type WorkerList,
  type WorkerView,
} from '@longhaul/protocol'
import type { Connection } from './connection.ts'

/** The operator's side of a service. */
export interface Operator {
  status(): Promise<ServiceStatus>
  /** With what has finished in the last `historySeconds`. @default a day */
  queues(historySeconds?: number): Promise<QueueList>
  /** `null` takes a limit away, what is absent stays. An unknown queue is 'queue-not-found'. */
  setQueue(queue: string, change: QueueChange): Promise<QueueView>
  workers(): Promise<WorkerList>
  /** Asks; `workers()` tells how far it is. An unknown worker is 'worker-not-found'. */
  drain(worker: string): Promise<WorkerView>
}

export const openOperator = (connection: Connection): Operator => ({
  status: () => connection.read(serviceStatus, '/status'),
  queues: (historySeconds) =>
    connection.read(queueList, '/queues', { query: { history_seconds: historySeconds } }),
  setQueue: (queue, change) =>
    connection.read(queueView, `/queues/${encodeURIComponent(queue)}`, {
      method: 'PATCH',
      json: change,
    }),
  workers: () => connection.read(workerList, '/workers'),
  drain: (worker) =>
    connection.read(workerView, `/workers/${encodeURIComponent(worker)}/drain`, {
      method: 'POST',
      json: {},
    }),
})
