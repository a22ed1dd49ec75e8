import { attemptVariable, supervisorEnvironment } from './attempt-marks.ts'

const alwaysPassed = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']

/** What a processor sees of our environment: a short list, what the operator named, and the marks. No secrets by accident. */
export function childEnvironment(options: {
  readonly dataDir: string
  readonly env: readonly string[]
  readonly attemptId?: string
  readonly own?: Readonly<Record<string, string>>
}): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const name of [...alwaysPassed, ...options.env]) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  return {
    ...environment,
    PYTHONUNBUFFERED: '1', // what it printed is in the log when it dies
    ...options.own,
    ...supervisorEnvironment(options.dataDir),
    ...(options.attemptId === undefined ? {} : { [attemptVariable]: options.attemptId }),
  }
}
