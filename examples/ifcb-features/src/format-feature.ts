/** Significant digits of the archives' tables. */
const digits = 10

/**
 * A number as C prints it with `%.10g`, NaN as an empty field. Where the number lies exactly between two of ten digits, C takes
 * the even one and JavaScript the larger one; volumes that are float32 do lie there.
 *
 * @example
 * formatFeature(153497.234375) // '153497.2344'
 * formatFeature(0.00001234) // '1.234e-05'
 * formatFeature(NaN) // ''
 */
export function formatFeature(value: number): string {
  if (Number.isNaN(value)) return ''
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const { digitsOf, exponent } = roundHalfToEven(Math.abs(value))
  const significant = digitsOf.replace(/0+$/, '') || '0'
  if (exponent < -4 || exponent >= digits) {
    const power = String(Math.abs(exponent)).padStart(2, '0')
    return `${sign}${point(significant, 1)}e${exponent < 0 ? '-' : '+'}${power}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${significant}`
  return sign + point(significant.padEnd(exponent + 1, '0'), exponent + 1)
}

const point = (text: string, at: number) =>
  text.length > at ? `${text.slice(0, at)}.${text.slice(at)}` : text

/** Ten digits d.ddddddddd and the power of ten of the first. */
function roundHalfToEven(value: number): { digitsOf: string; exponent: number } {
  // 30 digits: a double that close to the middle of two tens is the middle.
  const long = split(value.toExponential(29))
  const isMiddle = /^50*$/.test(long.digitsOf.slice(digits))
  const lastIsEven = Number(long.digitsOf[digits - 1]) % 2 === 0
  if (isMiddle && lastIsEven) return { ...long, digitsOf: long.digitsOf.slice(0, digits) }
  return split(value.toExponential(digits - 1))
}

function split(text: string): { digitsOf: string; exponent: number } {
  const [mantissa = '', exponent = ''] = text.split('e')
  return { digitsOf: mantissa.replace('.', ''), exponent: Number(exponent) }
}
