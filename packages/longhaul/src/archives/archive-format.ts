import * as zlib from 'node:zlib'
import { buffer } from 'node:stream/consumers'
import { LonghaulError } from '../errors/index.ts'
import type { ObjectStore } from '../storage/index.ts'
import type { ArchiveFormat } from './archives.ts'

/** As far as the word that every tar has in its first header. */
const headBytes = 512

const isAt = (head: Buffer, at: number, bytes: string): boolean =>
  head.subarray(at, at + bytes.length).equals(Buffer.from(bytes, 'latin1'))

const magics: readonly (readonly [
  format: ArchiveFormat | '7z' | 'rar',
  at: number,
  bytes: string,
])[] = [
  ['zip', 0, 'PK\x03\x04'],
  ['zip', 0, 'PK\x05\x06'],
  ['tar.gz', 0, '\x1f\x8b'],
  ['tar.zst', 0, '\x28\xb5\x2f\xfd'],
  ['tar', 257, 'ustar'],
  ['7z', 0, "7z\xbc\xaf'\x1c"],
  ['rar', 0, 'Rar!\x1a\x07'],
]

/** What the bytes say; names are what people make of them. Throws 'archive-unsupported', 'object-not-found'. */
export async function formatOf(
  storage: Pick<ObjectStore, 'get' | 'head'>,
  key: string,
): Promise<ArchiveFormat> {
  const info = await storage.head(key)
  const head =
    info === undefined || info.size > 0
      ? await buffer((await storage.get(key, { start: 0, end: headBytes - 1 })).body)
      : Buffer.alloc(0)
  const found = magics.find(([, at, bytes]) => isAt(head, at, bytes))?.[0]
  if (found === undefined) throw unsupported('This is no archive')
  if (found === '7z' || found === 'rar') throw unsupported(`Archives in ${found} are not extracted`)
  if (found === 'tar.zst' && zlib.createZstdDecompress === undefined)
    throw unsupported(
      `Node.js ${process.versions.node} cannot read Zstandard; run the service on 22.15 or later`,
    )
  return found
}

const unsupported = (why: string) =>
  new LonghaulError('archive-unsupported', `${why}; send a zip, tar, tar.gz or tar.zst.`, {
    facts: { supported: ['zip', 'tar', 'tar.gz', 'tar.zst'] },
  })
