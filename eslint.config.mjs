// Type-checked rules everywhere, and the rooms of docs/architecture.md: who may import whom.
import tseslint from 'typescript-eslint';

/** A rule that forbids imports matching any of the patterns, each with its reason. */
const rooms = (...groups) => ({
  'no-restricted-imports': ['error', { patterns: groups.map(([group, message]) => ({ group, message })) }],
});

const onlyHostSeesVscode = [['vscode'], 'Only src/host and src/extension.ts import vscode.'];
const noExecutor = [['**/training/**', '@tensorflow/*'], 'This room is pure: it imports no executor.'];
const noNode = [['node:*'], 'This room runs in webviews too: no Node.'];
const noHost = [['**/host/**'], 'Only src/extension.ts wires the host; imports run from host to shared, never back.'];
const noJob = [['**/job/**'], 'The job sits above this room: imports run from the job down.'];

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'build/**',
      'node_modules/**',
      'src/kernels/**',
      '.cache/**',
      '.winning-ticket/**',
      '**/*.mjs',
      '**/*.cjs',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './webview/tsconfig.json', './test/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Index access in numeric code is bounds-checked by construction; a `!` there is clearer than a dead branch.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/prefer-for-of': 'off',
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='safeParse']",
          message: 'It may throw: use safeParse of src/shared/check.ts.',
        },
      ],
    },
  },
  { files: ['src/**'], ignores: ['src/host/**', 'src/extension.ts'], rules: rooms(onlyHostSeesVscode, noHost) },
  {
    files: ['src/shared/**'],
    rules: rooms(onlyHostSeesVscode, noExecutor, noHost, noJob, noNode, [
      ['../*/**'],
      'src/shared imports nothing of the project.',
    ]),
  },
  { files: ['src/lottery/**', 'src/sparsity/**'], rules: rooms(onlyHostSeesVscode, noExecutor, noHost, noJob) },
  {
    files: ['src/metrics/**'],
    rules: rooms(onlyHostSeesVscode, noExecutor, noHost, noJob, noNode, [
      ['../*/**', '!../shared/**'],
      'src/metrics imports only src/shared.',
    ]),
  },
  {
    files: ['src/training/**', 'src/models/**', 'src/data/**', 'src/describe/**', 'src/export/**'],
    rules: rooms(onlyHostSeesVscode, noHost, noJob),
  },
  {
    files: ['src/host/**'],
    rules: rooms([
      ['**/training/**', '**/lottery/**', '**/data/**', '**/describe/**', '@tensorflow/*'],
      'The extension host never computes.',
    ]),
  },
  {
    files: ['webview/**'],
    rules: rooms(onlyHostSeesVscode, noNode, [
      ['**/src/!(shared)', '**/src/!(shared)/**'],
      'Webviews import only src/shared.',
    ]),
  },
  {
    // vitest's matchers and Playwright's evaluate hand over loosely typed values
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
    },
  },
);
