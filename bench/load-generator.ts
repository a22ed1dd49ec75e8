/** Keeps connections busy for some seconds and prints what it saw as JSON. Started by load.ts. */
import { Agent, request, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { LoadOptions, LoadReport } from './load.ts'

const options = JSON.parse(process.argv[2] ?? '') as LoadOptions
const agent = new Agent({ keepAlive: true, maxSockets: options.connections })
const headers = options.body
  ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(options.body) }
  : {}

async function ask(): Promise<number> {
  const outgoing = request(options.url, { agent, method: options.method, headers })
  outgoing.end(options.body)
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  answer.resume()
  await once(answer, 'end')
  return answer.statusCode ?? 0
}

const latenciesMs: number[] = []
let errors = 0
const began = performance.now()
const until = began + options.seconds * 1000

async function connection(): Promise<void> {
  while (performance.now() < until) {
    const sent = performance.now()
    const status = await ask().catch(() => 0)
    if (status >= 200 && status < 300) latenciesMs.push(performance.now() - sent)
    else errors++
    if (options.pauseMs !== undefined) await pause(options.pauseMs)
  }
}

await Promise.all(Array.from({ length: options.connections }, connection))
const report: LoadReport = {
  answers: latenciesMs.length,
  errors,
  seconds: (performance.now() - began) / 1000,
  latenciesMs: latenciesMs.map((ms) => Math.round(ms * 100) / 100),
}
process.stdout.write(JSON.stringify(report))
agent.destroy()
