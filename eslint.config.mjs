import { readdirSync } from 'node:fs'
import next from '@next/eslint-plugin-next'
import hooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'
import { PURE_FILES } from './lib/testing/pure-files.mjs'

/** lib/README.md, “The shape”: imports run downwards only. What each folder of lib/ may import besides itself. `server/per-process` is for what must be single (“Next.js” there). */
const MAY_IMPORT = {
  'node-libvirt': [],
  settings: ['secrets', 'server'],
  secrets: ['server/per-process', 'settings'],
  server: [],
  // secrets: what the database keeps is encrypted, and written again when the key changes.
  store: ['secrets', 'server/per-process', 'settings'],
  // server: a stream goes on by itself when Next has answered.
  live: ['hosts/types', 'jobs/types', 'server'],
  jobs: ['live', 'server/per-process', 'settings', 'store'],
  access: ['jobs/refusal', 'live', 'secrets', 'server', 'settings', 'store'],
  hosts: ['jobs', 'live', 'server/per-process', 'settings', 'store'],
  storage: ['hosts', 'server/per-process', 'store'],
  // storage: a start fails where another VM has the disk open.
  power: ['hosts', 'jobs', 'storage'],
  chains: ['hosts', 'jobs', 'live', 'storage', 'store'],
  plans: ['hosts', 'jobs'],
  situation: ['chains', 'hosts', 'jobs', 'plans', 'storage', 'store'],
  merges: ['chains', 'hosts', 'jobs', 'live', 'plans', 'situation', 'storage', 'store'],
  snapshots: ['chains', 'hosts', 'jobs', 'live', 'merges', 'plans', 'situation', 'storage', 'store'],
  repairs: [
    'chains',
    'hosts',
    'jobs',
    'live',
    'merges',
    'plans',
    'server/per-process',
    'situation',
    'snapshots',
    'storage',
    'store',
  ],
  backups: [
    'chains',
    'hosts',
    'jobs',
    'live',
    'merges',
    'plans',
    'secrets',
    'server/per-process',
    'situation',
    'snapshots',
    'storage',
    'store',
  ],
  // access: passwords, their throttle, and who made a link.
  shares: [
    'access',
    'backups',
    'chains',
    'hosts',
    'jobs',
    'live',
    'schedules',
    'secrets',
    'server/per-process',
    'settings',
    'snapshots',
    'store',
  ],
  schedules: ['backups', 'chains', 'hosts', 'jobs', 'live', 'merges', 'server/per-process', 'store'],
  notifications: ['hosts', 'jobs', 'live', 'schedules', 'secrets', 'server/per-process', 'settings', 'store'],
  health: ['hosts', 'schedules', 'server/per-process', 'store'],
  start: [
    'access',
    'backups',
    'hosts',
    'jobs',
    'live',
    'merges',
    'notifications',
    'power',
    'repairs',
    'schedules',
    'settings',
    'snapshots',
    'storage',
    'store',
  ],
}

/** Its own sub-folders, which a file of one of them reaches by ../ as well. */
const subfolders = (folder) =>
  readdirSync(new URL(`lib/${folder}/`, import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${name}/`)

const pure = {
  files: PURE_FILES,
  rules: {
    'no-restricted-syntax': [
      'error',
      { selector: 'AwaitExpression', message: 'A plan decides on what was read: it waits for nothing.' },
      {
        selector:
          "ImportDeclaration[importKind!='type'][source.value=/^node-libvirt$|hosts\\/host\\.ts$|registry\\.ts$/]",
        message: 'A plan knows no host and no libvirt: readSituation reads.',
      },
    ],
  },
}

const restrict = (folder, allowed) => ({
  files: [`lib/${folder}/**/*.ts`],
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { regex: '^@/', message: 'lib/ also runs in plain Node, which does not know @/.' },
          {
            regex: `^(?:\\.\\./)+(?:app|components|e2e)/`,
            message: 'Imports run downwards: app → components → lib.',
          },
          // From a file of lib/<folder>/ another folder begins with ../, from a subfolder of it with ../../.
          {
            regex: `^\\.\\./(?!(?:\\.\\./)?(?:${[folder, ...allowed].map((name) => (name.includes('/') ? `${name}\\.ts$` : `${name}/`)).join('|')})|${[...subfolders(folder), '[a-z-]+\\.ts$'].join('|')})`,
            message: `lib/${folder} may import only: ${allowed.join(', ') || 'nothing of lib'} (lib/README.md, “The shape”).`,
          },
          ...(folder === 'node-libvirt'
            ? [{ regex: '^(?!\\.|node:)', message: 'node-libvirt has no dependencies.' }]
            : []),
        ],
      },
    ],
  },
})

export default tseslint.config(
  { ignores: ['.next*/**', 'node_modules/**', 'test-results/**', 'next-env.d.ts', '**/*.generated.ts'] },
  ...tseslint.configs.recommended,
  // Early returns, a small function or a table read better.
  { rules: { 'no-nested-ternary': 'error' } },
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@next/next': next, 'react-hooks': hooks },
    rules: {
      ...next.configs['core-web-vitals'].rules,
      ...hooks.configs.recommended.rules,
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      // A form's action and a button's handler may be asynchronous.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  ...Object.entries(MAY_IMPORT).map(([folder, allowed]) => restrict(folder, allowed)),
  pure,
  {
    files: ['components/**/*.{ts,tsx}'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(@/|(\\.\\./)+)(app|e2e)/(?!.*/(actions|route)$)',
              message: 'Imports run downwards: app → components → lib.',
            },
            // What a path answers is what its route gives (components/paths.ts).
            {
              regex: '^(@/|(\\.\\./)+)app/.*/route$',
              allowTypeImports: true,
              message: 'Of a route a component takes no more than its type.',
            },
          ],
        },
      ],
    },
  },
)
