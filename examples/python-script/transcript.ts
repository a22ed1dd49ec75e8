/** What a person would see on a terminal, with the seconds since the start, and whether all that was claimed is true. */
export interface Transcript {
  readonly heading: (text: string) => void
  /** A command somebody could type. */
  readonly command: (line: string) => void
  /** Its answer. */
  readonly answer: (text: string) => void
  /** A claim; a false one is shown as such and kept. */
  readonly claim: (text: string, isTrue: boolean) => void
  /** Claims that were not true. */
  readonly untrue: readonly string[]
}

export function createTranscript(began = Date.now()): Transcript {
  const untrue: string[] = []
  const clock = () => `${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  `
  const indent = ' '.repeat(9)
  return {
    untrue,
    heading: (text) => console.log(`\n${clock()}${text}`),
    command: (line) => console.log(`${clock()}$ ${line}`),
    answer(text) {
      for (const line of text.trimEnd().split('\n')) console.log(`${indent}${line}`)
    },
    claim(text, isTrue) {
      console.log(`${clock()}${isTrue ? '✓' : '✗ NOT TRUE:'} ${text}`)
      if (!isTrue) untrue.push(text)
    },
  }
}
