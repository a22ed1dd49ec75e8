/**
 * The guard of every request that goes out to an address somebody else chose: callbacks, inputs by URL. Sending
 * such a request in another way is a hole, however harmless its URL looks.
 */
export { isAllowEntry } from './allow-list.ts'
export { createOutbound, type OutboundOptions } from './create-outbound.ts'
export { fetchFile, isLinesOfJson, isWebUri, pathOfUrl, type FetchFile } from './fetch-file.ts'
export type { Outbound, OutboundReply, OutboundRequest } from './outbound.ts'
