-- How late an account's list tells of sales, learned (domain/lag.ts): its margin grows with it.
alter table accounts add column lag jsonb;
-- Sales up to here were taken as known, and bounds settled by it: an order placed before that turns up later is late, however
-- wide the margin became since. Never goes back.
alter table cursors add column sales_sure timestamptz;
update cursors set sales_sure = sales_known - interval '10 minutes' where sales_known is not null;

-- Why a slot is read more often than others (domain/suspicion.ts); null where nothing ever was odd there.
alter table stock_slots add column suspicion jsonb;
create index stock_slots_suspicion on stock_slots (account_id) where suspicion is not null;
create index stock_slots_rest on stock_slots (account_id, confirmed_at) where live_value is null and read_due_at is null;

-- Readings that showed another number than was believed to stand there.
create table deviations (
  id uuid primary key,
  slot_id uuid not null references stock_slots on delete cascade,
  account_id uuid not null references accounts on delete cascade,
  kind text not null check (kind in ('lower', 'higher', 'lost', 'writer')),
  expected bigint,
  shown bigint not null,
  at timestamptz not null
);
create index deviations_at on deviations (at desc, id desc);
create index deviations_slot on deviations (slot_id, at desc);
-- What those are a share of: readings an hour.
create table readings (
  account_id uuid not null references accounts on delete cascade,
  hour timestamptz not null,
  readings bigint not null,
  primary key (account_id, hour)
);
