'use client'

import { forgetPages } from '@/components/offline/forget-pages'
import { Button } from '@/components/ui/button'

/** Its form ends the session on the server; what this device kept is gone at once, whether an answer comes or not. */
export const SignOutButton = () => (
  <Button type="submit" variant="quiet" size="small" onClick={forgetPages}>
    Sign out
  </Button>
)
