const shapes = {
  overview: 'M3 12 12 4l9 8M5 10.500V20h5v-6h4v6h5v-9.500',
  orders: 'M5 4h14v16l-3-2-2 2-2-2-2 2-2-2-3 2zM9 9h6M9 13h6',
  stock: 'M3 8l9-4 9 4v8l-9 4-9-4zM3 8l9 4 9-4M12 12v8',
  exposure: 'M3 20h18M6 16h8M6 11h12M6 6h5M17 3v14',
  rules: 'M4 7h10M18 7h2M14 5v4M4 12h3M11 12h9M7 10v4M4 17h8M16 17h4M12 15v4',
  accounts: 'M4 10h16v10H4zM4 10l2-6h12l2 6M9 20v-5h6v5',
  files: 'M8 4v13M4 13l4 4 4-4M16 20V7M12 11l4-4 4 4',
  money: 'M3 7h18v11H3zM12 10a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5zM6 10v5M18 10v5',
  journal: 'M6 3h12v18H6zM9 8h6M9 12h6M9 16h4',
  loss: 'M12 3 2 20h20zM12 10v5M12 17.500v.5',
  warning: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v6M12 16v.5',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v6M12 7.500v.5',
  ok: 'M4 12.500l5 5L20 7',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.500 2',
  box: 'M4 8h16v12H4zM4 8l2-4h12l2 4M10 12h4',
  truck:
    'M2 6h12v10H2zM14 10h4l4 3v3h-8M6 19.500a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3zM18 19.500a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3z',
  cross: 'M6 6l12 12M18 6 6 18',
  question:
    'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.500 9.500a2.500 2.500 0 1 1 3.500 2.300c-.7.3-1 .8-1 1.700M12 16.500v.5',
  pause: 'M8 5v14M16 5v14',
  send: 'M4 12h14M13 7l5 5-5 5',
  search: 'M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15.500 15.500 21 21',
  menu: 'M4 7h16M4 12h16M4 17h16',
  right: 'M9 5l7 7-7 7',
  down: 'M5 9l7 7 7-7',
  left: 'M15 5l-7 7 7 7',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  out: 'M14 4h5v16h-5M3 12h11M10 8l4 4-4 4',
  refresh: 'M20 11a8 8 0 0 0-14.500-4L3 9.500M3 4v5.500h5.500M4 13a8 8 0 0 0 14.500 4l2.500-2.500M21 20v-5.500h-5.500',
  link: 'M10 14a4 4 0 0 0 6 0l4-4a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-4 4a4 4 0 0 0 6 6l1-1',
  eye: 'M2 12s3.500-7 10-7 10 7 10 7-3.500 7-10 7-10-7-10-7zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
} as const
export type IconName = keyof typeof shapes

/** Always decoration: the word stands beside it, or on the button as its name. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={shapes[name]} />
    </svg>
  )
}
