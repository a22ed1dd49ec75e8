/**
 * A service that does what longhaul's POST …/run does, made from BullMQ as its users do: a request becomes a job in Redis,
 * a worker takes it, and the answer waits for its end. Started by redis-peer.ts with the port of Redis.
 */
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

interface Job {
  waitUntilFinished(events: unknown): Promise<unknown>
}
interface Bullmq {
  Queue: new (name: string, options: object) => { add(name: string, data: object): Promise<Job> }
  QueueEvents: new (name: string, options: object) => { waitUntilReady(): Promise<unknown> }
  Worker: new (
    name: string,
    work: () => Promise<object>,
    options: object,
  ) => { waitUntilReady(): Promise<unknown> }
}

const [redisPort, concurrency] = process.argv.slice(2).map(Number)
const peerOf = createRequire(path.join(import.meta.dirname, 'peers/package.json'))
const bull = (await import(pathToFileURL(peerOf.resolve('bullmq')).href)) as Bullmq
const connection = { host: '127.0.0.1', port: redisPort }
const queue = new bull.Queue('bench', { connection })
const events = new bull.QueueEvents('bench', { connection })
const worker = new bull.Worker('bench', async () => ({}), { connection, concurrency })
await Promise.all([events.waitUntilReady(), worker.waitUntilReady()])

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const { input } = JSON.parse(Buffer.concat(parts).toString()) as { input: object }
    queue
      .add('noop', input)
      .then((job) => job.waitUntilFinished(events))
      .then(
        (result) =>
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end(JSON.stringify({ result })),
        (error: unknown) => response.writeHead(500).end(String(error)),
      )
  })
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
