/**
 * What is wrong with a Compose file, in the parts of the specification that ours uses. Narrower than the specification's
 * own schema in that it knows fewer keys; it goes further in that names must lead somewhere.
 */
export interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes?: Readonly<Record<string, unknown>>
}
interface Service {
  readonly image?: string
  readonly build?: unknown
  readonly command?: readonly string[]
  readonly deploy?: { readonly replicas?: number }
  readonly environment?: Readonly<Record<string, string | number>>
  readonly healthcheck?: {
    readonly test: readonly string[]
    readonly interval?: string
    readonly timeout?: string
    readonly start_period?: string
  }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly restart?: string
  readonly stop_grace_period?: string
}

const serviceKeys = new Set(
  (
    'build cap_drop command depends_on deploy environment healthcheck image ports read_only restart ' +
    'security_opt shm_size stop_grace_period tmpfs volumes'
  ).split(' '),
)
const healthKeys = new Set('test interval timeout retries start_period'.split(' '))
const conditions = ['service_started', 'service_healthy', 'service_completed_successfully']
const duration = /^(\d+(us|ms|s|m|h))+$/

export function composeMistakes(compose: Compose): readonly string[] {
  const mistakes: string[] = []
  for (const key of Object.keys(compose))
    if (!['name', 'services', 'volumes'].includes(key) && !key.startsWith('x-'))
      mistakes.push(`there is no key ${key}`)
  for (const [name, service] of Object.entries(compose.services)) {
    const say = (text: string) => mistakes.push(`${name}: ${text}`)
    unknownKeys(service, serviceKeys).forEach((key) => say(`there is no key ${key}`))
    if (service.image === undefined && service.build === undefined) say('neither image nor build')
    if (
      service.restart !== undefined &&
      !/^(no|always|on-failure|unless-stopped)$/.test(service.restart)
    )
      say(`restart ${service.restart}`)
    if (service.stop_grace_period !== undefined && !duration.test(service.stop_grace_period))
      say(`stop_grace_period ${service.stop_grace_period}`)
    for (const port of service.ports ?? [])
      if (!/^(\$\{[^}]+\}:|[\d.]+:)?\d+:\d+$/.test(port)) say(`port ${port}`)
    checkHealth(service, say)
    checkDependencies(compose, service, say)
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':')
      if (!/^[./]/.test(source) && !(source in (compose.volumes ?? {})))
        say(`there is no volume ${source}`)
    }
  }
  return mistakes
}

function checkHealth({ healthcheck }: Service, say: (text: string) => void): void {
  if (healthcheck === undefined) return
  unknownKeys(healthcheck, healthKeys).forEach((key) => say(`healthcheck: there is no key ${key}`))
  if (!['CMD', 'CMD-SHELL', 'NONE'].includes(healthcheck.test[0] ?? '')) say('healthcheck: test')
  for (const key of ['interval', 'timeout', 'start_period'] as const) {
    const value = healthcheck[key]
    if (value !== undefined && !duration.test(value)) say(`healthcheck: ${key}`)
  }
}

function checkDependencies(compose: Compose, service: Service, say: (text: string) => void): void {
  for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
    const other = compose.services[name]
    if (other === undefined) say(`depends on ${name}, which is no service`)
    else if (!conditions.includes(condition)) say(`condition ${condition}`)
    // Our own image has a healthcheck of its own.
    else if (
      condition === 'service_healthy' &&
      !other.healthcheck &&
      !other.image?.startsWith('longhaul')
    )
      say(`waits for ${name} to be healthy, which nothing tells`)
  }
}

const unknownKeys = (value: object, known: ReadonlySet<string>): readonly string[] =>
  Object.keys(value).filter((key) => !known.has(key))
