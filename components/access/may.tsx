'use client'

import { createContext, useContext, type ReactNode } from 'react'
import type { Act } from '@/lib/access/permissions'

const May = createContext<readonly Act[]>([])

/** Says to everything below it what this user may do: no button is shown for another act. The server decides all the same. */
export const MayProvider = ({ acts, children }: { acts: readonly Act[]; children: ReactNode }) => (
  <May value={acts}>{children}</May>
)

/** May this user do the act? */
export const useMay = (act: Act): boolean => useContext(May).includes(act)

/** Shown only to who may do the act. */
export const OnlyWhoMay = ({ act, children }: { act: Act; children: ReactNode }) =>
  useMay(act) ? children : null
