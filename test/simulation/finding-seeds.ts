/**
 * For each planted bug seeds that find it; where the first one does not any more, because the product or the simulation
 * changed, the next is tried. New ones: `npm run simulate -- --planted <name> --seeds 2000`.
 */
export const findingSeeds: Readonly<Record<string, readonly number[]>> = {}
