import type { Received } from '../contract/route.ts'
import type { Routes } from '../contract/routes.ts'

export type Session = Received<Routes['session']>
export type Overview = Received<Routes['overview']>
export type Account = Received<Routes['accounts']>['items'][number]
export type Order = Received<Routes['orders']>['items'][number]
export type OrderDetail = Received<Routes['order']>
export type OrderLine = Order['lines'][number]
export type OrderErrands = Received<Routes['orderErrands']>
export type Errand = OrderErrands['items'][number]
export type TimelineEntry = OrderDetail['timeline'][number]
export type Buyer = Received<Routes['orderBuyer']>
export type StockLevel = Received<Routes['stock']>['items'][number]
export type StockDetail = Received<Routes['stockOf']>
export type Slot = StockDetail['slotList'][number]
export type Exposure = Received<Routes['exposure']>['items'][number]
export type ExposureDetail = Received<Routes['exposureOf']>
export type Place = ExposureDetail['placeList'][number]
export type Oversell = Received<Routes['oversells']>['items'][number]
export type Rule = Received<Routes['publishingRules']>['items'][number]
export type AccountPlan = Received<Routes['plan']>['items'][number]
export type RulePreview = Received<Routes['previewRule']>
export type Drift = Received<Routes['drift']>
export type Deviation = Received<Routes['deviations']>['items'][number]
export type Movement = Received<Routes['movements']>['items'][number]
export type Threshold = Received<Routes['thresholds']>['items'][number]
export type Transfer = Received<Routes['transfers']>['items'][number]
export type CoverRow = Received<Routes['cover']>['items'][number]
export type Finding = Overview['findings'][number]
export type Call = Received<Routes['calls']>['items'][number]
export type Import = Received<Routes['imports']>['items'][number]
export type ImportDetail = Received<Routes['import']>
export type SampleRow = ImportDetail['sample']['first'][number]
