import { readHealth } from '@/lib/health/read-health'

/** For monitors, without a session: 200 while Keyframe works, 503 when it does not; `status` tells more. */
export async function GET(): Promise<Response> {
  const health = await readHealth()
  return Response.json(health, {
    status: health.status === 'failing' ? 503 : 200,
    headers: { 'cache-control': 'no-store' },
  })
}
