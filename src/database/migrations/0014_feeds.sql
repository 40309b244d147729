-- Feeds: many quantities handed in as one file. Lines are committed as live writes first (preparing), then it leaves.
create table feeds (
  id uuid primary key,
  account_id uuid not null references accounts on delete cascade,
  -- lost: it left and nobody answered, so it may exist without our knowing its receipt.
  state text not null check (state in ('preparing', 'leaving', 'underway', 'lost', 'ended')),
  -- What to ask with; null while the channel has not taken it.
  receipt text,
  lines int not null default 0,
  begun_at timestamptz not null,
  -- The last moment at which it could have left.
  left_at timestamptz,
  ask_at timestamptz,
  -- After this it counts as stuck.
  overdue_at timestamptz,
  -- Questions in a row whose answer told nothing.
  failures int not null default 0,
  -- Known to be over since then; its lines are settled one by one until the state says so.
  ended_at timestamptz,
  took_ms bigint,
  outcome text check (outcome in ('done', 'canceled', 'not-sent', 'unknown')),
  outcome_detail jsonb,
  constraint taken_has_receipt check (state <> 'underway' or receipt is not null),
  constraint ended_is_told check ((state = 'ended') = (outcome is not null))
);
create index feeds_account on feeds (account_id, begun_at desc);
create index feeds_open on feeds (account_id) where state <> 'ended';

-- Lines whose outcome is not known; the journal keeps them all (effects).
create table feed_lines (
  feed_id uuid not null references feeds on delete cascade,
  slot_id uuid not null,
  effect_id uuid not null,
  value bigint not null check (value >= 0),
  version bigint not null,
  primary key (feed_id, slot_id)
) with (fillfactor = 90);
create unique index feed_lines_effect on feed_lines (effect_id);

-- The feed that is not over and carries a write of this slot: no call leaves for it but a 0.
alter table stock_slots add column feed_id uuid;

-- What refusals taught of the rate (domain/learned-rate.ts); null where they taught nothing.
alter table budgets add column learned jsonb;
