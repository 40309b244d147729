/** How often tests try. In one place, printed by the tests; lowering one is a decision in docs/decisions.md. */

/** `npm run test:long` sets it: the same tests with their full numbers. */
export const isLong = process.env.ENTREPOT_LONG === '1'
/** The number in `npm test`, and the full one in `npm run test:long`. */
const times = (short: number, long: number): number => (isLong ? long : short)

/** For files whose tests take minutes with their full numbers. */
export const patienceMs = times(180_000, 4 * 3_600_000)

/** Interleavings of order pages against the single-thread model, over the pure rules. */
export const intakeInterleavings = 10_000
/** The same through PostgreSQL. */
export const intakeInterleavingsInDatabase = 60
/** Seeds of the simulation in `npm test`. */
export const simulationSeeds = times(200, 2_000)
/** Steps of each seed. */
export const simulationSteps = 40
/** Crashes in the fixed scenes, spread over all of their points; the long run does every point, each in three ways. */
export const crashes = times(24, Number.POSITIVE_INFINITY)
/** Seeds in which a planted bug must be found. */
export const plantedSeeds = 2_000
/** Steps of transfers beside sales, three at once. */
export const transferSteps = times(120, 3_000)
/** Checkouts at once over the last unit, and over several variants in opposite orders. */
export const checkoutsAtOnce = times(200, 5_000)
/** Expiries that race a confirmation. */
export const expiryRaces = times(180, 10_000)
/** Callers that want a token at the same moment. */
export const tokenCallers = 64
/** Processes that make the same key file at once. */
export const keyProcesses = 4
/** Random amounts of money written and read again. */
export const amounts = 5_000
/** Random histories of one stock slot, and of one order line. */
export const histories = 2_000
/** Random histories of a store that is the master of its shelf. */
export const storeHistories = times(3_000, 200_000)
/** Afternoons of a store that is the master of its shelf and cannot compare, with Amazon beside it. */
export const masterSeeds = times(2, 60)
/** Orders that wait to be acknowledged after 3.5 hours of downtime. */
export const ordersToAcknowledge = times(100, 3_000)
/** R12: deliveries of one page over the wire. */
export const samePages = times(25, 1_000)
/** R13: rounds of shuffled, doubled and outdated pages. */
export const hostileRounds = times(8, 200)

/** R18: orders that the list shows late. */
export const lateOrders = times(10, 400)
/** Orders of a list that lies, most of them hidden for hours. */
export const lateSales = times(4, 300)
/** Changes of stock whose way to a store is timed while another channel is dead. */
export const deadChannelChanges = times(15, 300)
/** Ends of the built-in server (killed, told to stop, a process of it killed) under load. */
export const serverEnds = times(4, 100)
/** Seconds in which connections are ended, five a second. */
export const endedConnectionSeconds = times(8, 600)
/** First starts that are killed at random moments. */
export const killedFirstStarts = times(2, 100)
/** Hubs started at the same instant on one folder. */
export const startsAtOnce = times(4, 20)
/** Times a disk fills up under load. */
export const diskFills = times(1, 20)
/** Idle connections that somebody else opens. */
export const idleConnections = times(70, 300)
/** Commits whose connection ends right before or right after the server carried them out. */
export const cutCommits = times(40, 2_000)
/** Backups with one bit altered, and as many cut somewhere. */
export const backupAlterations = times(150, 3_000)
/** Checkouts that the hub acknowledged before the backup of the drill begins. */
export const drillOrders = times(40, 1_000)

/** Random stocks and publishing rules, for each property. */
export const publishingCases = times(2_000, 100_000)

/** Changes of rules, categories, stock and links, ten at a time. */
export const ruleRaces = times(200, 5_000)
/** R21: lines of one order; orders with one field turned into anything. */
export const manyLines = 1_000
export const strangeOrders = times(120, 5_000)

/** R8: orders canceled in parts and as a whole, each version five times. */
export const cancelHistories = times(40, 3_000)
/** R22: histories of orders whose SKU is linked at some moment. */
export const linkHistories = times(20, 1_500)

/** R20: hours of orders under a wrong clock. */
export const skewedHours = times(1.5, 24)
/** R20: zones in which orders are pulled; some change their clocks, one by half an hour. */
export const timeZones = ['UTC', 'Asia/Shanghai', 'America/New_York'].concat(
  isLong ? ['Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia', 'Europe/Berlin'] : [],
)
/** R24: orders with amounts in all currencies. */
export const orderAmounts = times(70, 5_000)

/** Rows of the CSV files that are imported with bad ones among them. */
export const csvRows = times(2_000, 100_000)
/** Kills of a hub under load; a runner of its own does a thousand (test/batteries/kills). */
export const kills = 30

/** Workers that are stopped for longer than their lease and go on. */
export const processStops = times(1, 20)

