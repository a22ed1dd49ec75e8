import { numberedName } from '../record-writer.ts'

export type ShardLayoutName = 'artifacts' | 'masks'

/** How the shards of one output are called, when one is full, and what the index beside it says. */
export interface ShardLayout {
  /** Without extension. */
  readonly fileName: (name: string, index: number) => string
  /** Whether a member of so many bytes goes into the next shard. */
  readonly isFull: (payloadBytes: number, nextBytes: number, maxBytes: number) => boolean
  /** What is wrong with a member's name; undefined: nothing. */
  readonly refusal: (member: string) => string | undefined
  readonly indexOf: (items: ReadonlyMap<string, number>) => unknown
}

/** System A: `artifacts_00000`, never above its size; an index of names and sizes. */
const artifacts: ShardLayout = {
  fileName: (name, index) => numberedName(name, index, ''),
  isFull: (payload, next, max) => payload + next > max,
  refusal: () => undefined,
  indexOf: (items) => ({ items: [...items].map(([name, size_bytes]) => ({ name, size_bytes })) }),
}

const maskName = /^(.+)_(\d{5,})(\.[^./]+)?$/

/** System B: `masks/shard-00000`, closed once it has reached its size; an index by mask, which says whose it is. */
const masks: ShardLayout = {
  fileName: (name, index) => `${name}/shard-${String(index).padStart(5, '0')}`,
  isFull: (payload, _next, max) => payload >= max,
  refusal: (member) =>
    maskName.test(member) ? undefined : 'is no mask: they are called <bin id>_<roi, 5 digits>.png',
  indexOf: (items) =>
    Object.fromEntries(
      [...items.keys()].map((member) => {
        const [, bin_id = '', roi = ''] = maskName.exec(member) ?? []
        return [`${bin_id}_${roi}`, { bin_id, roi_number: Number(roi), tar_member: member }]
      }),
    ),
}

export const shardLayouts: Readonly<Record<ShardLayoutName, ShardLayout>> = { artifacts, masks }

/** `<bin id>_<roi, 5 digits>.png` */
export const maskMember = (binId: string, roiNumber: number): string =>
  `${binId}_${String(roiNumber).padStart(5, '0')}.png`
