import { createHash } from 'node:crypto'

/**
 * What a torture job does. `files` reads an upload and writes outputs; `steps` writes records, and goes on from checkpoints;
 * the others fail, wait or leave children.
 */
export const tasks = ['value', 'files', 'steps', 'stubborn', 'refuse', 'slow', 'litter'] as const
export type Task = (typeof tasks)[number]

/** How many jobs of the narrow queue may run at once, on all servers together. */
export const narrowLimit = 2

/** Outputs of a `files` job, in bytes: empty, small, and more than one read. */
export const outputSizes = [0, 700, 300_000] as const

export const outputName = (index: number): string => `part-${index}.bin`

/**
 * The bytes that an attempt must write as output `index`: who wrote them, then a pattern that no other job shares. The
 * oracle computes them again, so a mixed, cut or foreign output cannot pass.
 */
export function outputBytes(author: string, tag: string, index: number): Buffer {
  const size = outputSizes[index] ?? 0
  const head = Buffer.from(author + '\n')
  const pattern = createHash('sha512').update(`${tag}/${index}`).digest()
  const body = Buffer.alloc(size)
  for (let at = 0; at < size; at += pattern.length) pattern.copy(body, at)
  return size === 0 ? body : Buffer.concat([head, body])
}

/** Each step of a `steps` job hangs on the one before: who repeats, skips or mixes steps comes to other values. */
export const stepValue = (before: string, tag: string, step: number): string =>
  createHash('sha256').update(`${before}/${tag}/${step}`).digest('hex').slice(0, 40)

/** What all records of a `steps` job must be together, whoever wrote which. */
export function stepRecords(tag: string, steps: number): string {
  let value = ''
  const row = (_: unknown, step: number): string => {
    value = stepValue(value, tag, step)
    return `{"step": ${step}, "value": ${JSON.stringify(value)}}\n`
  }
  return Array.from({ length: steps }, row).join('')
}

/** Bytes that the client uploads as input; the attempt refuses anything else. */
export function inputBytes(seed: number, size: number): Buffer {
  const pattern = createHash('sha512').update(`input ${seed}`).digest()
  return Buffer.alloc(size, pattern)
}
