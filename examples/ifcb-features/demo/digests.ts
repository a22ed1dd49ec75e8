import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { FinishedJob } from '../../ifcb-images/demo/download-outputs.ts'

/** Files by name, each with the SHA-256 of its bytes. */
export type Digests = readonly (readonly [name: string, sha256: string])[]

export const digestsOfOutputs = ({ outputs }: FinishedJob): Digests =>
  sorted(outputs.map(({ name, sha256 }) => [name, sha256]))

export function digestsBelow(root: string): Digests {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
  return sorted(files.map((file) => [path.relative(root, file), digestOf(readFileSync(file))]))
}

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

const sorted = (digests: Digests): Digests => digests.toSorted(([a], [b]) => (a < b ? -1 : 1))
