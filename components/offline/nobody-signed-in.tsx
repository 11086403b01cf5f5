'use client'

import { useEffect } from 'react'
import { forgetPages } from '@/components/offline/forget-pages'

/** Where nobody is signed in yet: what this device kept for whoever was before goes, however that session ended. */
export function NobodySignedIn() {
  useEffect(forgetPages, [])
  return null
}
