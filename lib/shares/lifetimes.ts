/** How long a link may work. */
export const LIFETIMES = ['1h', '1d', '7d', '30d'] as const
export type Lifetime = (typeof LIFETIMES)[number]
export const DEFAULT_LIFETIME: Lifetime = '7d'

const HOUR_MS = 3_600_000
export const LIFETIME_MS: Record<Lifetime, number> = {
  '1h': HOUR_MS,
  '1d': 24 * HOUR_MS,
  '7d': 7 * 24 * HOUR_MS,
  '30d': 30 * 24 * HOUR_MS,
}
