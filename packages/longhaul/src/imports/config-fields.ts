import type { ValidationDetail } from '@longhaul/protocol'
import { invalidRequest } from '../validation/index.ts'

/** Reads `source_config` field by field and gathers every mistake. What was sent is never said again: it may be a secret. */
export class ConfigFields {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #mistakes: ValidationDetail[] = []

  constructor(config: unknown) {
    const isObject = typeof config === 'object' && config !== null && !Array.isArray(config)
    this.#values = isObject ? (config as Record<string, unknown>) : {}
    if (!isObject) this.wrong(undefined, 'Input should be a valid dictionary', 'dict_type')
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null
  }

  /** As it was sent. */
  raw(name: string): unknown {
    return this.#values[name]
  }

  text(name: string, maxLength = 1024): string | undefined {
    const value = this.#values[name]
    if (value === undefined || value === null || value === '') return undefined
    if (typeof value !== 'string') this.wrong(name, 'Input should be a valid string', 'string_type')
    else if (value.length > maxLength)
      this.wrong(name, `String should have at most ${maxLength} characters`, 'string_too_long')
    else if (/[\p{Cc}]/u.test(value))
      this.wrong(name, 'String should have no control characters', 'value_error')
    else return value
    return undefined
  }

  /** Empty where it is missing, which is a mistake. */
  required(name: string, maxLength?: number): string {
    const before = this.#mistakes.length
    const value = this.text(name, maxLength)
    if (value === undefined && this.#mistakes.length === before)
      this.wrong(name, 'Field required', 'missing')
    return value ?? ''
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.#values[name]
    if (value === undefined || value === null) return otherwise
    if (typeof value === 'boolean') return value
    const word = typeof value === 'string' || typeof value === 'number' ? `${value}` : ''
    if (/^(true|1|yes|on)$/i.test(word)) return true
    if (/^(false|0|no|off)$/i.test(word)) return false
    this.wrong(name, 'Input should be a valid boolean', 'bool_parsing')
    return otherwise
  }

  /** A setting of older services that cannot be had any more, or never was safe. */
  only(name: string, allowed: boolean, why: string): void {
    if (this.flag(name, allowed) !== allowed) this.wrong(name, why)
  }

  wrong(name: string | undefined, msg: string, type = 'value_error'): void {
    const loc = ['body', 'source_config', ...(name === undefined ? [] : [name])]
    this.#mistakes.push({ type, loc, msg })
  }

  /** Throws 'invalid-request' with all that was wrong. */
  check(): void {
    if (this.#mistakes.length > 0) throw invalidRequest(this.#mistakes)
  }
}
