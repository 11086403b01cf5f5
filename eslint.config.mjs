import next from '@next/eslint-plugin-next'
import boundaries from 'eslint-plugin-boundaries'
import hooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

// DESIGN.md, section 1: imports run downwards only.
const below = ['backups', 'snapshots', 'merges', 'chains', 'hosts']
const lower = (name) => [...below.slice(below.indexOf(name)), 'node-libvirt', 'jobs', 'live', 'store', 'settings']

export default tseslint.config(
  { ignores: ['.next*/**', 'node_modules/**', 'next-env.d.ts', '**/*.generated.ts'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    plugins: { '@next/next': next, 'react-hooks': hooks, boundaries },
    settings: {
      'import/resolver': { typescript: true },
      'boundaries/elements': [
        { type: 'app', pattern: 'app' },
        { type: 'components', pattern: 'components' },
        ...['node-libvirt', 'hosts', 'chains', 'merges', 'snapshots', 'jobs', 'backups', 'access', 'store', 'live', 'settings'].map((name) => ({ type: name, pattern: `lib/${name}` })),
        { type: 'e2e', pattern: 'e2e' },
      ],
    },
    rules: {
      ...next.configs['core-web-vitals'].rules,
      ...hooks.configs.recommended.rules,
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'off',
    },
  },
)
