import { inspect } from 'node:util'
import type { Log, LogFields } from '../../processor/index.ts'
import type { JsonObject } from '../../support/json.ts'
import type { Channel } from './channel.ts'

const maxTextLength = 64 * 1024

export function authorLog(channel: Channel): Log {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (text: string, fields?: LogFields): void =>
      channel.send({
        type: 'log',
        level,
        text: (typeof text === 'string' ? text : inspect(text)).slice(0, maxTextLength),
        ...(fields === undefined ? {} : { fields: toJsonFields(fields) }),
      })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** Whatever an author logs becomes JSON: errors say their message, what JSON cannot hold is shown as text. */
function toJsonFields(fields: LogFields): JsonObject {
  const entries = Object.entries(fields).map(([key, value]) => {
    if (value instanceof Error) return [key, `${value.name}: ${value.message}`]
    try {
      const text = JSON.stringify(value)
      if (text !== undefined && text.length <= maxTextLength) return [key, value]
    } catch {
      // circular, or a BigInt: shown below
    }
    return [key, inspect(value, { depth: 3 }).slice(0, maxTextLength)]
  })
  return Object.fromEntries(entries) as JsonObject
}
