-- The heart: accounts, catalog, ledger, orders, slots, journal, people.
-- No time and no id is made in SQL: both come from the program (a check finds violations).

create table users (
  id uuid primary key,
  email text not null unique check (email = lower(email)),
  name text not null,
  role text not null check (role in ('owner', 'operator', 'fulfillment', 'finance', 'viewer')),
  password_hash text not null,
  language text not null default 'en' check (language in ('en', 'zh')),
  created_at timestamptz not null,
  disabled_at timestamptz
);
create table sessions (
  token_hash bytea primary key,
  user_id uuid not null references users on delete cascade,
  csrf text not null,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null
);
create table setup_links (
  token_hash bytea primary key,
  created_at timestamptz not null,
  used_at timestamptz
);
create table sign_in_tries (
  subject text primary key,
  failed int not null,
  first_at timestamptz not null,
  blocked_until timestamptz
);

create table accounts (
  id uuid primary key,
  channel text not null,
  name text not null unique,
  stage text not null check (stage in ('sandbox', 'shadow', 'live', 'paused')),
  region text not null default '',
  -- The seller (and region) behind it: connecting one twice would book everything twice.
  identity text,
  settings jsonb not null,
  -- Orders shipped before this moment move nothing.
  opened_at timestamptz not null,
  -- Why the hub itself paused work on the account, e.g. a revoked token; null while it works.
  halted_code text,
  halted_at timestamptz,
  -- A notification, a suspicious reading or a person asked: look again now.
  look_again_at timestamptz,
  created_at timestamptz not null,
  unique (channel, identity)
);
create table api_keys (
  id uuid primary key,
  name text not null,
  key_hash bytea not null unique,
  prefix text not null,
  role text not null check (role in ('owner', 'operator', 'fulfillment', 'finance', 'viewer')),
  account_id uuid references accounts on delete cascade,
  created_at timestamptz not null,
  revoked_at timestamptz
);
create table account_secrets (
  account_id uuid primary key references accounts on delete cascade,
  sealed bytea not null,
  updated_at timestamptz not null
);
create table tokens (
  account_id uuid not null references accounts on delete cascade,
  name text not null,
  sealed bytea,
  expires_at timestamptz,
  -- One caller of all processes mints; the others wait for its token until this moment.
  minting_until timestamptz,
  primary key (account_id, name)
);
create table leases (
  account_id uuid primary key references accounts on delete cascade,
  holder text not null,
  epoch bigint not null,
  expires_at timestamptz not null,
  -- True after a clean hand-over: budgets are then what they say.
  released boolean not null
);
create table budgets (
  account_id uuid not null references accounts on delete cascade,
  operation text not null,
  tokens double precision not null,
  rate double precision not null,
  burst double precision not null,
  refilled_at timestamptz not null,
  primary key (account_id, operation)
);
create table cursors (
  account_id uuid not null references accounts on delete cascade,
  stream text not null,
  value jsonb,
  -- Everything up to here is durably known.
  watermark timestamptz,
  next_at timestamptz not null,
  pulled_at timestamptz,
  failed_at timestamptz,
  failures int not null default 0,
  failure jsonb,
  primary key (account_id, stream)
);

create table products (
  id uuid primary key,
  title text not null,
  created_at timestamptz not null
);
create table variants (
  id uuid primary key,
  product_id uuid not null references products,
  sku text not null unique check (sku <> ''),
  title text not null,
  gtin text,
  created_at timestamptz not null
);
create table locations (
  id uuid primary key,
  code text not null unique,
  name text not null,
  kind text not null check (kind in ('own', 'third-party', 'channel')),
  master text not null check (master in ('hub', 'store', 'wms')),
  priority int not null,
  created_at timestamptz not null
);

create table stock_levels (
  variant_id uuid not null references variants,
  location_id uuid not null references locations,
  on_hand bigint not null check (on_hand >= 0),
  unsellable bigint not null check (unsellable >= 0),
  allocated bigint not null check (allocated >= 0),
  primary key (variant_id, location_id),
  constraint allocated_within_on_hand check (allocated <= on_hand - unsellable)
);
create table pool_levels (
  variant_id uuid primary key references variants,
  on_hand bigint not null check (on_hand >= 0),
  unsellable bigint not null check (unsellable >= 0),
  reserved bigint not null check (reserved >= 0),
  allocated bigint not null check (allocated >= 0),
  short bigint not null check (short >= 0),
  -- Units that no claim may cover because facts took them; raised by facts only (LAST-UNIT).
  uncovered bigint not null default 0 check (uncovered >= 0),
  constraint promised_within_on_hand check (reserved + allocated <= on_hand - unsellable),
  -- Free units go to short promises first, so there is never both.
  constraint short_only_when_empty check (short = 0 or reserved + allocated = on_hand - unsellable)
) with (fillfactor = 70);
create table stock_movements (
  id uuid primary key,
  seq bigint generated always as identity unique,
  variant_id uuid not null references variants,
  location_id uuid references locations,
  kind text not null check (kind in
    ('receipt', 'adjustment', 'reservation', 'allocation', 'release', 'shipment', 'return', 'transfer')),
  on_hand bigint not null,
  unsellable bigint not null,
  reserved bigint not null,
  allocated bigint not null,
  short bigint not null,
  cause text not null,
  order_id uuid,
  actor text not null,
  note text,
  at timestamptz not null,
  constraint moves_something check (on_hand <> 0 or unsellable <> 0 or reserved <> 0 or allocated <> 0 or short <> 0)
);
create unique index stock_movements_cause on stock_movements
  (cause, variant_id, kind, coalesce(location_id, '00000000-0000-0000-0000-000000000000'));
