import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodePng } from '../ifcb-images/verify/decode-png.ts'
import { membersOf } from './files/stored-zip.ts'

const root = path.resolve(import.meta.dirname, '../..')
const testdata = path.resolve(root, process.env['LONGHAUL_TESTDATA'] ?? '../shared/testdata')
const [raw, golden] = ['raw', 'golden'].map((part) => path.join(testdata, 'ifcb', part)) as [
  string,
  string,
]
const present = existsSync(golden)
if (!present)
  console.warn(`golden files skipped: no ${golden} (set LONGHAUL_TESTDATA to the test data)`)

const bin = 'IFCB5_2012_028_081515'
const day = 'IFCB5_2012_028'

describe.skipIf(!present)('the command, of the golden bin', () => {
  let out: string
  let printed = ''
  beforeAll(async () => {
    out = mkdtempSync(path.join(os.tmpdir(), 'ifcb-features-'))
    const child = spawn(process.execPath, [
      path.join(import.meta.dirname, 'command.ts'),
      ...[raw, '--out', out, '--threads', '1'],
    ])
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
    await once(child, 'close')
  })
  afterAll(() => rmSync(out, { recursive: true, force: true }))

  it('writes the files of the reference where archives have them, and a report', () => {
    const written = readdirSync(out, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(out, path.join(entry.parentPath, entry.name)))
    expect(written.sort()).toEqual([
      `blobs/${day}/${bin}_blobs_v4.zip`,
      `features/${day}/${bin}_features_v4.csv`,
      `features/${day}/multiblob/${bin}_multiblob_v4.csv`,
      `reports/${day}/${bin}_report.html`,
    ])
    expect(printed).toBe(`${path.join(out, 'features', day, `${bin}_features_v4.csv`)}\n`)
  })

  it.each([
    [`features/${day}/${bin}_features_v4.csv`, `${bin}_features_v4.csv`],
    [`features/${day}/multiblob/${bin}_multiblob_v4.csv`, `multiblob/${bin}_multiblob_v4.csv`],
  ])(
    'writes %s as the reference does, numbers to a hundredth of what it allows',
    (ours, theirs) => {
      const [made, expected] = [path.join(out, ours), path.join(golden, theirs)].map((file) =>
        readFileSync(file, 'latin1')
          .split('\n')
          .map((line) => line.split(',')),
      ) as [string[][], string[][]]
      expect(made.map((cells) => cells.length)).toEqual(expected.map((cells) => cells.length))
      expect(made[0]).toEqual(expected[0])
      const wrong = made.flatMap((cells, row) =>
        cells.filter((cell, column) => {
          const reference = expected[row]?.[column] ?? ''
          const allowed = 1e-8 + 1e-7 * Math.abs(Number(reference))
          return cell !== reference && !(Math.abs(Number(cell) - Number(reference)) <= allowed)
        }),
      )
      expect(wrong).toEqual([])
    },
  )

  it('writes the masks of the reference, in its order, pixel for pixel', () => {
    const imagesIn = (folder: string) =>
      [...membersOf(readFileSync(path.join(folder, `${bin}_blobs_v4.zip`)))].map(
        ({ name, bytes }) => ({ name, ...decodePng(Buffer.from(bytes)) }),
      )
    expect(imagesIn(path.join(out, 'blobs', day))).toEqual(imagesIn(golden))
  })
})
