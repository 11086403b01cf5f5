import { cva, type VariantProps } from 'class-variance-authority'
import type { ComponentProps } from 'react'
import { classNames } from '@/components/class-names'

export const buttonStyle = cva(
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border text-sm font-medium whitespace-nowrap select-none disabled:cursor-not-allowed disabled:border-line disabled:bg-transparent disabled:text-muted disabled:opacity-80 max-sm:min-h-11 max-sm:min-w-11',
  {
    variants: {
      variant: {
        primary: 'border-transparent bg-accent text-accent-ink hover:bg-accent/90',
        outline: 'border-line-strong/60 bg-surface hover:bg-sunken',
        danger: 'border-danger/50 bg-surface text-danger hover:bg-danger/10',
        'danger-solid': 'border-transparent bg-danger text-surface hover:bg-danger/90',
        quiet: 'border-transparent text-muted hover:bg-sunken hover:text-ink',
      },
      size: { medium: 'h-9 px-3.5', small: 'h-7 px-2.5 text-[13px]' },
    },
    defaultVariants: { variant: 'primary', size: 'medium' },
  },
)

export type ButtonProps = ComponentProps<'button'> & VariantProps<typeof buttonStyle>

export function Button({ variant, size, className, type = 'button', ...rest }: ButtonProps) {
  return <button type={type} className={classNames(buttonStyle({ variant, size }), className)} {...rest} />
}