create index stock_movements_variant on stock_movements (variant_id, seq desc);
create index stock_movements_order on stock_movements (order_id) where order_id is not null;
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger stock_movements_append_only before update or delete on stock_movements
  for each statement execute function refuse_change();

create table stock_slots (
  id uuid primary key,
  account_id uuid not null references accounts,
  region text not null,
  remote_sku text not null,
  node text not null default '',
  variant_id uuid references variants,
  units_per_sale int not null check (units_per_sale > 0),
  -- Null until a merchant entry was seen (or was declared by our own store): such a slot gets no quantity write.
  merchant_fulfilled boolean,
  wish bigint check (wish >= 0),
  wish_at timestamptz,
  urgency smallint not null default 3,
  version bigint not null default 0,
  live_value bigint,
  live_version bigint,
  live_expected bigint,
  live_sent_at timestamptz,
  live_accepted_at timestamptz,
  live_sales bigint not null default 0,
  confirmed_value bigint,
  confirmed_version bigint,
  confirmed_at timestamptz,
  hold_until timestamptz,
  read_due_at timestamptz,
  retry_at timestamptz,
  -- The claim ledger (LAST-UNIT): null is "unknown", the claim of a slot just taken over.
  claim bigint,
  claim_sales bigint not null default 0,
  problem_code text,
  problem_message text,
  problem_at timestamptz,
  dirty boolean generated always as
    (wish is not null and variant_id is not null and merchant_fulfilled is true
      and wish is distinct from coalesce(live_value, confirmed_value)) stored,
  unique (account_id, region, remote_sku, node),
  constraint live_is_whole check ((live_value is null) = (live_version is null) and (live_value is null) = (live_sent_at is null)),
  constraint confirmed_is_whole check ((confirmed_value is null) = (confirmed_at is null)),
  constraint version_not_behind check (live_version is null or live_version = version)
) with (fillfactor = 70);
create index stock_slots_variant on stock_slots (variant_id);
create index stock_slots_dirty on stock_slots (account_id, urgency, wish_at) where dirty;
create index stock_slots_read on stock_slots (account_id, read_due_at) where read_due_at is not null;
create table slot_strays (
  slot_id uuid not null references stock_slots on delete cascade,
  version bigint not null,
  value bigint not null,
  dead_at timestamptz not null,
  primary key (slot_id, version)
);

create table listings (
  id uuid primary key,
  account_id uuid not null references accounts,
  slot_id uuid not null references stock_slots,
  marketplace text not null,
  remote_sku text not null,
  remote_id text,
  variant_id uuid references variants,
  units_per_sale int not null check (units_per_sale > 0),
  title text not null,
  fulfilled_by text not null check (fulfilled_by in ('merchant', 'channel')),
  buyable boolean,
  price bigint,
  currency text,
  seen_at timestamptz not null,
  created_at timestamptz not null,
  unique (account_id, marketplace, remote_sku)
);
create index listings_sku on listings (account_id, remote_sku);
create index listings_variant on listings (variant_id);
create index listings_slot on listings (slot_id);

