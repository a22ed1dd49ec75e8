import tseslint from 'typescript-eslint'
import unicorn from 'eslint-plugin-unicorn'

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      'bench/peers/**',
      '.longhaul/**',
      'python/**',
      'examples/ifcb-features/assembly/kernels/**', // AssemblyScript, whose types TypeScript does not know
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: {
      parserOptions: {
        projectService: {
          allowDefaultProject: [
            'eslint.config.js',
            'packages/longhaul/bin/longhaul.js',
            'deploy/healthcheck.mjs',
          ],
        },
      },
    },
    plugins: { unicorn },
    rules: {
      'unicorn/filename-case': ['error', { case: 'kebabCase' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/restrict-template-expressions': 'off',
      // `string | 'everyone'` says more to a reader than `string`.
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/only-throw-error': 'error',
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportDefaultDeclaration',
          message: 'Export by name; a tool that demands a default is listed below.',
        },
      ],
    },
  },
  {
    files: ['**/*.test.ts', '**/*.conformance.ts', '**/*-conformance/**'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: [
      'packages/longhaul/src/cli/**',
      'examples/**',
      'bench/**',
      'scripts/**',
      'e2e/**',
      'packages/longhaul/bin/**',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    // A tool demands it: configurations, and files that are served.
    files: [
      '*.config.{js,ts}',
      'examples/**',
      'bench/processors/**',
      '**/{fixtures,fixture}/**',
      'packages/longhaul/src/testing/torture/processors.ts',
      'e2e/**',
    ],
    rules: { 'no-restricted-syntax': 'off' },
  },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
)
