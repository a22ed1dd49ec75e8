/** Resolves after everything that lies in pipes now has been read: one whole poll phase of the event loop. */
export async function nextPoll(): Promise<void> {
  await new Promise(setImmediate)
  await new Promise(setImmediate)
}
