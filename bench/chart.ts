/** Horizontal bars as SVG, readable on light and dark pages. */

export interface Bar {
  label: string
  value: number
  isPeer: boolean
}

const width = 720
const left = 250
const room = 330
const row = 34

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const shown = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 1 })

export function barChart(title: string, unit: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map((bar) => bar.value), Number.MIN_VALUE)
  const height = 48 + bars.length * row
  const drawn = bars.map(({ label, value, isPeer }, index) => {
    const y = 40 + index * row
    const long = Math.max(1, (value / most) * room)
    return [
      `<text x="${left - 10}" y="${y + 16}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${left}" y="${y}" width="${long.toFixed(1)}" height="22" rx="3" fill="${isPeer ? '#9aa5b1' : '#2563eb'}"/>`,
      `<text x="${(left + long + 8).toFixed(1)}" y="${y + 16}">${shown(value)} ${escaped(unit)}</text>`,
    ].join('\n')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="13" fill="#1f2933">
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="16" y="24" font-size="15" font-weight="600">${escaped(title)}</text>
${drawn.join('\n')}
</svg>
`
}
