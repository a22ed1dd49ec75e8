/**
 * Whether a path is what a glob means: `*` and `?` within a segment, `**` any number of whole segments. Takes time in
 * proportion to both lengths: patterns come from strangers, and regular expressions made of them can take minutes.
 */
export function matchesName(pattern: string, name: string): boolean {
  return matchesSequence(
    pattern.split('/'),
    name.split('/'),
    (one) => one === '**',
    (one, segment) =>
      matchesSequence(
        [...one],
        [...segment],
        (sign) => sign === '*',
        (sign, letter) => sign === '?' || sign === letter,
      ),
  )
}

/** Wildcards are tried at their shortest; where it goes wrong, only the last one takes one more. */
function matchesSequence<P, T>(
  pattern: readonly P[],
  given: readonly T[],
  isWildcard: (part: P) => boolean,
  matches: (part: P, one: T) => boolean,
): boolean {
  let at = 0
  let wildcard: { readonly after: number; taken: number } | undefined
  for (let index = 0; index < given.length;) {
    const part = pattern[at]
    if (part !== undefined && isWildcard(part)) wildcard = { after: (at += 1), taken: index }
    else if (part !== undefined && matches(part, given[index] as T)) {
      at += 1
      index += 1
    } else if (wildcard === undefined) return false
    else {
      at = wildcard.after
      index = wildcard.taken += 1
    }
  }
  return pattern.slice(at).every(isWildcard)
}
