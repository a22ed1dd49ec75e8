/** The build's second half: what the compiler does not carry into `dist/`, and the service reads at run time. */
import { cp, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
const packageRoot = path.join(root, 'packages/longhaul')
const require = createRequire(import.meta.url)

const assets = [
  { from: path.join(packageRoot, 'src/database/schema'), to: 'database/schema', ending: '.sql' },
  { from: path.join(root, 'python/longhaul'), to: 'python/longhaul', ending: '.py' },
  { from: require.resolve('redoc/bundles/redoc.standalone.js'), to: 'assets/redoc.standalone.js' },
]

for (const { from, to, ending } of assets) {
  if (ending !== undefined) {
    const names = await readdir(from, { recursive: true })
    if (!names.some((name) => name.endsWith(ending)))
      throw new Error(`${path.relative(root, from)} has no ${ending} file to copy`)
  }
  await cp(from, path.join(packageRoot, 'dist', to), {
    recursive: true,
    filter: (source) => !/__pycache__|\.pyc$|\.test\.ts$/.test(source),
  })
}
