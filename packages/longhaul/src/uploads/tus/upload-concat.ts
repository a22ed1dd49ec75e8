import { badHeader } from './headers.ts'

export type UploadConcat =
  { readonly kind: 'partial' } | { readonly kind: 'final'; readonly uploadIds: readonly string[] }

/** `Upload-Concat: partial`, or `final;` and the URLs of the partial uploads in order, "separated by a space". */
export function parseConcat(header: string | undefined): UploadConcat | undefined {
  if (header === undefined) return undefined
  if (header === 'partial') return { kind: 'partial' }
  const list = /^final;(.*)$/.exec(header)?.[1]?.trim()
  if (!list) throw badHeader('Upload-Concat', header, todo)
  return { kind: 'final', uploadIds: list.split(/ +/).map(idIn) }
}

/** "The URLs MAY be absolute or relative." The id alone counts: what it leads to is checked to be the owner's. */
function idIn(url: string): string {
  const path = URL.canParse(url, 'http://here/') ? new URL(url, 'http://here/').pathname : ''
  const id = /\/uploads\/([\w-]{1,64})\/?$/.exec(path)?.[1]
  if (id === undefined) throw badHeader('Upload-Concat', url, todo)
  return id
}

const todo = 'send partial, or final; and the URLs of the partial uploads with spaces between them'
