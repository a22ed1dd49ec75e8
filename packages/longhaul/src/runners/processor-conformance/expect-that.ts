export function expectThat(holds: boolean, sentence: string, got: unknown): asserts holds {
  if (!holds) throw new Error(`${sentence}; got ${JSON.stringify(got)?.slice(0, 500)}`)
}
