import { lookup } from 'mime-types'

/** What a name suggests. */
export const mediaTypeOf = (key: string): string => lookup(key) || 'application/octet-stream'
