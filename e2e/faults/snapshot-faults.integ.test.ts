import { survives } from './survives.ts'

/** Those that have the most to tell, of the hours that `npm run test:faults` takes. */
survives([
  'snapshot: create before: cut',
  'snapshot: create acted: app',
  'snapshot: create acted: libvirtd',
  'snapshot: create before: full-overlays',
  'revert: revert acted: app',
  'revert: revert recorded: cut',
  'delete: delete s2 before: libvirtd',
  'delete: delete s2 acted: app',
])
