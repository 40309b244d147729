-- Errands: what a channel must be told once at most. Each of their sends is an effect of the journal.
create table errands (
  id uuid primary key,
  -- Whom it is told to; of a copy the own store, else the account of the order.
  account_id uuid not null references accounts on delete cascade,
  order_id uuid not null references orders,
  kind text not null check (kind in ('shipment', 'cancellation', 'refund', 'copy')),
  -- Ours, the same for ever; sent where the channel has a place for it.
  reference text not null,
  -- The channel's id of the order it is about; null where the errand makes that order.
  target text,
  -- What is told, without buyer data: that is unsealed only when it leaves.
  payload jsonb not null,
  state text not null check (state in ('waiting', 'sent', 'accepted', 'unknown', 'applied', 'refused', 'undecided', 'dropped', 'untold')),
  due_at timestamptz,
  attempts int not null check (attempts >= 0),
  left_at timestamptz,
  absences int not null,
  failures int not null,
  doubt text check (doubt in ('lost', 'conflict')),
  problem_code text,
  problem_message text,
  remote_id text,
  -- The effect of the newest send.
  effect_id uuid,
  -- What made it, where that may come twice: the same cause makes one errand.
  cause text not null,
  actor text not null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  constraint acts_when_due check ((due_at is not null) = (state in ('waiting', 'accepted', 'unknown'))),
  unique (account_id, kind, cause)
);
create index errands_due on errands (account_id, due_at) where due_at is not null;
create index errands_sent on errands (account_id) where state = 'sent';
create index errands_order on errands (order_id, created_at);
create index errands_person on errands (created_at) where state in ('refused', 'undecided');
create table errand_lines (
  errand_id uuid not null references errands on delete cascade,
  order_line_id uuid not null references order_lines,
  -- In the listing's units.
  quantity bigint not null check (quantity > 0),
  -- Of a refund: minor units for the goods.
  amount bigint check (amount >= 0),
  primary key (errand_id, order_line_id)
);
create index errand_lines_line on errand_lines (order_line_id);

-- All of it left by our own word; the channel's state of the order may still say otherwise.
alter table orders add column nothing_open boolean not null default false;

-- Write-through: orders of this account are copied into the own store, those placed since then.
create table write_throughs (
  account_id uuid primary key references accounts on delete cascade,
  store_id uuid not null references accounts on delete cascade,
  is_on boolean not null,
  since timestamptz not null,
  changed_by text not null,
  changed_at timestamptz not null,
  constraint copies_elsewhere check (account_id <> store_id)
);
-- Orders of an own store that are copies of another account's, whoever made them. They are no orders here and hold no stock.
create table order_copies (
  account_id uuid not null references accounts on delete cascade,
  remote_id text not null,
  -- Null while the original is not known.
  order_id uuid references orders,
  source_remote_id text,
  is_ours boolean not null,
  -- As the store told it last: state, lines with what was shipped and canceled of them.
  state text not null,
  lines jsonb not null,
  updated_at timestamptz not null,
  -- When what was done with the copy is to be passed on; null: nothing new.
  look_at timestamptz,
  first_at timestamptz not null,
  primary key (account_id, remote_id)
);
create index order_copies_order on order_copies (order_id);
create index order_copies_look on order_copies (account_id, look_at) where look_at is not null;
create index order_copies_lone on order_copies (account_id) where order_id is null;
