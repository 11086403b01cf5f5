'use client'

import { useEffect, useState } from 'react'

const SETTLED_AFTER_MS = 300

/** The value once nothing was typed for a moment. */
export function useSettled<Text extends string>(value: Text): Text {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_AFTER_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
