import type { Bytes, Storage } from '../../storage/object-store.ts'
import type { SeededRandom } from '../torture/seeded-random.ts'

const share = 0.15

/** A store whose disk fills up while the bytes of a part come. */
export function fullDisk(storage: Storage, random: SeededRandom, isCalm: () => boolean): Storage {
  const filling = (body: Bytes): Bytes =>
    !isCalm() && random.chance(share) ? runningOut(body, random.between(0, 4)) : body
  return {
    ...storage,
    putPart: (upload, partNumber, body, options) =>
      storage.putPart(upload, partNumber, filling(body), options),
    append: (upload, offset, body, options) =>
      storage.append(upload, offset, filling(body), options),
  }
}

async function* runningOut(body: Bytes, chunks: number): AsyncGenerator<Uint8Array> {
  let left = chunks
  const all = typeof body === 'function' ? body() : body
  for await (const chunk of all as AsyncIterable<Uint8Array>) {
    if (left-- === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    yield chunk
  }
}
