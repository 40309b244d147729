-- Units that a channel holds for us, sold by the own store: the channel ships them (multi-channel fulfillment).

-- What a person allows: so many of them at most, and so many are left to the channel.
create table lendings (
  -- One account lends of a variant, so that nobody has to choose between two.
  variant_id uuid primary key references variants on delete cascade,
  account_id uuid not null references accounts on delete cascade,
  most bigint not null check (most >= 0),
  leave bigint not null check (leave >= 0),
  actor text not null,
  changed_at timestamptz not null
);
create index lendings_account on lendings (account_id);

-- A location for what each account lends: its units stand in the pool, and are drawn last.
alter table locations drop constraint locations_kind_check;
alter table locations add constraint locations_kind_check check (kind in ('own', 'third-party', 'channel', 'transit', 'lent'));
alter table locations add column lender_id uuid references accounts;
create unique index locations_lender on locations (lender_id) where lender_id is not null;

-- Lent units that no order waits for. Only the own store may sell them.
alter table pool_levels add column lent bigint not null default 0 check (lent >= 0);

-- To ship an order of the own store from units that it holds is one more thing a channel is told once at most.
alter table errands drop constraint errands_kind_check;
alter table errands add constraint errands_kind_check check (kind in ('shipment', 'cancellation', 'refund', 'copy', 'dispatch'));

-- What became of a dispatch that the channel took.
create table dispatches (
  errand_id uuid primary key references errands on delete cascade,
  account_id uuid not null references accounts on delete cascade,
  -- When the channel is asked again; null: it is over.
  next_at timestamptz,
  -- The channel's newest word.
  state text not null check (state in ('working', 'shipped', 'partly_shipped', 'canceled', 'failed', 'unknown')),
  -- Parcels that are booked, by the channel's name of each.
  booked text[] not null default '{}',
  cancel_asked_at timestamptz,
  changed_at timestamptz not null
);
create index dispatches_due on dispatches (account_id, next_at) where next_at is not null;
