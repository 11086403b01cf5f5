import { survives } from './survives.ts'

/** Those that have the most to tell, of the hours that `npm run test:faults` takes. */
survives([
  'push-increment: begin acted: app',
  'push-increment: read domain.xml back acted: qemu',
  'copy-backup: merge vda back before: qemu',
  'copy-backup: merge vdb back acted: app',
  'copy-backup: copy vdb recorded: full-bases',
])
