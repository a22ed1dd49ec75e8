import type { ProtocolDriver } from './protocol-driver.ts'

/** One sentence of docs/reference/processor-protocol.md that a processor can be held to. */
export interface Rule {
  readonly id: string
  readonly title: string
  /** Throws an Error that says what was expected and what came. */
  check(open: (processor?: string) => ProtocolDriver): Promise<void>
}
