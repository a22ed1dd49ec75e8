import { crc32, deflateSync } from 'node:zlib'

/** A picture of the plate as the processor's progress carries it: one byte a point. */
export interface Picture {
  readonly columns: number
  readonly points: Uint8Array
}

/** From black over red and yellow to white, as iron does. */
function colourOf(heat: number): readonly [red: number, green: number, blue: number] {
  const share = Math.sqrt(heat / 255)
  const part = (from: number, to: number): number =>
    Math.round(255 * Math.min(1, Math.max(0, (share - from) / (to - from))))
  return [Math.max(18, part(0.05, 0.5)), part(0.35, 0.8), Math.max(24, part(0.7, 1))]
}

/** Two rows of points a line, in colours where the terminal has them. */
export function drawn({ columns, points }: Picture, colours: boolean): string {
  const rows = points.length / columns
  const lines: string[] = []
  for (let row = 0; row + 1 < rows; row += colours ? 2 : 4) {
    let line = ''
    for (let column = 0; column < columns; column += colours ? 1 : 2) {
      const at = row * columns + column
      if (colours) {
        const [upper, lower] = [points[at] ?? 0, points[at + columns] ?? 0].map(colourOf)
        line += `\x1b[38;2;${upper!.join(';')};48;2;${lower!.join(';')}m▀`
      } else line += ' .:-=+*#%@'[Math.min(9, Math.floor(Math.sqrt((points[at] ?? 0) / 256) * 10))]
    }
    lines.push(colours ? `${line}\x1b[0m` : line.trimEnd())
  }
  return lines.map((line) => `  ${line}`).join('\n')
}

export function pngOf({ columns, points }: Picture): Buffer {
  const rows = points.length / columns
  const raw = Buffer.alloc(rows * (1 + columns * 3))
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      raw.set(
        colourOf(points[row * columns + column] ?? 0),
        row * (1 + columns * 3) + 1 + column * 3,
      )
  const header = Buffer.alloc(13)
  header.writeUInt32BE(columns, 0)
  header.writeUInt32BE(rows, 4)
  header.set([8, 2, 0, 0, 0], 8) // eight bits each of red, green and blue
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
