-- After an oversell: what raised a variant's short or uncovered units, and what the ledger and the journal do not hold of
-- the way there. All are written only where something did not fit.
create table oversells (
  seq bigint generated always as identity primary key,
  variant_id uuid not null references variants,
  at timestamptz not null,
  -- So many units more than before the transaction of the fact.
  short bigint not null check (short >= 0),
  uncovered bigint not null check (uncovered >= 0),
  -- As it stood right before and right after.
  uncovered_before bigint not null,
  unknown_claims int not null,
  mode text not null check (mode in ('guarded', 'adaptive', 'shared')),
  constraint rises check (short > 0 or uncovered > 0)
);
create index oversells_variant on oversells (variant_id, seq desc);

-- What was last told of a level; what differs is news. The hot path compares two columns that it holds in hand.
alter table pool_levels add column short_told bigint not null default 0, add column uncovered_told bigint not null default 0;
update pool_levels set short_told = short, uncovered_told = uncovered where short > 0 or uncovered > 0;

-- Readings that did not show what was expected (higher, lower, lost), sales behind the watermark (late) or beyond what could
-- be sold there (beyond), and claims that were first known with a sum above what is there (joined).
create table slot_events (
  seq bigint generated always as identity primary key,
  slot_id uuid not null references stock_slots on delete cascade,
  kind text not null check (kind in ('higher', 'lower', 'lost', 'late', 'beyond', 'joined')),
  data jsonb not null,
  at timestamptz not null
);
create index slot_events_slot on slot_events (slot_id, at desc);

create table mode_changes (
  seq bigint generated always as identity primary key,
  variant_id uuid not null references variants,
  was text not null,
  mode text not null,
  actor text not null,
  at timestamptz not null
);
create index mode_changes_variant on mode_changes (variant_id, seq desc);
