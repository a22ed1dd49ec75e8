/** A moving-average strategy on daily prices, as a function that knows nothing of longhaul; quant.py says the same. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'

interface Parameters {
  readonly symbol?: string
  readonly fast?: number
  readonly slow?: number
}

/** Long while the fast average is above the slow one; what that would have earned. */
export async function momentum({ symbol = 'ORCA', fast = 10, slow = 30 }: Parameters) {
  const prices = await pricesOf(symbol)
  if (!(fast > 0 && fast < slow && slow < prices.length))
    throw new RangeError(`0 < fast < slow < ${prices.length} must hold, got ${fast} and ${slow}`)
  console.log(`${symbol}: ${prices.length} days, averages of ${fast} and ${slow}`)
  const price = (day: number): number => prices[day] ?? NaN
  let [value, peak, drawdown, total, squares, days, trades] = [1, 1, 0, 0, 0, 0, 0]
  let held = false
  for (let day = slow; day < prices.length; day++) {
    const wanted = mean(prices.slice(day - fast, day)) > mean(prices.slice(day - slow, day))
    if (wanted !== held) trades++
    held = wanted
    const earned = held ? price(day) / price(day - 1) - 1 : 0
    value *= 1 + earned
    peak = Math.max(peak, value)
    drawdown = Math.max(drawdown, 1 - value / peak)
    total += earned
    squares += earned * earned
    days++
  }
  const average = total / days
  const deviation = Math.sqrt(Math.max(0, squares / days - average * average))
  return {
    symbol,
    days,
    trades,
    return: value - 1,
    volatility: deviation * Math.sqrt(252),
    drawdown,
    sharpe: deviation === 0 ? null : (average / deviation) * Math.sqrt(252),
  }
}

async function pricesOf(symbol: string): Promise<readonly number[]> {
  const text = await readFile(path.join(import.meta.dirname, 'prices.csv'), 'utf8')
  const [head = [], ...rows] = text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.trim().split(','))
  const column = head.indexOf(symbol)
  if (column < 1) throw new Error(`no prices of ${symbol}`)
  return rows.map((row) => Number(row[column]))
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
