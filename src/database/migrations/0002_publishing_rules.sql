-- Publishing rules: what a slot shows of the units that may be promised; and the plain label that rules may name.

alter table products add column category text check (category <> '');
create index products_category on products (category) where category is not null;

create table publishing_rules (
  id uuid primary key,
  -- The scope: where (account, channel or everywhere) and which goods (variant, category or all).
  account_id uuid references accounts on delete cascade,
  channel text check (channel <> ''),
  variant_id uuid references variants on delete cascade,
  category text check (category <> ''),
  safety_units bigint check (safety_units >= 0),
  safety_percent int check (safety_percent between 0 and 100),
  cap bigint check (cap >= 0),
  minimum bigint check (minimum >= 0),
  stop_below bigint check (stop_below >= 0),
  changed_by text not null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  constraint one_place check (account_id is null or channel is null),
  constraint one_kind_of_goods check (variant_id is null or category is null),
  constraint sets_something check (num_nonnulls(safety_units, safety_percent, cap, minimum, stop_below) > 0),
  constraint minimum_within_cap check (minimum <= cap),
  -- Two rules of one scope would have no order between them.
  constraint publishing_rules_scope unique nulls not distinct (account_id, channel, variant_id, category)
);
create index publishing_rules_variant on publishing_rules (variant_id) where variant_id is not null;

-- The settings that hold for the slot, out of all rules that reach it: orders and checkouts read them with the slot.
alter table stock_slots
  add column show_safety_units bigint,
  add column show_safety_percent int,
  add column show_cap bigint,
  add column show_minimum bigint,
  add column show_stop_below bigint;

-- What is still to be carried to the slots after a rule or a category changed. A row is gone when its pass is done.
create table publishing_passes (
  id uuid primary key,
  seq bigint generated always as identity unique,
  account_id uuid,
  channel text,
  variant_id uuid,
  category text,
  product_id uuid,
  -- Nobody who still goes by older rules is at work any more.
  cleared boolean not null,
  -- The last slot done; null before the first.
  after_id uuid,
  done bigint not null,
  total bigint not null,
  created_at timestamptz not null
);
