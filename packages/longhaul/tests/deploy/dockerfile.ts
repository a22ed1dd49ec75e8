/** One instruction; `args` is the JSON array of the exec form where it has one, else the rest of the line. */
export interface Step {
  readonly word: string
  readonly args: string | readonly string[]
}
export interface Stage {
  readonly from: string
  readonly name: string | undefined
  readonly steps: readonly Step[]
}

/** Reads the instructions of a Dockerfile by stages. What it does not know, it refuses. */
export function parseDockerfile(text: string): readonly Stage[] {
  const known = [
    'ARG FROM RUN COPY WORKDIR ENV USER VOLUME EXPOSE HEALTHCHECK ENTRYPOINT CMD'.split(' '),
  ].flat()
  const stages: { from: string; name: string | undefined; steps: Step[] }[] = []
  const joined = text.replace(/^\s*#.*\n/gm, '').replace(/\\\n/g, ' ')
  for (const line of joined.split('\n')) {
    if (line.trim() === '') continue
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    if (!known.includes(word)) throw new Error(`No instruction: ${line}`)
    if (word === 'FROM') {
      const [from = '', , name] = rest.split(/\s+/)
      stages.push({ from, name, steps: [] })
    } else if (stages.length > 0) stages.at(-1)?.steps.push({ word, args: argsOf(rest) })
    else if (word !== 'ARG') throw new Error(`${word} before the first FROM`)
  }
  return stages
}

const argsOf = (rest: string): Step['args'] =>
  rest.startsWith('[') ? (JSON.parse(rest) as string[]) : rest.trim()

/** The last instruction of a kind. */
export const lastOf = (stage: Stage, word: string): Step['args'] | undefined =>
  stage.steps.findLast((step) => step.word === word)?.args
