-- After connecting: how far the first reading of an account is, what remote SKUs stand for, and the catalog made of them.

-- What was there when the account was connected. Rows of accounts connected earlier are missing: their first reading is over.
create table first_pulls (
  account_id uuid not null references accounts on delete cascade,
  stream text not null,
  pages int not null,
  items bigint not null,
  -- Behind the last page; null where the channel does not tell.
  remaining bigint,
  asked_at timestamptz not null,
  started_at timestamptz,
  read_at timestamptz,
  done_at timestamptz,
  primary key (account_id, stream)
);

-- What the channel says of a listing that helps to find its variant, or to make one.
alter table listings
  add column gtin text,
  add column asin text,
  add column image_url text,
  add column options jsonb,
  -- The channel's product that this is one variant of.
  add column product_remote_id text,
  add column product_title text;
create index listings_remote on listings (remote_id) where remote_id is not null;
create index listings_asin on listings (asin) where asin is not null;
create index listings_unlinked on listings (account_id, remote_sku) where variant_id is null;
create index variants_gtin on variants (gtin) where gtin is not null;
-- Two SKUs that differ in case and space only: worth a look, never taken for the same by themselves.
create index variants_plain_sku on variants (lower(regexp_replace(sku, '\s', '', 'g')));

-- A person's word on a remote SKU that no rule may overturn: it is nothing of ours, or it stays unlinked until they link it.
create table sku_decisions (
  account_id uuid not null references accounts on delete cascade,
  remote_sku text not null,
  decision text not null check (decision in ('ignored', 'unlinked')),
  actor text not null,
  at timestamptz not null,
  primary key (account_id, remote_sku)
);

alter table variants
  add column options jsonb,
  add column image_url text;
-- Which of an account's products was made into which of ours: made once, whoever runs it again.
create table product_sources (
  account_id uuid not null references accounts on delete cascade,
  remote_id text not null,
  product_id uuid not null references products on delete cascade,
  primary key (account_id, remote_id)
);
create index product_sources_product on product_sources (product_id);
-- A catalog being made of an account's listings. `after` is the last remote SKU done: a restart goes on behind it.
create table catalog_runs (
  id uuid primary key,
  account_id uuid not null references accounts on delete cascade,
  state text not null check (state in ('running', 'done')),
  after text not null,
  total bigint not null,
  done bigint not null,
  products bigint not null,
  variants bigint not null,
  linked bigint not null,
  left_open bigint not null,
  actor text not null,
  started_at timestamptz not null,
  worked_at timestamptz not null,
  done_at timestamptz
);
create unique index catalog_runs_one on catalog_runs (account_id) where state = 'running';
