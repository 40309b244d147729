-- What channels told us unasked. A notification says "look again" and no more: bodies are not kept.
create table notification_inbox (
  id uuid primary key,
  account_id uuid not null references accounts on delete cascade,
  -- Hash of what the channel names it by: a repeat is the same notification.
  dedupe bytea not null,
  topic text not null,
  -- What is still to be looked at because of it; empty once that was done.
  look text[] not null,
  order_ids text[] not null,
  happened_at timestamptz,
  received_at timestamptz not null,
  done_at timestamptz,
  unique (account_id, dedupe)
);
create index notification_inbox_waiting on notification_inbox (account_id, received_at) where done_at is null;
create index notification_inbox_received on notification_inbox (account_id, received_at);

-- How well an account's notifications arrive: what was subscribed, what was refused, which orders were announced.
create table notification_health (
  account_id uuid primary key references accounts on delete cascade,
  -- Where the channel was told to send them.
  address text,
  subscribed_at timestamptz,
  subscribe_at timestamptz,
  topics jsonb,
  failure jsonb,
  last_at timestamptz,
  refused_at timestamptz,
  refused_why text,
  refused bigint not null default 0,
  announced jsonb,
  judged_until timestamptz
);

-- A person's data must go: what the channel asked for, until a person has done it.
create table erasure_requests (
  id uuid primary key,
  account_id uuid not null references accounts on delete cascade,
  order_ids text[] not null,
  whole boolean not null,
  -- Whose, as far as the channel says; sealed like all buyer data.
  buyer_sealed bytea,
  epoch text,
  received_at timestamptz not null,
  due_at timestamptz not null,
  done_at timestamptz
);
create index erasure_requests_open on erasure_requests (account_id) where done_at is null;
