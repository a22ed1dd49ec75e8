import type { Progress } from '../jobs/job.ts'

/** A progress bar as tqdm and its kind draw it on stderr. */
export interface Bar {
  readonly progress: Progress
  readonly complete: boolean
  /** 0 is the outermost; an inner bar is drawn below and the cursor moved up again. */
  readonly position: number
}

// `resize:  37%|███▋      | 15/40 [00:03<00:05,  4.9it/s]`, of which the brackets may be missing
const withTotal =
  /^(?:(?<what>.*?):\s*)?\s*(?<percent>\d{1,3})%\|[^|]*\|\s*(?<done>[\d.]+)(?<doneUnit>[kMGTP]?)\w*\/(?<total>[\d.]+)(?<totalUnit>[kMGTP]?)\w*(?:\s*\[(?<rest>[^\]]*)\]?)?/u
// `resize: 15it [00:03,  4.9it/s]`
const withoutTotal =
  /^(?:(?<what>.*?):\s*)?(?<done>[\d.]+)(?<doneUnit>[kMGTP]?)[A-Za-z]* \[(?<rest>\d[\d:]*, [^\]]*)\]?/u

const escapes = /\u001b\[[\d;]*[A-Za-z]/gu

/** Reads one line, or one state of a line that is redrawn; undefined where it is no bar. */
export function parseBar(text: string): Bar | undefined {
  if (text.length > 1000 || !(text.includes('%|') || text.includes(' ['))) return undefined

  const up = /(?:\u001b\[A)+$/u.exec(text)
  const plain = text.replace(escapes, '').trim()
  const match = withTotal.exec(plain) ?? withoutTotal.exec(plain)
  const { what, percent, done, doneUnit, total, totalUnit, rest } = match?.groups ?? {}
  if (done === undefined) return undefined
  const doneCount = scaled(done, doneUnit)
  const totalCount = total === undefined ? undefined : scaled(total, totalUnit)
  const rate = rateOf(rest)
  const eta = etaOf(rest)
  return {
    progress: {
      ...(what ? { stage: what } : {}),
      ...(percent === undefined ? {} : { percent: Number(percent) }),
      done: doneCount,
      ...(totalCount === undefined ? {} : { total: totalCount }),
      ...(rate === undefined ? {} : { ratePerSecond: rate }),
      ...(eta === undefined ? {} : { etaSeconds: eta }),
    },
    complete: totalCount !== undefined && doneCount >= totalCount,
    position: up ? up[0].length / 3 : 0,
  }
}

const powers: Record<string, number> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 }
const scaled = (digits: string, unit: string | undefined): number =>
  Math.round(Number(digits) * (powers[unit ?? ''] ?? 1))

/** `4.9it/s`, `1.2MB/s`, or `3.1s/it` when one takes longer than a second. */
function rateOf(rest: string | undefined): number | undefined {
  const match = /([\d.]+)\s*([kMGTP]?)[A-Za-z]*\/s/u.exec(rest ?? '')
  if (match) return Number(match[1]) * (powers[match[2] ?? ''] ?? 1)
  const slow = /([\d.]+)\s*s\/\w+/u.exec(rest ?? '')
  return slow && Number(slow[1]) > 0 ? 1 / Number(slow[1]) : undefined
}

/** `00:03<01:02:05` */
function etaOf(rest: string | undefined): number | undefined {
  const match = /<(\d[\d:]*)/u.exec(rest ?? '')
  return match?.[1]?.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0)
}
