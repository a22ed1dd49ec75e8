import type { JobView } from '@longhaul/protocol'
import { duration } from './quantity.ts'

/** Says of a submission that it became no job of its own. */
export function reusedLine({ status, completed_at }: JobView, now: number): string {
  if (status !== 'completed') return 'The same is under way already. --new starts another.'
  const ago = now - Date.parse(completed_at ?? '')
  return `The result that was made of the same ${duration(Math.max(0, ago))} ago. --new makes it again.`
}
