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
  /** All that was printed. */
  readonly text: string
}

export function createTranscript(began = Date.now()): Transcript {
  const untrue: string[] = []
  const clock = () => `${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  `
  const indent = ' '.repeat(9)
  let text = ''
  const print = (line: string): void => {
    console.log(line)
    text += `${line}\n`
  }
  return {
    untrue,
    get text() {
      return text
    },
    heading: (text) => print(`\n${clock()}${text}`),
    command: (line) => print(`${clock()}$ ${line}`),
    answer(text) {
      for (const line of text.trimEnd().split('\n')) print(`${indent}${line}`)
    },
    claim(text, isTrue) {
      print(`${clock()}${isTrue ? '✓' : '✗ NOT TRUE:'} ${text}`)
      if (!isTrue) untrue.push(text)
    },
  }
}
