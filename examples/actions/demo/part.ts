/** A sentence that was held against what was drawn. */
export interface Check {
  readonly says: string
  readonly holds: boolean
}

/** One README with the services that its lines speak to. */
export interface Part {
  readonly title: string
  /** Its `console` blocks are run. */
  readonly readme: string
  /** Files of processors. */
  readonly serves: readonly string[]
  /** Starts what the services need besides, and answers their settings; stopped after them. */
  open?(): Promise<{ readonly settings: Readonly<Record<string, string>>; stop(): Promise<void> }>
  /** Puts into the folder what the lines need; answers the variables that they name. */
  prepare(folder: string, url: string): Promise<Readonly<Record<string, string>>>
  check(folder: string, url: string): Promise<readonly Check[]>
  /** Changes one result, as little as can be: a check must notice. Not every part need show that. */
  corrupt?(folder: string): Promise<void>
}
