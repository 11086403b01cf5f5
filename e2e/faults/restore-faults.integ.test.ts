import { survives } from './survives.ts'

/** Those that have the most to tell, of the hours that `npm run test:faults` takes. */
survives([
  'restore: copy vdb acted: app',
  'restore-in-place: switch acted: app',
  'backup-remove: remove a backup acted: libvirtd',
])
