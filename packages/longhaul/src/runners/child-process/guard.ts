import { spawn } from 'node:child_process'

/**
 * Kills a process group when this process dies, however it dies: a shell outside the group that waits for a line on a
 * pipe which only we hold. End of file without a line means that we are gone. dash needs the signal by name and `--`.
 */
const script = 'read -r line || kill -s KILL -- "-$0"'

export interface Guard {
  /** Call it when the group is gone, and soon: its number may be given to others. */
  dismiss(): void
}

export function startGuard(group: number): Guard {
  const shell = spawn('/bin/sh', ['-c', script, String(group)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // a Ctrl-C in our terminal must not reach it
    env: {}, // it must not carry the marks of what it guards
    cwd: '/',
  })
  shell.on('error', () => undefined)
  shell.stdin.on('error', () => undefined)
  shell.unref()
  return {
    dismiss: () => {
      shell.stdin.end('gone\n')
    },
  }
}
