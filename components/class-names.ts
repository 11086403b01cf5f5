import { clsx, type ClassValue } from 'clsx'
import { twMerge } from 'tailwind-merge'

/** Class names joined, the later ones winning. */
export const classNames = (...values: ClassValue[]): string => twMerge(clsx(values))
