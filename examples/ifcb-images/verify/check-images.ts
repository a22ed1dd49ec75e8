import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { decodePng } from './decode-png.ts'
import type { ExpectedBin } from './expect-bin.ts'
import { readTar } from './read-tar.ts'

/** Every member of every shard by name; each shard is also listed by the system's tar and compared with its index. */
export async function readImages(
  folder: string,
  names: readonly string[],
  problems: string[],
): Promise<Map<string, Buffer>> {
  const images = new Map<string, Buffer>()
  for (const name of names.filter((name) => name.endsWith('.tar'))) {
    const file = path.join(folder, name)
    const items: { name: string; size_bytes: number }[] = []
    try {
      for await (const member of readTar(file)) {
        if (images.has(member.name)) problems.push(`${name}: ${member.name} is there twice`)
        images.set(member.name, Buffer.from(member.bytes))
        items.push({ name: member.name, size_bytes: member.bytes.length })
      }
      const listed = execFileSync('tar', ['-tf', file], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        maxBuffer: 1 << 28,
      })
      if (listed !== items.map((item) => `${item.name}\n`).join(''))
        problems.push(`${name}: the system's tar lists other members`)
      const index: unknown = JSON.parse(readFileSync(file.replace(/tar$/, 'json'), 'utf8'))
      if (!isDeepStrictEqual(index, { items }))
        problems.push(`${name}: its index says something else`)
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message.trim()}`)
    }
  }
  return images
}

/** Byte for byte. Answers how many pixels were compared. */
export function checkImages(
  bins: readonly ExpectedBin[],
  images: ReadonlyMap<string, Buffer>,
  problems: string[],
): number {
  let pixels = 0
  const wanted = new Set<string>()
  for (const { id: bin, rois } of bins)
    for (const { id, grey } of rois) {
      if (!grey) continue
      const name = `${bin}/${id}.png`
      wanted.add(name)
      const png = images.get(name)
      if (png === undefined) {
        problems.push(`${name}: missing`)
        continue
      }
      try {
        const found = decodePng(png)
        if (found.width !== grey.width || found.height !== grey.height)
          problems.push(
            `${name}: ${found.width}x${found.height}, should be ${grey.width}x${grey.height}`,
          )
        else if (!found.pixels.equals(grey.pixels)) problems.push(`${name}: pixels differ`)
        pixels += grey.pixels.length
      } catch (error) {
        problems.push(`${name}: ${(error as Error).message}`)
      }
    }
  for (const name of images.keys()) if (!wanted.has(name)) problems.push(`${name}: not in any bin`)
  return pixels
}
