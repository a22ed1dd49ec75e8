/**
 * What vitest's JSON report says, for .ci/run:
 *
 *     node scripts/test-report.ts REPORT sum                passed, failed, skipped
 *     node scripts/test-report.ts REPORT sum-of-passed      only of files in which nothing failed
 *     node scripts/test-report.ts REPORT sum-of FILE
 *     node scripts/test-report.ts REPORT failed-files       one a line
 *     node scripts/test-report.ts REPORT errors-of FILE     the first line of each, after the test's name
 *     node scripts/test-report.ts REPORT tried-twice        the same of tests that passed when vitest tried them again
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'

interface Test {
  readonly fullName: string
  readonly status: string
  readonly failureMessages: readonly string[]
}
interface TestFile {
  readonly name: string
  readonly status: 'passed' | 'failed'
  /** Why the file itself failed, where no test of it did. */
  readonly message: string
  readonly assertionResults: readonly Test[]
}

const [report = '', what = '', file] = process.argv.slice(2)
const { testResults: files } = JSON.parse(readFileSync(report, 'utf8')) as {
  readonly testResults: readonly TestFile[]
}

const only = files.filter(({ name }) => name === file)
const answers: Record<string, () => string[]> = {
  sum: () => [sumOf(files)],
  'sum-of-passed': () => [sumOf(files.filter(({ status }) => status === 'passed'))],
  'sum-of': () => [sumOf(only)],
  'failed-files': () => files.filter(({ status }) => status === 'failed').map(({ name }) => name),
  'errors-of': () => only.flatMap((one) => errorsOf(one, 'failed')),
  'tried-twice': () => files.flatMap((one) => errorsOf(one, 'passed')),
}
for (const line of answers[what]?.() ?? [`No such question: ${what}`]) console.log(line)

function sumOf(some: readonly TestFile[]): string {
  const tests = some.flatMap(({ assertionResults }) => assertionResults)
  const passed = tests.filter(({ status }) => status === 'passed').length
  const failed = tests.filter(({ status }) => status === 'failed').length
  // A file that cannot be loaded, or whose preparation failed, has no failed test to count.
  const broken = some.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length
  return `${passed} ${failed + broken} ${tests.length - passed - failed}`
}

function errorsOf({ name, message, assertionResults }: TestFile, status: string): string[] {
  const where = path.basename(name)
  const lines = assertionResults
    .filter((test) => test.status === status && test.failureMessages.length > 0)
    .map(({ fullName, failureMessages }) => `${where} > ${fullName}: ${first(failureMessages[0])}`)
  return lines.length > 0 || status === 'passed' ? lines : [`${where}: ${first(message)}`]
}

function first(text = ''): string {
  return text.split('\n', 1)[0] ?? ''
}
