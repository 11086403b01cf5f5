import { GoneSnapshot } from '@/components/vm/gone-snapshot'

/** Shown when the VM or the snapshot that a link names is no longer there. */
export default function NotFound() {
  return <GoneSnapshot />
}
