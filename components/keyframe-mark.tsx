/** The diamond by which animators mark a keyframe: the product's sign, and a snapshot's wherever one stands. */
export function KeyframeMark({ className, hollow = false }: { className?: string; hollow?: boolean }) {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true" className={className}>
      <path
        d="M8 1.2 14.8 8 8 14.8 1.2 8Z"
        fill={hollow ? 'var(--surface)' : 'currentColor'}
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinejoin="round"
      />
    </svg>
  )
}
