import { LonghaulError } from '../errors/index.ts'

/** Why an archive is not extracted; part of the answer, so that a program can tell. */
export type RefusalReason =
  | 'absolute-path'
  | 'backslash'
  | 'bad-name'
  | 'bomb'
  | 'checksum'
  | 'damaged'
  | 'duplicate-name'
  | 'encrypted'
  | 'headers-differ'
  | 'leads-outside'
  | 'link'
  | 'name-too-long'
  | 'overlap'
  | 'size'
  | 'special-file'
  | 'too-deep'
  | 'too-many-entries'
  | 'too-many-bytes'
  | 'trailing-data'
  | 'truncated'
  | 'unsupported-method'

const longestShown = 120

/** `why` follows the entry's name, or "The archive". */
export function refusal(reason: RefusalReason, why: string, entry?: string): LonghaulError {
  const shown = entry?.slice(0, longestShown).toWellFormed()
  const what = shown === undefined ? 'The archive' : `The entry ${JSON.stringify(shown)}`
  return new LonghaulError('archive-refused', `${what} ${why}. Nothing of it was extracted.`, {
    facts: { reason, ...(shown === undefined ? {} : { entry: shown }) },
  })
}
