import type { IRegularForbiddenRuleType } from 'dependency-cruiser'

/**
 * Who may know whom, as style and design have it: protocol ← errors, processor, support ← contracts ← features ← http ←
 * app ← cli. Adapters are chosen by app alone. Tests reach further than the code they test.
 */
const src = '^packages/longhaul/src/'
const tests = '\\.(test|property|golden|fixture)\\.ts$|conformance|/(tests|fixtures)/'

/** Interface files and plain data: anyone may import them directly. */
const contracts =
  `${src}(` +
  [
    'app/(config|services)',
    'archives/archives',
    'database/database',
    'jobs/(engine|job)',
    'processor/(description|file-fields)',
    'runners/(runner|messages)',
    'storage/(object-store|object-uri)',
    'uploads/uploads',
    'imports/imports',
  ].join('|') +
  ')\\.ts$'
const adapters = `${src}(jobs|database|storage|runners)/(sqlite|postgres|local|s3|child-process|worker-thread|inline)/`
/** What chooses backends, or stands in for the whole service. */
const composers = `${src}(app|testing)/`
/** Commands that make or break a service themselves; every other one speaks to a running service. */
const hostCommands = 'serve|worker|try|keys|backup|restore|doctor|gc|db|torture'

const rule = (
  name: string,
  comment: string,
  from: IRegularForbiddenRuleType['from'],
  to: IRegularForbiddenRuleType['to'],
): IRegularForbiddenRuleType => ({ name, comment, severity: 'error', from, to })

export const forbidden: IRegularForbiddenRuleType[] = [
  rule('no-cycles', 'A circle of files is one file in disguise.', {}, { circular: true }),
  rule(
    'everything-resolves',
    'An import that leads nowhere hides from every other rule.',
    { pathNot: tests },
    // A fresh checkout has nothing built; CI runs the built command by itself.
    { couldNotResolve: true, pathNot: '^\\.\\./dist/cli/main\\.js$' },
  ),
  rule(
    'declared-dependencies',
    'What is published declares what it imports.',
    { path: '^packages/[^/]+/src/', pathNot: tests },
    { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
  ),
  rule(
    'protocol-needs-only-zod',
    'The wire is spoken by browsers too.',
    { path: '^packages/protocol/src/', pathNot: tests },
    { pathNot: '^packages/protocol/src/|node_modules/zod/' },
  ),
  rule(
    'client-needs-only-protocol',
    'The client runs wherever fetch does; only its Node half may touch files.',
    { path: '^packages/client/src/', pathNot: [tests, '^packages/client/src/node(/|\\.ts$)'] },
    { pathNot: '^packages/(client|protocol)/src/|node_modules/zod/' },
  ),
  rule(
    'support-knows-nobody',
    'Support is dependency-free, so that anything may use it.',
    { path: `${src}support/`, pathNot: tests },
    { pathNot: [`${src}support/`, '^node:'], dependencyTypesNot: ['core'] },
  ),
  rule(
    'errors-know-the-catalogue-only',
    'Every feature throws them.',
    { path: `${src}errors/`, pathNot: tests },
    { pathNot: `${src}(errors|support)/|^packages/protocol/src/` },
  ),
  rule(
    'fastify-in-http-only',
    'Requests and replies end at the routes.',
    {
      path: '^packages/longhaul/src/',
      pathNot: [`${src}(http|app)/`, '/routes[^/]*\\.ts$', tests],
    },
    { path: 'node_modules/(fastify|@fastify|fastify-type-provider-zod)/' },
  ),
  rule(
    'sqlite-in-its-adapters-only',
    'Everyone else says what to write, not how.',
    { path: '^packages/', pathNot: [`${src}(database|jobs/sqlite)/`, tests] },
    { path: '^(node:)?sqlite$' },
  ),
  rule(
    'postgres-in-its-adapters-only',
    'An SDK is known inside its adapter alone.',
    { path: '^packages/', pathNot: [`${src}(database|jobs/postgres|testing/servers)/`, tests] },
    { path: 'node_modules/(@types/)?pg/' },
  ),
  rule(
    's3-in-its-adapter-only',
    'An SDK is known inside its adapter alone.',
    { path: '^packages/', pathNot: [`${src}(storage|imports)/s3/`, tests] },
    { path: 'node_modules/@aws-sdk/' },
  ),
  rule(
    'app-chooses-the-backends',
    'A feature that picks its own backend cannot be given another.',
    { path: src, pathNot: [composers, adapters, tests, `${src}(database/|runners/index)`] },
    { path: adapters },
  ),
  rule(
    'features-meet-through-index',
    'What a folder does not export by its index is its own affair; contracts and routes are public.',
    { path: `${src}([^/]+)/`, pathNot: [`${src}testing/`, tests] },
    {
      path: src,
      pathNot: [`${src}$1/`, `${src}support/`, `/index\\.ts$`, '/routes[^/]*\\.ts$', contracts],
    },
  ),
  rule(
    'features-do-not-look-up',
    'A feature works the same whoever assembles it.',
    {
      path: `${src}(actions|archives|batches|callables|class-form|database|errors|imports|jobs|keys|operations|outbound|portal|processor|results|reuse|runners|storage|support|uploads|webhooks|worker|writers)/`,
      pathNot: tests,
    },
    { path: `${src}(app|cli|http|testing|index\\.ts)`, pathNot: contracts },
  ),
  rule(
    'http-does-not-look-up',
    'The server is given its services.',
    { path: `${src}http/`, pathNot: tests },
    { path: `${src}(app|cli|testing|worker)/`, pathNot: contracts },
  ),
  rule(
    'nobody-imports-the-command-line',
    'A command is the end of a chain.',
    { pathNot: [`${src}cli/`, '^packages/longhaul/bin/', tests] },
    { path: `${src}cli/` },
  ),
  rule(
    'clients-use-the-client',
    'A command that addresses a running service sees what any client sees.',
    { path: `${src}cli/commands/`, pathNot: [`/(${hostCommands})[^/]*\\.ts$`, tests] },
    {
      path: `${src}(app|database|http|jobs|keys|runners|storage|uploads|worker|writers)/`,
    },
  ),
  rule(
    'examples-use-public-names',
    'An example shows what a stranger can do.',
    { path: '^examples/' },
    {
      path: '^packages/',
      pathNot: [
        '^packages/(longhaul|client|protocol)/src/index\\.ts$',
        '^packages/longhaul/src/testing/(servers/|faults/)?index\\.ts$',
      ],
    },
  ),
]
