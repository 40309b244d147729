-- Who let an account go live without checks that had passed.
create table live_overrides (
  id uuid primary key,
  account_id uuid not null references accounts on delete cascade,
  by text not null,
  at timestamptz not null
);
create index live_overrides_account on live_overrides (account_id, at);

-- A person asks what is held of them (export), or that it goes (erase); for them a channel, or somebody here.
alter table erasure_requests
  add column kind text not null default 'erase' check (kind in ('erase', 'export')),
  -- Null: the channel.
  add column asked_by text,
  -- Fingerprints of what the channel knows the person by.
  add column marks bytea[] not null default '{}',
  add column looked_at timestamptz,
  -- Orders here that it is about; of these, erased, and kept until their goods have left.
  add column found int not null default 0,
  add column erased int not null default 0,
  add column waiting int not null default 0;
create index erasure_requests_listed on erasure_requests (received_at desc, id desc);

-- By whom an order was placed, as fingerprints; null where it was sealed before these were kept.
alter table buyer_data add column marks bytea[];
create index buyer_data_marks on buyer_data using gin (marks);
create index buyer_data_unmarked on buyer_data (order_id) where marks is null;
create index buyer_data_epoch on buyer_data (epoch);

-- Orders whose buyer must not come back, whatever is read again; also orders that were never here.
create table erased_orders (
  account_id uuid not null references accounts on delete cascade,
  remote_id text not null,
  why text not null check (why in ('request', 'age')),
  at timestamptz not null,
  primary key (account_id, remote_id)
);
-- Buyers who asked to go: what they ordered before is not kept of them either.
create table erased_buyers (
  account_id uuid not null references accounts on delete cascade,
  mark bytea not null,
  at timestamptz not null,
  primary key (account_id, mark)
);

-- Daily keys that sealed something erased: what else they seal moves to another key, then they are destroyed.
create table spent_epochs (
  epoch text primary key,
  at timestamptz not null
);
-- A person has seen to it, here and wherever else they keep the buyer's data.
alter table erasure_requests add column closed_at timestamptz, add column closed_by text;
alter table orders_aside add column is_blank boolean not null default false;
