/** One thing that was examined. `note`: worth knowing, nothing to do now. */
export interface Finding {
  readonly what: string
  readonly level: 'ok' | 'note' | 'bad'
  readonly detail: string
  /** Safe to do at once, in any state of the service. Answers what was done. */
  readonly fix?: () => Promise<string>
}

export const ok = (what: string, detail: string): Finding => ({ what, level: 'ok', detail })
export const note = (what: string, detail: string): Finding => ({ what, level: 'note', detail })
export const bad = (what: string, detail: string): Finding => ({ what, level: 'bad', detail })

/** A question that fails is a finding, too; the others are still asked. */
export async function examine(
  what: string,
  question: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await question()
  } catch (error) {
    return [bad(what, (error as Error).message)]
  }
}
