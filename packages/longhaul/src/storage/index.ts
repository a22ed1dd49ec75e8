/** Where bytes live. The contracts are in object-store.ts; the app alone chooses a backend. */
export type * from './object-store.ts'
export { etagOfParts } from './named-parts.ts'
export { keyOfUri, uriOfKey } from './object-uri.ts'
export { diskFloorOf, isBelowFloor, reserveBytes, roomOf, type Room } from './disk-floor.ts'
export { chunksOf } from './body-chunks.ts'
export { passing } from './lasting-chunks.ts'
export { checkSha256, offsetMismatch } from './check-bytes.ts'
