import type { ProgressReport, ReportProgress } from '../processor/index.ts'
import type { ImportStage } from './imports.ts'

/** Older speeds count half as much every so often. */
const halfLifeMs = 5000
const everyMs = 250

/** Bytes of all files of one import, told now and then with speed and remaining time. */
export class ImportProgress {
  readonly #report: ReportProgress
  #stage: ImportStage = 'initializing'
  #current: string | undefined
  #done = 0
  #total: number | undefined
  #bytesPerMs: number | undefined
  #moved = 0
  #since = performance.now()

  constructor(report: ReportProgress) {
    this.#report = report
  }

  /** `total`: undefined where a source does not say. */
  begin(done: number, total: number | undefined): void {
    this.#done = done
    this.#total = total
    this.stage('uploading')
  }

  stage(stage: ImportStage, current = this.#current): void {
    this.#stage = stage
    this.#current = current
    this.#tell()
  }

  moved(bytes: number): void {
    this.#done += bytes
    this.#moved += bytes
    const ms = performance.now() - this.#since
    if (ms < everyMs) return
    const now = this.#moved / ms
    const weight = 0.5 ** (ms / halfLifeMs)
    this.#bytesPerMs =
      this.#bytesPerMs === undefined ? now : this.#bytesPerMs * weight + now * (1 - weight)
    this.#moved = 0
    this.#since = performance.now()
    this.#tell()
  }

  /** Bytes that an earlier attempt has left. */
  kept(bytes: number): void {
    this.#done += bytes
  }

  /** Bytes that came to nothing. */
  lost(bytes: number): void {
    this.#done -= bytes
  }

  /** A file turned out to have so many bytes more. */
  grown(bytes: number): void {
    if (this.#total !== undefined) this.#total += bytes
  }

  #tell(): void {
    const perSecond = (this.#bytesPerMs ?? 0) * 1000
    const left = this.#total === undefined ? undefined : Math.max(0, this.#total - this.#done)
    const report: ProgressReport & { readonly rate?: number; readonly eta_seconds?: number } = {
      stage: this.#stage,
      ...(this.#stage === 'initializing' ? {} : { done: this.#done }),
      ...(this.#total === undefined ? {} : { total: this.#total }),
      ...(perSecond > 0 ? { rate: Math.round(perSecond) } : {}),
      ...(perSecond > 0 && left !== undefined ? { eta_seconds: Math.round(left / perSecond) } : {}),
      ...(this.#current === undefined ? {} : { detail: { current_file: this.#current } }),
    }
    this.#report(report)
  }
}
