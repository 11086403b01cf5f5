import { survives } from './survives.ts'

/** Those that have the most to tell, of the hours that `npm run test:faults` takes. */
survives([
  'merge-active: begin vda acted: app',
  'merge-active: copy vdb waiting: libvirtd',
  'merge-active: copy vda waiting: qemu',
  'merge-active: pivot vda acted: app',
  'merge-middle: reconcile vdb acted: app',
  'merge-pull: copy vdb waiting: cut',
])
