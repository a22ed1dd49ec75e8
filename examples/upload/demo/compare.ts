/**
 * Whether two files are the same, by a program that shares nothing with what carried them:
 * `node compare.ts SOURCE STORED` prints both sizes and digests, and ends with 1 when they differ.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

async function digestOf(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
  }
  return { bytes, sha256: hash.digest('hex') }
}

const [source = '', stored = ''] = process.argv.slice(2)
const [left, right] = [await digestOf(source), await digestOf(stored)]
console.log(`source ${left.bytes} bytes, sha256 ${left.sha256}`)
console.log(`stored ${right.bytes} bytes, sha256 ${right.sha256}`)
process.exitCode = left.bytes === right.bytes && left.sha256 === right.sha256 ? 0 : 1
