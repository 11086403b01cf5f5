import { expect, it } from 'vitest'
import { loginPath, safeNextPath } from './next-path.ts'
import { refusalSentence } from './sign-in-refusal.ts'

it.each([
  ['/hosts/a/vms/b%20c?x=1', '/hosts/a/vms/b%20c?x=1'],
  ['/hosts/a/vms/b%2Fc#top', '/hosts/a/vms/b%2Fc#top'],
  ['/?next=//evil.example', '/?next=//evil.example'],
  ['//evil.example', '/'],
  ['https://evil.example', '/'],
  ['/\\evil.example', '/'],
  ['/a\nb', '/'],
  ['', '/'],
  [null, '/'],
])('after sign-in %j goes on to %s', (next, path) => {
  expect(safeNextPath(next)).toBe(path)
})

it.each([
  '/.//evil.example/x',
  '/..//evil.example/x',
  '/x/..//evil.example/x',
  '/%2e//evil.example/x',
  '/%2E%2e//evil.example/x',
  '/a/%2e%2e//evil.example',
  '/./.././/evil.example',
])('stays on this site where dots lead out of it: %s', (next) => {
  // What a browser makes of it, which is what counts.
  expect(new URL(new URL(safeNextPath(next), 'http://keyframe').pathname, 'http://keyframe').host).toBe(
    'keyframe',
  )
  expect(safeNextPath(next)).toBe('/')
})

it('the sign-in page carries where to go on, and a code of why it was refused', () => {
  expect(loginPath('/')).toBe('/login')
  expect(loginPath('/a b?c=d', 'wrong')).toBe('/login?next=%2Fa%2520b%3Fc%3Dd&error=wrong')
})

it('an address can put no words of its own on the sign-in page', () => {
  expect(refusalSentence('wait-3')).toBe('Too many failed sign-ins. Try again in 3 minutes.')
  expect(refusalSentence('Call 555-1234')).toBe('The user name or the password is wrong.')
})
