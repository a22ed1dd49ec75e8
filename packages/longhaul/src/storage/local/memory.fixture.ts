import { Readable } from 'node:stream'
import { openStore } from './crash.fixture.ts'

const bytes = Number(process.argv[3])
const chunk = Buffer.alloc(64 * 1024, 'longhaul')
function* body() {
  for (let sent = 0; sent < bytes; sent += chunk.byteLength) yield chunk
}

// Prints by how much the process has grown, at most, after every way into the store and out of it.
const store = await openStore(process.argv[2] ?? '')
await store.put('warm', chunk)
const before = process.memoryUsage.rss()
let peak = before
const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5)
await store.put('a', Readable.from(body()))
const upload = { key: 'b', uploadId: await store.begin('b') }
const parts = [
  await store.putPart(upload, 1, Readable.from(body())),
  await store.putPart(upload, 2, Readable.from(body())),
]
await store.complete(upload, parts)
let read = 0
for await (const piece of (await store.get('b')).body as AsyncIterable<Buffer>)
  read += piece.byteLength
clearInterval(watch)
process.stdout.write(JSON.stringify({ grownBytes: peak - before, read }))
