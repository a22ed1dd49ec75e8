#!/usr/bin/env node
// Plain JavaScript that every Node since 12 can read: on an old one it says in one line what to run instead.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const wanted = 24
if (Number(process.versions.node.split('.')[0]) >= wanted) {
  import('../dist/cli/main.js')
} else {
  const quoted = (word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`
  // npx finds what this folder has installed; anything else is named by its path.
  const here = existsSync('node_modules/.bin/longhaul')
  const program = here ? ['longhaul'] : ['node', fileURLToPath(import.meta.url)]
  const line = ['npx', '-y', '-p', `node@${wanted}`, '--', ...program, ...process.argv.slice(2)]
  const is = process.versions.node
  console.error(`longhaul needs Node ${wanted}, this is ${is}; run:  ${line.map(quoted).join(' ')}`)
  process.exitCode = 2
}
