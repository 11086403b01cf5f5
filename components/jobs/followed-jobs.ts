/** Jobs that an open dialog of this tab follows: the page beneath need not tell their end a second time. */
const followed = new Set<string>()

export const isFollowed = (jobId: string): boolean => followed.has(jobId)

export function follow(jobId: string): () => void {
  followed.add(jobId)
  return () => void followed.delete(jobId)
}
