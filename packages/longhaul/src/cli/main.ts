/** The program `longhaul`: hands the process to dispatch(). Everything else is imported when a command needs it. */
import { keepCompiledCode } from '../support/compiled-code.ts'

keepCompiledCode()
const { dispatch } = await import('./dispatch.ts')
const { exitCode, Interrupted } = await import('./exit-code.ts')

// `longhaul jobs | head` closes stdout early: that is no error of anyone's.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCode.done)
  throw error
})

let interrupted: AbortController | undefined
function interruption(): AbortSignal {
  if (interrupted === undefined) {
    const controller = (interrupted = new AbortController())
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (controller.signal.aborted) process.exit(exitCode.detached)
        controller.abort(
          new Interrupted('Interrupted; the same command goes on where it was', signal),
        )
      })
    }
  }
  return interrupted.signal
}

// Everything is written and closed. Without this Node 24 takes its handles down one by one, and has been seen to spin
// there for ever (Environment::CleanupHandles) after connections that broke in the middle of a write.
process.once('beforeExit', () => process.exit())

process.exitCode = await dispatch(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  interruption,
})
