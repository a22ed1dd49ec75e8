import type { OutboundReply } from '../../outbound/index.ts'

/** A small answer as an object; empty where it is none. */
export async function jsonOf(reply: OutboundReply): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Uint8Array[] = []
  for await (const chunk of reply.body) chunks.push(chunk)
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
