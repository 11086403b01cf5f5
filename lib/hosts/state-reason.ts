import type { VmState } from './types.ts'

/** libvirt's reasons that say more than the state itself (virDomainPausedReason and others, libvirt-domain.h). */
const REASONS: Partial<Record<VmState, Record<number, string>>> = {
  paused: {
    2: 'migration',
    3: 'saving',
    4: 'core dump',
    5: 'I/O error',
    6: 'watchdog',
    7: 'from snapshot',
    8: 'shutting down',
    9: 'taking a snapshot',
    10: 'guest crashed',
    11: 'starting',
    12: 'post-copy',
    13: 'post-copy failed',
    14: 'API error',
  },
  pmsuspended: { 0: 'by its own power management' },
  'shut off': { 3: 'crashed', 5: 'saved', 6: 'failed to start', 7: 'from snapshot', 8: 'daemon lost it' },
}

/** The reason in words, or null for the ordinary ones. */
export const stateReason = (state: VmState, reason: number): string | null => REASONS[state]?.[reason] ?? null
