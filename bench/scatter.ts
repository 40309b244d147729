/** Points in panels as SVG, numbered, with what they are beside them; readable on light and dark pages. */

export interface Point {
  label: string
  x: number
  y: number
  isPeer: boolean
}

export interface Panel {
  title: string
  points: readonly Point[]
}

const width = 720
const [left, top, wide, high] = [70, 44, 300, 220]
const panelHeight = top + high + 56

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const shown = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 0 })

/** A scale on which 0 has a place, and a hundred and a hundred thousand as well. */
const spread = (value: number) => Math.log10(1 + value)

/** `axes`: what grows to the right, and what grows upwards on a logarithmic scale. */
export function scatterChart(title: string, axes: readonly [x: string, y: string], panels: readonly Panel[]): string {
  const height = 34 + panels.length * panelHeight
  const drawn = panels.map((panel, index) => drawnPanel(panel, axes, 34 + index * panelHeight))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="12" fill="#1f2933">
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="16" y="24" font-size="15" font-weight="600">${escaped(title)}</text>
${drawn.join('\n')}
</svg>
`
}

function drawnPanel({ title, points }: Panel, [xName, yName]: readonly [string, string], from: number): string {
  const mostX = Math.max(...points.map((one) => one.x), 0.01) * 1.08
  const mostY = Math.max(...points.map((one) => spread(one.y)), 1)
  const bottom = from + top + high
  const placeX = (x: number) => left + (Math.max(0, x) / mostX) * wide
  const placeY = (y: number) => bottom - (spread(y) / mostY) * high
  const ticksY = [0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000].filter((one) => spread(one) <= mostY)
  const ticksX = [0, 0.25, 0.5, 0.75, 1].map((part) => part * mostX)
  return [
    `<text x="16" y="${from + 22}" font-weight="600">${escaped(title)}</text>`,
    ...ticksY.map(
      (one) =>
        `<line x1="${left}" x2="${left + wide}" y1="${placeY(one).toFixed(1)}" y2="${placeY(one).toFixed(1)}" stroke="#e4e7eb"/><text x="${left - 8}" y="${(placeY(one) + 4).toFixed(1)}" text-anchor="end" fill="#52606d">${shown(one)}</text>`,
    ),
    ...ticksX.map(
      (one) =>
        `<text x="${placeX(one).toFixed(1)}" y="${bottom + 18}" text-anchor="middle" fill="#52606d">${shown(one)}</text>`,
    ),
    `<text x="${left + wide / 2}" y="${bottom + 38}" text-anchor="middle">${escaped(xName)}</text>`,
    `<text x="${left}" y="${from + top - 8}" fill="#52606d">${escaped(yName)}</text>`,
    ...points.flatMap((one, index) => {
      const [x, y] = [placeX(one.x).toFixed(1), placeY(one.y).toFixed(1)]
      const color = one.isPeer ? '#7b8794' : '#2563eb'
      const line = from + top + 6 + index * 20
      return [
        `<circle cx="${x}" cy="${y}" r="8" fill="${color}"/><text x="${x}" y="${(placeY(one.y) + 4).toFixed(1)}" text-anchor="middle" font-size="10" fill="#ffffff">${index + 1}</text>`,
        `<text x="${left + wide + 28}" y="${line}"><tspan fill="${color}" font-weight="600">${index + 1}</tspan> ${escaped(one.label)}: ${shown(one.y)}</text>`,
      ]
    }),
  ].join('\n')
}
