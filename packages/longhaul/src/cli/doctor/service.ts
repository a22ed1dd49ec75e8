import { createClient } from '@longhaul/client'
import { bad, note, ok, type Finding } from './finding.ts'

/** The service itself, where one answers: what its readiness says. */
export async function examineService(
  url: string | undefined,
  token: string | undefined,
): Promise<readonly Finding[]> {
  const client = createClient({ url, token, tries: 1 })
  const answer = await fetch(`${client.url}/health/ready`, {
    signal: AbortSignal.timeout(6000),
  }).catch(() => undefined)
  if (answer === undefined) return [note('service', `none answers at ${client.url}`)]
  const { checks } = (await answer.json().catch(() => ({}))) as {
    checks?: Record<string, { ok: boolean; detail?: string }>
  }
  if (checks === undefined)
    return [note('service', `what answers at ${client.url} is not longhaul (${answer.status})`)]
  const failing = Object.entries(checks).filter(([, check]) => !check.ok)
  if (failing.length === 0) return [ok('service', `${client.url} is ready`)]
  return failing.map(([name, { detail }]) => bad(`service ${name}`, detail ?? 'not ready'))
}
