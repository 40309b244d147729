-- Replenishment: how much a location should hold, what is on its way there, and how long the supplier takes.

-- Units between two locations lie at one place of their own: they stay in the pool, and nobody counts or receives there.
alter table locations drop constraint locations_kind_check;
alter table locations add constraint locations_kind_check check (kind in ('own', 'third-party', 'channel', 'transit'));
create unique index locations_transit on locations (kind) where kind = 'transit';

create table stock_thresholds (
  id uuid primary key,
  variant_id uuid not null references variants,
  location_id uuid not null references locations,
  -- Where it is filled from.
  source_id uuid not null references locations,
  minimum bigint not null check (minimum >= 0),
  maximum bigint not null check (maximum >= minimum),
  changed_by text not null,
  changed_at timestamptz not null,
  unique (variant_id, location_id),
  constraint filled_from_elsewhere check (source_id <> location_id)
);
create table transfers (
  id uuid primary key,
  variant_id uuid not null references variants,
  from_id uuid not null references locations,
  to_id uuid not null references locations,
  quantity bigint not null check (quantity > 0),
  received bigint not null check (received >= 0),
  -- Back where they came from.
  returned bigint not null check (returned >= 0),
  lost bigint not null check (lost >= 0),
  actor text not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  constraint leads_elsewhere check (from_id <> to_id),
  constraint no_more_than_left check (received + returned + lost <= quantity),
  constraint ended_when_nothing_is_open check ((ended_at is not null) = (received + returned + lost = quantity))
);
create index transfers_open on transfers (variant_id) where ended_at is null;
create index transfers_newest on transfers (created_at desc, id desc);

-- Days from ordering at the supplier until the units lie on a shelf; null: nobody said.
alter table variants add column lead_days int check (lead_days between 0 and 1000);

-- Units that a channel holds for us in its own warehouses (FBA): a location of its own for each account, and a pool of its own,
-- as the channel tells it. They are no part of what is available here: the channel sells them by itself.
alter table locations add column account_id uuid references accounts on delete cascade;
alter table locations add constraint channel_has_account check ((kind = 'channel') = (account_id is not null));
create unique index locations_account on locations (account_id) where account_id is not null;
create table held_stock (
  location_id uuid not null references locations on delete cascade,
  marketplace text not null,
  remote_sku text not null,
  fulfillable bigint not null check (fulfillable >= 0),
  inbound bigint not null check (inbound >= 0),
  reserved bigint not null check (reserved >= 0),
  unsellable bigint not null check (unsellable >= 0),
  -- The channel's own word of when it last changed.
  changed_at timestamptz,
  seen_at timestamptz not null,
  primary key (location_id, marketplace, remote_sku)
);
create index held_stock_sku on held_stock (remote_sku);
