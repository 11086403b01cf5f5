/** Values of libvirt 11.3, include/libvirt/libvirt-domain.h. */
import { flag } from './flag-set.ts'

export const VIR_DOMAIN_XML_SECURE = flag<'DomainXML'>(1)
export const VIR_DOMAIN_XML_INACTIVE = flag<'DomainXML'>(2)
export const VIR_DOMAIN_XML_MIGRATABLE = flag<'DomainXML'>(8)

export const VIR_DOMAIN_START_PAUSED = flag<'DomainCreate'>(1)
export const VIR_DOMAIN_START_AUTODESTROY = flag<'DomainCreate'>(2)

export const VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN = flag<'DomainShutdown'>(1)
export const VIR_DOMAIN_SHUTDOWN_GUEST_AGENT = flag<'DomainShutdown'>(2)

export const VIR_DOMAIN_DESTROY_GRACEFUL = flag<'DomainDestroy'>(1)

export const VIR_DOMAIN_UNDEFINE_MANAGED_SAVE = flag<'DomainUndefine'>(1)
export const VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA = flag<'DomainUndefine'>(2)
export const VIR_DOMAIN_UNDEFINE_NVRAM = flag<'DomainUndefine'>(4)
export const VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA = flag<'DomainUndefine'>(16)

export const VIR_CONNECT_LIST_DOMAINS_ACTIVE = flag<'ListDomains'>(1)
export const VIR_CONNECT_LIST_DOMAINS_INACTIVE = flag<'ListDomains'>(2)
export const VIR_CONNECT_LIST_DOMAINS_PERSISTENT = flag<'ListDomains'>(4)
export const VIR_CONNECT_LIST_DOMAINS_TRANSIENT = flag<'ListDomains'>(8)

export const VIR_DOMAIN_STATS_STATE = flag<'DomainStats'>(1)
export const VIR_DOMAIN_STATS_BLOCK = flag<'DomainStats'>(32)

export const VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT = flag<'GetAllDomainStats'>(1 << 29)
export const VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING = flag<'GetAllDomainStats'>(1 << 30)

export const VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_BLOCK = -2
export const VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT = -1

/** virDomainState. */
export const DOMAIN_STATES = [
  'no state',
  'running',
  'blocked',
  'paused',
  'shutting down',
  'shut off',
  'crashed',
  'pmsuspended',
] as const
export type DomainState = (typeof DOMAIN_STATES)[number]

export const VIR_DOMAIN_PAUSED_IOERROR = 5
export const VIR_DOMAIN_PAUSED_POSTCOPY_FAILED = 12
