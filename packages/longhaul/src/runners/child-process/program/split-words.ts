/**
 * Splits a command line into words as a shell would: blanks part words; '…' and "…" keep them together; a backslash keeps
 * the next character, outside of '…'. Nothing else means anything: no variables, no patterns, no pipes.
 */
export function splitWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string
    if (quote !== undefined && char === quote) quote = undefined
    else if (char === '\\' && quote !== "'" && at + 1 < line.length)
      word = (word ?? '') + (line[++at] as string)
    else if (quote === undefined && (char === "'" || char === '"')) {
      quote = char
      word ??= ''
    } else if (quote === undefined && /\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + char
  }
  if (quote !== undefined) throw new TypeError(`A quote ${quote} is opened and never closed.`)
  if (word !== undefined) words.push(word)
  return words
}