create table orders (
  id uuid primary key,
  account_id uuid not null references accounts,
  remote_id text not null,
  state text not null check (state in
    ('pending', 'open', 'partly_shipped', 'shipped', 'canceled', 'unfulfillable', 'unknown')),
  fulfilled_by text not null check (fulfilled_by in ('merchant', 'channel')),
  marketplace text,
  currency text,
  total bigint,
  placed_at timestamptz not null,
  updated_at timestamptz not null,
  ship_by timestamptz,
  deliver_by timestamptz,
  before_opening boolean not null,
  has_unknown_sku boolean not null,
  imported_at timestamptz not null,
  changed_at timestamptz not null,
  unique (account_id, remote_id)
);
create index orders_placed on orders (placed_at desc, id desc);
create index orders_state on orders (state, placed_at desc);
create index orders_imported on orders (imported_at);
-- The lists that people keep open: small, whatever the order book holds.
create index orders_to_ship on orders (ship_by) where fulfilled_by = 'merchant' and state in ('open', 'partly_shipped');
create index orders_unknown on orders (placed_at) where has_unknown_sku;
create table order_lines (
  id uuid primary key,
  order_id uuid not null references orders,
  remote_id text not null,
  remote_sku text,
  variant_id uuid references variants,
  slot_id uuid references stock_slots,
  units_per_sale int not null,
  title text not null,
  quantity bigint not null check (quantity >= 0),
  canceled bigint not null check (canceled >= 0),
  shipped_units bigint not null check (shipped_units >= 0),
  unit_price bigint,
  unique (order_id, remote_id)
);
create index order_lines_unknown on order_lines (remote_sku) where variant_id is null;
create index order_lines_variant on order_lines (variant_id);
create table order_events (
  id uuid primary key,
  seq bigint generated always as identity unique,
  order_id uuid not null references orders,
  kind text not null,
  data jsonb not null,
  at timestamptz not null
);
create index order_events_order on order_events (order_id, seq);
-- Orders that could not be read or booked, sealed as they came: shown as findings, never dropped.
create table orders_aside (
  account_id uuid not null references accounts on delete cascade,
  remote_id text not null,
  reason text not null,
  sealed bytea not null,
  epoch text not null,
  at timestamptz not null,
  primary key (account_id, remote_id)
);
create table buyer_data (
  order_id uuid primary key references orders,
  sealed bytea not null,
  -- Names the daily key that wraps this row's own key; the key itself lives outside the database.
  epoch text not null,
  sealed_at timestamptz not null
);

create table reservations (
  id uuid primary key,
  account_id uuid not null references accounts,
  reference text not null,
  state text not null check (state in ('held', 'confirmed', 'ordered', 'released', 'expired')),
  expires_at timestamptz,
  order_id uuid references orders,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  unique (account_id, reference)
);
create index reservations_expiry on reservations (expires_at) where state = 'held';
create table reservation_lines (
  id uuid primary key,
  variant_id uuid not null references variants,
  reservation_id uuid references reservations,
  slot_id uuid references stock_slots,
  order_line_id uuid unique references order_lines,
  quantity bigint not null check (quantity >= 0),
  short bigint not null check (short >= 0 and short <= quantity),
  promised_at timestamptz not null,
  constraint belongs_somewhere check (reservation_id is not null or order_line_id is not null)
);
create index reservation_lines_open on reservation_lines (variant_id) where quantity > 0;
create index reservation_lines_short on reservation_lines (order_line_id) where short > 0;
create index reservation_lines_reservation on reservation_lines (reservation_id) where reservation_id is not null;

create table webhook_endpoints (
  id uuid primary key,
  url text not null,
  events text[] not null,
  secret_sealed bytea not null,
  account_id uuid references accounts on delete cascade,
  created_at timestamptz not null,
  disabled_at timestamptz
);
create table webhook_deliveries (
  id uuid primary key,
  endpoint_id uuid not null references webhook_endpoints on delete cascade,
  event text not null,
  body jsonb not null,
  state text not null check (state in ('waiting', 'delivered', 'dead')),
  attempts int not null,
  next_at timestamptz,
  last_status int,
  last_error text,
  created_at timestamptz not null,
  done_at timestamptz
);
create index webhook_deliveries_waiting on webhook_deliveries (next_at) where state = 'waiting';

create table idempotency_keys (
  caller text not null,
  key text not null,
  request_hash bytea not null,
  status int,
  -- Sealed: an answer may hold a key that is shown once.
  answer bytea,
  created_at timestamptz not null,
  primary key (caller, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

create table effects (
  id uuid primary key,
  account_id uuid not null references accounts,
  kind text not null,
  subject text not null,
  intent jsonb not null,
  epoch bigint not null,
  intended_at timestamptz not null,
  outcome text check (outcome in ('accepted', 'applied', 'mismatch', 'refused', 'unknown', 'not-sent')),
  outcome_detail jsonb,
  outcome_at timestamptz
);
create index effects_subject on effects (subject, intended_at desc);
create index effects_recent on effects (intended_at);
create index effects_open on effects (account_id) where outcome is null;

create table channel_calls (
  id uuid not null,
  account_id uuid,
  operation text not null,
  method text not null,
  url text not null,
  request jsonb,
  status int,
  response jsonb,
  request_id text,
  error_kind text,
  error_code text,
  started_at timestamptz not null,
  duration_ms int not null,
  primary key (started_at, id)
) partition by range (started_at);
create table channel_calls_other partition of channel_calls default;
create index channel_calls_account on channel_calls (account_id, started_at desc);

create table findings (
  id uuid primary key,
  code text not null,
  severity text not null check (severity in ('loss', 'warning', 'info')),
  account_id uuid references accounts on delete cascade,
  subject text not null,
  data jsonb not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  resolved_at timestamptz
);
create unique index findings_open on findings (code, subject) where resolved_at is null;
create index findings_recent on findings (last_at desc);
