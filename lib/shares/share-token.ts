import 'server-only'
import { createHash, randomBytes } from 'node:crypto'

/** 192 bits. */
const TOKEN_BYTES = 24

export const createToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url')
/** What is kept of a token. It is random, so a fast hash does. */
export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('hex')
export const shareLink = (url: string, token: string): string => `${url}/s/${token}`
