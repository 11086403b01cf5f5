const two = (value: number) => String(value).padStart(2, '0')

/** A moment with its date, in the reader's zone: "2026-11-24 09:24". As wide as any other, so nothing jumps. */
export function formatInstant(ms: number): string {
  const date = new Date(ms)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** An instant as the clocks of a zone show it, with its day of the week: "Sun 2026-11-29 02:30". */
export function formatInZone(ms: number, timeZone: string): string {
  try {
    const part = (options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat('en-GB', { timeZone, ...options }).format(ms)
    return `${part({ weekday: 'short' })} ${new Intl.DateTimeFormat('sv', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' }).format(ms)}`
  } catch {
    // A zone that is still being typed.
    return formatInstant(ms)
  }
}

/** A length of time in its two largest units: "2 h 05 min". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`
  return `${Math.floor(whole / 86_400)} d ${two(Math.floor((whole % 86_400) / 3600))} h`
}
