/**
 * Problems a person or a caller can do something about. Everything else is thrown as it is.
 * The texts, in both languages, stand in contract/problems.ts; a test holds the two lists together.
 */
export type ProblemCode =
  | 'bad_request'
  | 'not_found'
  | 'unauthorized'
  | 'wrong_password'
  | 'forbidden'
  | 'csrf'
  | 'too_many_tries'
  | 'setup_done'
  | 'insufficient_stock'
  | 'reservation_expired'
  | 'reservation_closed'
  | 'unknown_sku'
  | 'unknown_account'
  | 'unknown_location'
  | 'unknown_channel'
  | 'listing_taken'
  | 'rule_exists'
  | 'rule_scope'
  | 'rule_empty'
  | 'rule_number'
  | 'rule_minimum_above_cap'
  | 'stock_below_zero'
  | 'kit_has_stock'
  | 'kit_holds_nothing'
  | 'channel_lends_nothing'
  | 'lent_by_another'
  | 'kit_in_itself'
  | 'kit_too_deep'
  | 'kit_too_large'
  | 'threshold_order'
  | 'transfer_same_place'
  | 'transfer_too_large'
  | 'transfer_more_than_open'
  | 'transfer_closed'
  | 'store_cannot_be_master'
  | 'master_needs_location'
  | 'master_taken'
  | 'idempotency_key_missing'
  | 'idempotency_key_reused'
  | 'link_has_orders'
  | 'link_was_written'
  | 'url_refused'
  | 'order_still_unreadable'
  | 'unknown_line'
  | 'line_unlinked'
  | 'more_than_open'
  | 'order_not_shippable'
  | 'shipment_needs_tracking'
  | 'channel_cannot'
  | 'refund_too_large'
  | 'errand_closed'
  | 'errand_under_way'
  | 'errand_too_early'
  | 'write_through_store'
  | 'another_writer_active'
  | 'account_draft'
  | 'account_connected'
  | 'secrets_missing'
  | 'checks_missing'
  | 'checks_failed'
  | 'checks_old'
  | 'checks_none'
  | 'consent_none'
  | 'consent_unready'
  | 'consent_needs_https'
  | 'consent_unknown'
  | 'consent_used'
  | 'consent_expired'
  | 'consent_other_person'
  | 'consent_redirect'
  | 'consent_redirect_refused'
  | 'consent_denied'
  | 'consent_refused'
  | 'consent_unanswered'
  | 'file_too_large'
  | 'notification_too_large'
  | 'notifications_busy'
  | 'file_is_workbook'
  | 'file_unreadable'
  | 'import_closed'
  | 'erasure_under_way'
  | 'internal'
  | 'config_invalid'
  | 'database_unreachable'
  | 'database_away'
  | 'database_busy'
  | 'storage_full'
  | 'storage_failed'
  | 'database_too_old'
  | 'database_newer'
  | 'data_dir_in_use'
  | 'data_dir_unusable'
  | 'embedded_unavailable'
  | 'port_taken'
  | 'key_unusable'
  | 'key_missing'
  | 'key_differs'
  | 'keys_foreign'
  | 'keys_refused'
  | 'schema_behind'
  | 'last_owner'
  | 'input_missing'
  | 'input_invalid'
  | 'work_incomplete'
  | 'file_missing'
  | 'file_unwritable'
  | 'backup_nothing'
  | 'backup_foreign'
  | 'backup_newer'
  | 'backup_wrong_key'
  | 'backup_damaged'
  | 'backup_broken'
  | 'restore_foreign'
  | 'restore_hub_running'
  | 'restore_not_empty'

export type ProblemParams = Record<string, string | number | readonly unknown[]>

/** An expected refusal with a stable code. `params` never hold secrets or buyer data: they are shown and logged. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly params: ProblemParams
  constructor(code: ProblemCode, params: ProblemParams = {}, cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause })
    this.name = 'Problem'
    this.code = code
    this.params = params
  }
}

export interface FieldError {
  path: string
  message: string
}

/** What was given does not fit; each wrong field is named, so that a form can say it where it stands. */
export class InvalidInput extends Problem {
  readonly errors: readonly FieldError[]
  constructor(errors: readonly FieldError[]) {
    super('bad_request', {
      message: errors
        .map((error) => `${error.path}: ${error.message}`)
        .join('; ')
        .slice(0, 1_000),
    })
    this.errors = errors
  }
}

/** What a caller is told while the database cannot serve: come again. */
export function databaseProblem(
  trouble: 'database_away' | 'database_busy' | 'storage_full' | 'storage_failed',
  cause?: unknown,
): Problem {
  switch (trouble) {
    case 'database_away':
      return new Problem('database_away', {}, cause)
    case 'database_busy':
      return new Problem('database_busy', {}, cause)
    case 'storage_full':
      return new Problem('storage_full', {}, cause)
    case 'storage_failed':
      return new Problem('storage_failed', {}, cause)
  }
}

/** What went wrong with a channel; alone decides what happens next (DESIGN §4). */
export type ChannelErrorKind = 'auth' | 'throttled' | 'rejected' | 'missing' | 'conflict' | 'unavailable'

/** A channel refused or did not answer. The message is safe to show: no secret, no buyer data. */
export class ChannelError extends Error {
  readonly kind: ChannelErrorKind
  /** The channel's own code, e.g. `QuotaExceeded`, `invalid_grant`. */
  readonly code: string
  readonly retryAt: Date | undefined
  /** True where the request may have been carried out although no answer came. */
  readonly mayHaveApplied: boolean
  constructor(
    kind: ChannelErrorKind,
    code: string,
    message: string,
    more: { retryAt?: Date | undefined; mayHaveApplied?: boolean; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'ChannelError'
    this.kind = kind
    this.code = code
    this.retryAt = more.retryAt
    this.mayHaveApplied = more.mayHaveApplied ?? false
  }
}

export function isChannelError(error: unknown): error is ChannelError {
  return error instanceof ChannelError
}
