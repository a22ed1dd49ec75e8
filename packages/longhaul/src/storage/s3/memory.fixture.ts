import { Readable } from 'node:stream'
import { s3Storage, type S3StorageOptions } from './index.ts'

const options = JSON.parse(process.argv[2] ?? '') as S3StorageOptions
const bytes = Number(process.argv[3])
const chunk = Buffer.alloc(64 * 1024, 'longhaul')
async function* body() {
  for (let sent = 0; sent < bytes; sent += chunk.byteLength) yield chunk
}

// Prints by how much the process has grown, at most, after every way into the store and out of it.
const storage = await s3Storage(options)
await storage.put('warm', chunk)
const before = process.memoryUsage.rss()
let peak = before
const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5)
await storage.put('a', Readable.from(body()))
const upload = { key: 'b', uploadId: await storage.begin('b') }
const parts = [
  await storage.putPart(upload, 1, Readable.from(body()), { sizeBytes: bytes }),
  await storage.putPart(upload, 2, body, { sizeBytes: bytes }),
]
await storage.complete(upload, parts)
let read = 0
for await (const piece of (await storage.get('b')).body as AsyncIterable<Buffer>)
  read += piece.byteLength
clearInterval(watch)
process.stdout.write(JSON.stringify({ grownBytes: peak - before, read }))
