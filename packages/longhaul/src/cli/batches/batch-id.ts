import type { Client } from '@longhaul/client'
import { UsageError } from '../exit-code.ts'

/** Ids of batches say that they are: `b_01k8…`. */
export const isBatchWord = (word: string): boolean => word.startsWith('b_')

const wholeId = /^b_[0-9a-z]{26}$/
const searched = 1000

/** The batch that was meant: an id, or as much of its beginning as only one recent batch has. */
export async function batchIdOf(client: Client, word: string): Promise<string> {
  if (wholeId.test(word)) return word
  const found: string[] = []
  let cursor: string | undefined
  let seen = 0
  do {
    const page = await client.batches.list({ limit: 100, cursor })
    found.push(...page.batches.map(({ batch_id }) => batch_id).filter((id) => id.startsWith(word)))
    cursor = page.next ?? undefined
    seen += page.batches.length
  } while (cursor !== undefined && seen < searched)
  const [only, ...others] = found
  // Unknown here may be known there: the service says it best.
  if (only === undefined) return word
  if (others.length === 0 || only === word) return only
  throw new UsageError(
    `${word} begins ${found.length} batch ids; give more of it: ${found.slice(0, 5).join(' ')}`,
  )
}
