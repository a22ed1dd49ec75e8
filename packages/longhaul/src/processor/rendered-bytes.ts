import type { Readable } from 'node:stream'

/** Whole, or as they come. */
export type ActionBytes = string | Uint8Array | Readable | AsyncIterable<Uint8Array | string>

/** An answer that an action made ready itself. */
export interface RenderedBytes {
  readonly data: ActionBytes
  readonly mediaType: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

const mark = Symbol.for('longhaul.rendered-bytes')

/**
 * An answer whose type is known only when it is made, or that needs a status or headers of its own.
 *
 * @example run: async ({ input }) => renderBytes(await draw(input), `image/${input.format}`)
 */
export function renderBytes(
  data: ActionBytes,
  mediaType: string,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): RenderedBytes {
  if (!Number.isInteger(status) || status < 200 || status > 299)
    throw new TypeError(
      `renderBytes answers with a status from 200 to 299, got ${status}; throw an ActionError for others`,
    )
  return Object.defineProperty({ data, mediaType, status, headers }, mark, { value: true })
}

/** Works across copies of the package. */
export const isRenderedBytes = (value: unknown): value is RenderedBytes =>
  typeof value === 'object' && value !== null && mark in value