/** Random pools for each property of what is shown where. */
export const policyCases = times(1_000, 100_000)
/** Buyers in each short run of the oversell simulation that a test makes. */
export const simulatedBuyers = times(12_000, 500_000)

export function printCount(what: string, count: number): void {
  process.stdout.write(`${what}: ${count}\n`)
}

/** R1: rounds over the last unit, and how many buyers come in turn. */
export const lastUnitRounds = times(12, 1_000)
export const lastUnitBuyers = isLong ? [2, 10, 200, 1_000, 5_000] : [2, 10, 200, 1_000]
/** R2: rounds of 500 buyers of mixed quantities. */
export const mixedRounds = times(3, 200)
/** R5: checkouts and orders in opposite orders. */
export const oppositeCheckouts = times(400, 10_000)
/** R6: buyers that wait for one SKU while others want something else. */
export const hotBuyers = times(1_000, 5_000)
/** R9: orders beside recounts. */
export const recountedOrders = times(200, 6_000)

/** Random rounds of the planner, random worlds driven to their end, and random rates learned from refusals. */
export const plannerRounds = times(1_000, 50_000)
export const plannerWorlds = times(150, 2_000)
export const learnedRates = times(60, 1_000)

/** R26: minutes in which answers are broken. R27: answers lost after their effect. R28: the process ends as well. */
export const brokenMinutes = times(15, 60)
export const lostAnswers = times(180, 10_000)
export const lostWithProcess = times(15, 1_000)

/** Random histories of a variant with one planted cause of an oversell. */
export const oversellHistories = times(400, 20_000)

/** Points around a feed at which the process ends: before and after each transaction. */
export const feedCrashes = times(8, 60)
/** R25: slots that change behind a storm of refusals. */
export const throttledSlots = times(180, 6_000)
/** Random variants in a full comparison of all slots, planned one by one as well. */
export const reconciledVariants = times(400, 5_000)
/** Orders over slots in memory with every trouble at once, and buyers in one run of them; orders of which one in a thousand is hidden. */
export const manyOrders = times(40_000, 10_000_000)
export const manyOrdersAtOnce = times(12_000, 500_000)
export const lyingOrders = times(30_000, 1_000_000)
/** Buyers whose orders go through PostgreSQL as well, for each demand. */
export const storedBuyers = times(300, 100_000)
/** Lives of one errand with every answer, loss, delay and crash there is. */
export const errandLives = times(3_000, 200_000)
/** Spots of an errand's way at which its process is interrupted, each in three ways; the long run takes all of them. */
export const errandCrashes = times(18, Number.POSITIVE_INFINITY)
/** Turns of a hub over Amazon and Shopify with buyers on both. */
export const shopifyTurns = times(40, 1_500)
/** SKUs of a store of which half changed since they were read. */
export const staleSkus = times(100, 3_000)

/** GTINs with a wrong digit, and remote SKUs held against catalogs of a few variants. */
export const wrongGtins = times(500, 20_000)
export const matchVerdicts = times(2_000, 100_000)
/** Simulated days in shadow, with all that works for an account at work. */
export const shadowDays = times(1, 14)
/** Sales of one SKU in a day, and how often its listing may be changed then: eBay's 250 in the full form. */
export const salesOfADay = times(50, 5_000)
export const changesOfADay = times(25, 250)
/** Runs of Amazon and eBay on one guarded stock. */
export const guardedDays = times(1, 40)

/** Random histories of notifications, for each property. */
export const notificationCases = times(300, 20_000)
/** R50: notifications a second that each sends many times, late and shuffled; and seconds of load. */
export const notificationRepeats = times(400, 20_000)
export const notificationsPerSecond = 1_000
export const notificationSeconds = times(4, 120)
/** Mutated notifications for each channel. */
export const mutatedNotifications = 10_000
/** Moments of a Magento store behind the bridge, with lost writes and restarts. */
export const magentoTurns = times(40, 2_000)
/** Orders that buyers place on all channels of the demo, with 1 % of every fault, and the simulated seconds of it. */
export const ordersOnAllChannels = times(180, 10_000)
export const secondsOnAllChannels = times(90, 3_000)
/** Dispatches that are over, none of which is read again. */
export const finishedDispatches = times(3_000, 100_000)
/** Rounds of orders, dispatches and counts at once on what a channel lends. */
export const lentRounds = times(25, 1_000)

/** R37: which channels are dead for a day, in how many steps of the clock, how many slots change meanwhile, and rounds of changes that are timed. */
export const deadChannels: readonly string[] = ['walmart', 'woocommerce', 'bigcommerce']
export const deadDaySteps = times(6, 96)
export const deadSlots = (channel: string): number => (channel === 'walmart' ? times(250, 380) : times(20, 150))
export const latencyRounds = times(1, 8)
