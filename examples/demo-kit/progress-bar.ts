import type { SeenProgress } from './watch-job.ts'

const silentMs = 15_000

/** Draws a job's progress on stderr: in place on a terminal, else a line for each quarter, and when there was none for long. */
export function createProgressBar(stream: NodeJS.WriteStream = process.stderr): {
  readonly draw: (progress: SeenProgress) => void
  readonly end: () => void
} {
  let drawn = false
  let quarter = 0
  let lastAt = Date.now()
  return {
    draw(progress) {
      if (progress.percent === null) return
      if (stream.isTTY) {
        stream.write(`\r\x1b[2K${barLine(progress)}`)
        drawn = true
      } else if (Math.floor(progress.percent / 25) > quarter || Date.now() - lastAt > silentMs) {
        quarter = Math.floor(progress.percent / 25)
        lastAt = Date.now()
        stream.write(`${barLine(progress)}\n`)
      }
    },
    end() {
      if (drawn) stream.write('\n')
    },
  }
}

export function barLine(progress: SeenProgress): string {
  const { stage, done, total, rate_per_second: rate, eta_seconds: eta } = progress
  const percent = Math.min(100, Math.max(0, progress.percent ?? 0))
  const full = Math.floor(percent / 5)
  return [
    `  ${'█'.repeat(full)}${'░'.repeat(20 - full)} ${String(Math.floor(percent)).padStart(3)} %`,
    done === null ? '' : `${done}${total === null ? '' : `/${total}`} ${stage ?? ''}`.trim(),
    rate === null || rate === undefined
      ? ''
      : `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s`,
    eta ? `ETA ${Math.ceil(eta)} s` : '',
  ]
    .filter(Boolean)
    .join('  ')
}
