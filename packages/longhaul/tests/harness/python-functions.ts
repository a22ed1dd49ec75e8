import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Json } from '../../src/support/json.ts'
import type { PythonCall } from './python-child.ts'

/** How an attempt at an unmodified function must end, whoever runs it. */
export type Expected =
  | { readonly result: Json; readonly outputs?: Readonly<Record<string, string>> }
  | { readonly code: string; readonly detail: RegExp }
  | { readonly exitCode: number }
  | { readonly signal: string }

export interface PythonFunction extends PythonCall {
  readonly processor: string
  readonly expected: Expected
  /** What its log must hold. */
  readonly printed?: RegExp
}

const folder = fileURLToPath(new URL('../fixtures/python/', import.meta.url))
const cat = ['cat.png', 'a picture of a cat'] as const

/** Functions that import nothing of longhaul: [title, file without .py, how it is called and must end]. */
const table: readonly [
  title: string,
  file: string,
  call: Omit<PythonFunction, 'file' | 'processor'> & { readonly processor?: string },
][] = [
  [
    'returns a Path',
    'shrink',
    {
      files: { image: cat },
      input: { width: 9 },
      expected: {
        result: { shrink: { $output: 'small.webp' } },
        outputs: { 'small.webp': 'a picture' },
      },
    },
  ],
  [
    'takes list[Path]',
    'concat',
    {
      files: {
        parts: [
          ['b.txt', 'B'],
          ['a.txt', 'A'],
        ],
      },
      input: { separator: '; ' },
      expected: {
        result: { concat: { $output: 'joined.txt' } },
        outputs: { 'joined.txt': 'b.txt=B; a.txt=A' },
      },
    },
  ],
  [
    'takes Optional files and values that are absent',
    'masked',
    {
      files: { image: cat },
      expected: { result: { size: 18, mask: null, limit: null } },
    },
  ],
  [
    'takes Optional files and values that are given',
    'masked',
    {
      files: { image: cat, mask: ['mask.png', 'm'] },
      input: { limit: 3 },
      expected: { result: { size: 18, mask: 'm', limit: 3 } },
    },
  ],
  [
    'takes Optional of every kind',
    'optionals',
    {
      files: { image: cat },
      input: { ids: [1, 2], flag: true, box: { left: 3 }, mode: 'b', level: 0.5, note: '7' },
      expected: {
        result: {
          ids: [1, 2],
          flag: true,
          box: { left: 3 },
          mode: 'b',
          level: 0.5,
          either: 0,
          note: '7',
        },
      },
    },
  ],
  [
    'takes Literal',
    'resample',
    {
      input: { values: [1, 2, 3.5, 4], method: 'mean' },
      expected: { result: { resample: [1.5, 3.75] } },
    },
  ],
  [
    'takes and returns dataclasses',
    'crop',
    {
      input: { box: { left: 1, top: 2, size: [3, 4] }, labels: ['x'] },
      expected: { result: { box: { left: 1, top: 2, size: [3, 4] }, area: 12, labels: ['x'] } },
    },
  ],
  [
    'takes Annotated',
    'threshold',
    {
      input: { values: [0.1, 0.9], level: 0.3 },
      expected: { result: { threshold: [false, true] } },
    },
  ],
  [
    'has keyword-only and positional-only parameters',
    'keyword_only',
    {
      input: { a: 1, b: 2, c: 3 },
      expected: { result: { keyword_only: 1234 } },
    },
  ],
  ['is async', 'later', { input: { values: [2, 3] }, expected: { result: { later: [1, 1.5] } } }],
  [
    'is a generator of rows',
    'rows',
    {
      input: { count: 3 },
      expected: {
        result: { rows: [{ $output: 'rows_00000.jsonl' }] },
        outputs: {
          'rows_00000.jsonl':
            '{"index": 0, "square": 0}\n{"index": 1, "square": 1}\n{"index": 2, "square": 4}\n',
        },
      },
    },
  ],
  [
    'is a generator of Paths',
    'frames',
    {
      input: { count: 2 },
      expected: {
        result: { frames: [{ $output: 'frame-0.txt' }, { $output: 'frame-1.txt' }] },
        outputs: { 'frame-0.txt': '0', 'frame-1.txt': '1' },
      },
    },
  ],
  [
    'is a class with setup and run',
    'counter',
    { input: { step: 5 }, expected: { result: { counter: 5 } } },
  ],
  ['returns None', 'nothing', { expected: { result: null }, printed: /did nothing with 0/ }],
  [
    'returns a dict',
    'summary',
    {
      files: { source: ['a.txt', 'one two\nthree'] },
      expected: {
        result: { lines: 2, mean: null, words: { first: 'one' }, big: String(2n ** 62n) },
      },
      printed: /result\.mean is nan/,
    },
  ],
  [
    'returns list[Path]',
    'split',
    {
      files: { source: ['a.bin', '12345'] },
      expected: {
        result: { split: [{ $output: 'parts/0.bin' }, { $output: 'parts/1.bin' }] },
        outputs: { 'parts/0.bin': '123', 'parts/1.bin': '45' },
      },
    },
  ],
  [
    'returns a dict of Paths',
    'labelled',
    {
      input: { name: 'x' },
      expected: {
        result: { mask: { $output: 'x-mask.txt' }, overlay: { $output: 'x-overlay.txt' } },
        outputs: { 'x-mask.txt': 'mask', 'x-overlay.txt': 'overlay' },
      },
    },
  ],
  [
    'raises',
    'raises',
    {
      input: { text: 'abc' },
      expected: { code: 'transient', detail: /^RuntimeError: cannot use 'abc'$/ },
      printed:
        /raises\.py", line 2, in _parse[\s\S]*direct cause[\s\S]*RuntimeError: cannot use 'abc'/,
    },
  ],
  [
    'calls sys.exit',
    'exits',
    {
      expected: { code: 'transient', detail: /sys\.exit\(3\)/ },
      printed: /about to leave/,
    },
  ],
  ['calls os._exit', 'vanishes', { expected: { exitCode: 7 }, printed: /last words/ }],
  [
    'crashes in native code',
    'crashes',
    { expected: { signal: 'SIGSEGV' }, printed: /crashes\.py", line 5 in crashes/ },
  ],
  [
    'prints 100 MB without a newline',
    'floods',
    { expected: { result: { floods: 100 } }, printed: /x{1000}/ },
  ],
  [
    'leaves a thread',
    'threads',
    { expected: { result: { threads: 'done' } }, printed: /for ever/ },
  ],
  ['forks', 'forks', { expected: { result: { forks: 'parent' } } }],
  [
    'draws nested tqdm bars',
    'bars',
    { expected: { result: { bars: 12 } }, printed: /100%\|####\| 4\/4/ },
  ],
  [
    'is in a package and imports relatives',
    'lab/inner/relative',
    { input: { x: 4 }, expected: { result: { relative: 7 } } },
  ],
  [
    'imports relatives without being in a package',
    'bare_relative',
    {
      input: { x: 4 },
      expected: { result: { bare_relative: 8 } },
    },
  ],
  [
    'imports a file beside it',
    'sibling',
    { input: { x: 4 }, expected: { result: { sibling: 8 } } },
  ],
  [
    'takes an Enum, with hints for type checkers only',
    'colour',
    {
      input: { name: 'green' },
      expected: { result: { colour: ['green', 'GREEN'] } },
    },
  ],
  [
    'has no hints',
    'untyped',
    {
      input: { text: 'ab', times: 3, loud: true },
      expected: { result: { untyped: 'ABABAB' } },
    },
  ],
  [
    'takes dates in a NamedTuple',
    'when',
    {
      input: { span: { first: '2026-12-31' }, at: '2026-11-23T05:00:00Z' },
      expected: { result: { last: '2027-01-01', at: '2026-11-23T05:00:00+00:00' } },
    },
  ],
  [
    'uses a pool of processes',
    'pool',
    { input: { count: 3 }, expected: { result: { pool: [0, 1, 4] } } },
  ],
  [
    'asks for more memory than there is',
    'memory',
    { expected: { code: 'out-of-memory', detail: /out of memory/ } },
  ],
  [
    'returns a temporary file',
    'temporary',
    {
      input: { text: 'short-lived' },
      expected: {
        result: { temporary: { $output: 'made.txt' } },
        outputs: { 'made.txt': 'short-lived' },
      },
    },
  ],
  [
    'returns a file that is not its own',
    'escapes',
    {
      input: { name: '/etc/passwd' },
      expected: { code: 'permanent', detail: /outside the folder of this attempt/ },
    },
  ],
  [
    'returns what JSON cannot say',
    'unserialisable',
    {
      expected: { code: 'permanent', detail: /result\.cells\[1\]\.area is a object/ },
    },
  ],
  [
    'is part of a script with argparse and logging',
    'script',
    {
      processor: 'count_words',
      files: { text: ['a.txt', 'the longest words count'] },
      input: { minimum: 4 },
      expected: { result: { words: 3, longest: 'longest' } },
      printed: /INFO:root:reading a\.txt[\s\S]*this is only an example/,
    },
  ],
]

export const pythonFile = (name: string): string => path.join(folder, `${name}.py`)

export const pythonFunctions: readonly (readonly [title: string, call: PythonFunction])[] =
  table.map(([title, file, call]) => [
    `${title} (${file}.py)`,
    { processor: path.basename(file), ...call, file: pythonFile(file) },
  ])
