import type { FromProcessor } from '../messages.ts'

/** What the author's side says to its supervisor: fd 4 in a child process, a function call in the same process. */
export interface Channel {
  send(message: FromProcessor): void
}
