import type { IncomingHttpHeaders } from 'node:http'

/**
 * Requests to addresses that somebody else chose. Whatever a URL says, none reaches this machine or its networks unless the
 * operator allowed that: each address that a host has is checked, the connection goes to one that was, and every redirect is
 * looked at like the first URL. Deliberately absent: cookies, proxies, compression, connections that are kept.
 */
export interface Outbound {
  /** What can be told without asking anybody: early, when the URL is handed in. Throws 'outbound-refused'. */
  check(url: string): URL
  /**
   * Answers with the last hop's status and headers; the body is read by the caller, or closed. Throws 'outbound-refused',
   * 'outbound-timeout', 'outbound-failed'.
   */
  send(request: OutboundRequest): Promise<OutboundReply>
}

export interface OutboundRequest {
  readonly url: string
  /** @default GET */
  readonly method?: 'GET' | 'HEAD' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
  /** From the first look-up to the last byte. */
  readonly timeoutMs: number
  /** Until the headers, and between two pieces of the body. @default 30 s */
  readonly silenceMs?: number
  /** Of the reply's body. */
  readonly maxBytes: number
}

export interface OutboundReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Where it came from, behind all redirects. */
  readonly url: string
  /** Throws 'outbound-too-large', 'outbound-timeout', 'outbound-failed'. Whoever stops early closes it. */
  readonly body: AsyncIterable<Uint8Array>
  close(): void
}
