/** Both ends count, as in HTTP. */
export interface ClosedRange {
  readonly start: number
  readonly end: number
}

/**
 * One `bytes` range of RFC 9110 §14. `undefined`: send everything, as for units we do not know, several ranges, or nonsense,
 * which the RFC lets a server ignore. `unsatisfiable`: 416.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): ClosedRange | 'unsatisfiable' | undefined {
  // Blanks go first and long headers at once: with optional blanks everywhere the pattern took minutes for one header.
  const compact = (header ?? '').slice(0, 200).replaceAll(/\s/g, '')
  const [, from, to] = /^bytes=(\d*)-(\d*)$/i.exec(compact) ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined
  if (from === '') {
    const last = Math.min(Number(to), size)
    return last === 0 ? 'unsatisfiable' : { start: size - last, end: size - 1 }
  }
  const start = Number(from)
  const end = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (to !== '' && Number(to) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}

/** Whether `If-None-Match` names this entity (weak comparison). */
export const matchesEtag = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header.trim() === '*' ||
    header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag))

export { attachment } from '../support/attachment.ts'
