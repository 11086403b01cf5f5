/** Starts and stops what runs beside requests. Next calls it once, before the first request; not during the build. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { startKeyframe } = await import('./lib/start/start-keyframe')
    await startKeyframe()
  }
}
