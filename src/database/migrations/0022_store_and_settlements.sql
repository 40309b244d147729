-- The own store as master of a location, and settlements as channels gave them.

-- Locations as a store knows them, and which of ours each is.
create table store_locations (
  account_id uuid not null references accounts on delete cascade,
  remote_id text not null,
  name text not null,
  is_active boolean not null,
  location_id uuid references locations,
  master text not null default 'hub' check (master in ('hub', 'store')),
  -- Since when the store is the master.
  master_since timestamptz,
  changed_by text,
  seen_at timestamptz not null,
  primary key (account_id, remote_id),
  constraint master_of_one_of_ours check (master = 'hub' or (location_id is not null and master_since is not null))
);
-- Orders of a store do not say which of its locations they took from: one that is the master tells it.
create unique index store_locations_one_master on store_locations (account_id) where master = 'store';
create unique index store_locations_location on store_locations (location_id) where master = 'store';

-- What a store holds of a SKU at one of its locations: as read last, as judged last, and the reading that waits for its orders.
create table store_levels (
  id uuid primary key,
  account_id uuid not null references accounts on delete cascade,
  remote_location text not null,
  remote_sku text not null,
  slot_id uuid references stock_slots on delete set null,
  on_hand bigint not null,
  available bigint not null,
  committed bigint not null,
  changed_at timestamptz,
  read_since timestamptz not null,
  read_at timestamptz not null,
  -- The last reading that was certain: every change before it is booked.
  basis_available bigint,
  basis_committed bigint,
  basis_since timestamptz,
  basis_at timestamptz,
  -- Units booked since it.
  booked bigint not null default 0,
  pending_on_hand bigint,
  pending_available bigint,
  pending_committed bigint,
  pending_changed_at timestamptz,
  pending_since timestamptz,
  pending_at timestamptz,
  -- Since when orders are waited for that the store has committed units for.
  waiting_since timestamptz,
  -- The last change that came from the store.
  moved_units bigint,
  moved_at timestamptz,
  -- How often something was booked: each booking has a cause of its own.
  bookings int not null default 0,
  is_unclear boolean not null default false,
  unique (account_id, remote_location, remote_sku),
  constraint basis_is_whole check ((basis_available is null) = (basis_at is null) and (basis_at is null) = (basis_since is null)),
  constraint pending_is_whole check ((pending_available is null) = (pending_at is null) and (pending_at is null) = (pending_since is null))
);
create index store_levels_slot on store_levels (slot_id);
create index store_levels_pending on store_levels (account_id, pending_at) where pending_at is not null;

-- Sales and cancellations that a store told, until a certain reading has counted them.
create table store_sales (
  seq bigint generated always as identity primary key,
  slot_id uuid not null references stock_slots on delete cascade,
  sold bigint not null,
  restocked bigint not null,
  placed_at timestamptz not null,
  told_at timestamptz not null
);
create index store_sales_slot on store_sales (slot_id);

-- Settlements raw, as they came; whatever reads them later finds what the channel gave.
create table settlements (
  id uuid primary key,
  account_id uuid not null references accounts,
  remote_id text not null,
  name text not null,
  content_type text not null,
  from_at timestamptz,
  until_at timestamptz,
  sha256 text not null,
  size bigint not null,
  stored_at timestamptz not null,
  unique (account_id, remote_id)
);
create index settlements_newest on settlements ((coalesce(until_at, stored_at)) desc, id desc);
-- Files of any kind, sealed; apart from what describes them, so that lists never read them.
create table files (
  id uuid primary key,
  sealed bytea not null
);
