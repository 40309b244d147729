-- CSV in and out, and stock counts that know when they were taken.

-- When an order's goods left, for orders that were shipped before their account was opened.
alter table orders add column left_at timestamptz;
-- When it happened, where that is known to be another moment than when it was booked.
alter table stock_movements add column effective_at timestamptz;

-- The newest count of a shelf: goods that left before it are not among what was counted.
create table stock_counts (
  variant_id uuid not null references variants,
  location_id uuid not null references locations,
  counted_at timestamptz not null,
  on_hand bigint not null check (on_hand >= 0),
  unsellable bigint check (unsellable >= 0),
  cause text not null,
  primary key (variant_id, location_id)
);
create index products_title on products (title);

create table imports (
  id uuid primary key,
  kind text not null check (kind in ('variants', 'stock', 'mappings', 'orders')),
  state text not null check (state in ('uploading', 'checking', 'checked', 'waiting', 'running', 'done', 'failed')),
  file_name text not null,
  -- Tells a file that was brought before.
  sha256 text,
  bytes bigint not null,
  encoding text not null,
  delimiter text not null,
  -- The header line; null before it was read.
  columns jsonb,
  -- Our field → number of the column, and what holds for every row: account, location, time of the count, time zone.
  options jsonb not null,
  -- What a run would do: new, changed, same, bad; null before it was checked or while fields are missing.
  preview jsonb,
  -- Some rows as they were understood. Sealed: whatever stands in a file may be about a buyer.
  sample bytea,
  sample_epoch text,
  rows_total int,
  rows_done int not null,
  rows_new int not null,
  rows_changed int not null,
  rows_same int not null,
  rows_bad int not null,
  failure jsonb,
  -- Who works on it; every batch is fenced by the epoch, which rises with each claim.
  holder text,
  epoch bigint not null,
  lease_until timestamptz,
  created_by text not null,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz
);
create index imports_open on imports (created_at) where state in ('checking', 'waiting', 'running');
create index imports_newest on imports (created_at desc, id desc);
-- The file, compressed and sealed piece by piece.
create table import_chunks (
  import_id uuid not null references imports on delete cascade,
  n int not null,
  sealed bytea not null,
  epoch text not null,
  primary key (import_id, n)
);
-- Rows that were not taken, with their reasons; one sealed piece a batch, written with the batch.
create table import_bad_rows (
  import_id uuid not null references imports on delete cascade,
  first_row int not null,
  sealed bytea not null,
  epoch text not null,
  primary key (import_id, first_row)
);
