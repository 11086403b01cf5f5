/** Under which addresses a share link is served; nothing else below /s/ is reachable without a session. */
const ADDRESS = /^\/s\/[^/]+(?:\/(?:events|opened|unlock))?\/?$/

/** Does this path belong to a share link, whether that works or not? */
export const isShareAddress = (path: string): boolean => ADDRESS.test(path.split('?', 1)[0] ?? '')
