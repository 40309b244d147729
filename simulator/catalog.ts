import type { CatalogItem } from './types.ts'

type Row = [
  sku: string,
  title: string,
  /** US cents */
  price: number,
  amazon: number,
  storefront: number,
  fulfilledBy?: 'AMAZON',
]

// Invented goods. Some SKUs need care in URLs, CSV files and patterns; some goods are scarce.
const rows: Row[] = [
  ['MUG-BLUE-01', 'Stoneware mug, ocean blue, 350 ml', 1490, 42, 18],
  ['MUG-WHITE-01', 'Stoneware mug, chalk white, 350 ml', 1490, 64, 22],
  ['MUG-GREEN-01', 'Stoneware mug, moss green, 350 ml', 1590, 3, 1],
  ['MUG-SET-4', 'Stoneware mugs, set of four', 4990, 12, 6],
  ['BOWL-SOUP-02', 'Soup bowl with handle, oatmeal', 1890, 31, 14],
  ['PLATE-DINNER-27', 'Dinner plate, 27 cm, speckled', 2190, 48, 20],
  ['LAMP-DESK-BRASS', 'Desk lamp, brushed brass, dimmable', 8900, 2, 2],
  ['LAMP-FLOOR-OAK', 'Floor lamp, oak tripod', 14900, 4, 1],
  ['LAMP-NIGHT-MOON', 'Night light, paper moon', 3490, 26, 10],
  ['TEA TOWEL/RED+2', 'Tea towels, red check, pack of two', 1290, 55, 25],
  ['TEA TOWEL/BLUE+2', 'Tea towels, blue check, pack of two', 1290, 38, 15],
  ['BÜRSTE-01', 'Dish brush, beech wood, with spare head', 990, 70, 30],
  ['BRUSH-BOTTLE#3', 'Bottle brushes, three sizes', 1190, 33, 12],
  ['APRON-LINEN-GREY', 'Linen apron, slate grey', 3290, 19, 9],
  ['APRON-KIDS-STAR', 'Apron for children, stars', 1990, 5, 2],
  ['CANDLE-FIG-200', 'Soy candle, fig and cedar, 200 g', 2490, 44, 20],
  ['CANDLE-PINE-200', 'Soy candle, pine, 200 g', 2490, 1, 1],
  ['VASE-RIB-S', 'Ribbed glass vase, small', 2290, 24, 11],
  ['VASE-RIB-L', 'Ribbed glass vase, large', 3990, 10, 5],
  ['BASKET-SEAGRASS', 'Storage basket, seagrass', 3490, 16, 8],
  ['CUSHION-WOOL-45', 'Wool cushion, 45 × 45 cm', 4490, 22, 10],
  ['THROW-COTTON', 'Cotton throw, herringbone', 5990, 13, 7],
  ['CLOCK-WALL-30', 'Wall clock, birch, 30 cm', 4290, 2, 1],
  ['HOOK-BRASS-3', 'Coat hooks, brass, set of three', 2690, 36, 15],
  ['TRAY-ASH-OVAL', 'Serving tray, ash, oval', 3890, 14, 6],
  ['BOARD-CHOP-100%', 'Chopping board, 100 % maple', 4590, 17, 8],
  ['KETTLE-ENAMEL-2L', 'Enamel kettle, 2 l, cream', 5490, 11, 0, 'AMAZON'],
  ['TEAPOT-GLASS-1L', 'Glass teapot with strainer, 1 l', 3690, 40, 0, 'AMAZON'],
  ['COASTER-CORK-6', 'Cork coasters, set of six', 1090, 80, 0, 'AMAZON'],
  ['UMBRELLA-STORM', 'Storm umbrella, navy', 2990, 35, 0, 'AMAZON'],
]

/** What further channels show at first, as a share of what the own store shows. */
const shares = { ebay: 0.5, shopify: 0.4, bigcommerce: 0.3, woocommerce: 0.3, walmart: 0.4 } as const

const shared = (storefront: number) =>
  Object.fromEntries(
    Object.entries(shares).map(([channel, share]) => [channel, { quantity: Math.round(storefront * share) }]),
  ) as Record<keyof typeof shares, { quantity: number }>

/** About thirty things of an invented household shop, sold on every channel; Amazon alone sells what lies in its own warehouse. */
export function demoCatalog(): CatalogItem[] {
  return rows.map(([sku, title, price, amazon, storefront, fulfilledBy], index) => ({
    sku,
    title,
    asin: `B0SIM${String(index + 1).padStart(5, '0')}`,
    gtin: gtin13(`200000000${String(index + 1).padStart(3, '0')}`),
    price,
    currency: 'USD',
    amazon: { quantity: amazon, fulfilledBy: fulfilledBy ?? 'MERCHANT' },
    // Goods in Amazon's warehouse are not the own store's to sell.
    ...(fulfilledBy ? {} : { storefront: { quantity: storefront }, ...shared(storefront) }),
  }))
}

/** Adds the check digit; prefix 200 is kept for use inside a company, so these belong to nobody. */
function gtin13(twelve: string): string {
  const sum = [...twelve].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0)
  return `${twelve}${(10 - (sum % 10)) % 10}`
}
